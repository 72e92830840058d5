"""Say what one endpoint of the Fleet API is: the row of the table."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from fleet.scopes import Scope


class Price(StrEnum):
    """List the classes by which Tesla bills a call. Source: Tesla's page on billing."""

    FREE = "free"
    DATA = "data"
    COMMANDS = "commands"
    WAKES = "wakes"
    STREAMING = "streaming"
    SPECS = "specs"


PRICE_USD = {
    Price.FREE: Decimal(0),
    Price.DATA: Decimal(1) / 500,
    Price.COMMANDS: Decimal(1) / 1_000,
    Price.WAKES: Decimal(1) / 50,
    Price.STREAMING: Decimal(1) / 150_000,
    Price.SPECS: Decimal("0.10"),
}
"""US dollars for each call, signal (streaming) or result (specs)."""


class Subject(StrEnum):
    """List what an endpoint is about."""

    VEHICLE = "vehicle"
    ENERGY_SITE = "energy_site"
    USER = "user"
    CHARGING = "charging"
    PARTNER = "partner"
    SERVER = "server"
    PLATFORM = "platform"


class Domain(StrEnum):
    """List the parts of a car that take signed commands."""

    VEHICLE_SECURITY = "vehicle_security"
    INFOTAINMENT = "infotainment"


class Where(StrEnum):
    """List the places of a request that a parameter can be in."""

    PATH = "path"
    QUERY = "query"
    BODY = "body"


class Kind(StrEnum):
    """List the types of a parameter; the words are those of JSON Schema.

    Where programs send different types for the same parameter, `Param.also` names the
    others. ANY takes whatever JSON can say.
    """

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    ARRAY = "array"
    OBJECT = "object"
    ANY = "any"


class Content(StrEnum):
    """List what an endpoint answers with."""

    JSON = "json"
    TEXT = "text"
    PDF = "pdf"
    YAML = "yaml"
    PAGE = "page"
    REDIRECT = "redirect"


@dataclass(frozen=True, slots=True)
class Param:
    """Describe one parameter; `choices` is empty where any value will do.

    `minimum` and `maximum` are inclusive limits. `also` are types that some programs
    send instead. `pattern` is what a whole text must match. `separator` divides a text
    into parts, each of which is one of the choices. `longest` is the most characters
    of a text, or members of an array. `ours`: for Keyfob alone, never sent to Tesla.
    """

    name: str
    where: Where
    kind: Kind = Kind.STRING
    required: bool = True
    choices: tuple[str | int, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    note: str = ""
    also: tuple[Kind, ...] = ()
    pattern: str = ""
    separator: str = ""
    longest: int = 10_000
    ours: bool = False


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Describe one endpoint: where it is, who may call it, what it costs.

    `summary` says in a sentence what it is for, `note` what else to know.
    `scopes`: any one of them suffices, none are needed where it is empty.
    `wakes`: whether it wakes a sleeping car. `live`: whether it asks the car
    itself, so that a sleeping one answers 408. `domain`: the part of the car
    that takes it as a signed command, None where it can only go unsigned.
    `rest`: whether Tesla takes it unsigned even for cars that require signing.
    `partner`: whether it wants the application's own token instead of a
    person's. `local`: Keyfob answers it, Tesla knows no such address. `public`: it
    needs no access token. `upstream`: its path at Tesla, where that is another one.
    `repeatable`: whether asking twice does no more than asking once. `one_of`: the
    optional parameters of which at least one is needed. `source` names the page of
    Tesla's documents.
    """

    name: str
    method: str
    path: str
    subject: Subject
    scopes: tuple[Scope, ...] = ()
    price: Price = Price.FREE
    wakes: bool = False
    live: bool = False
    domain: Domain | None = None
    rest: bool = False
    partner: bool = False
    local: bool = False
    public: bool = False
    upstream: str = ""
    repeatable: bool = True
    one_of: tuple[str, ...] = ()
    params: tuple[Param, ...] = ()
    content: Content = Content.JSON
    summary: str = ""
    note: str = ""
    source: str = ""

    @property
    def signed(self) -> bool:
        """Tell whether a car that requires signed commands wants this one signed."""
        return self.domain is not None and not self.rest

    @property
    def billed(self) -> bool:
        """Tell whether Tesla bills this call; any answer below 500 counts."""
        return self.price is not Price.FREE

    @property
    def is_command(self) -> bool:
        """Tell whether this is a command to a car, signed or not, custom or not."""
        return self.subject is Subject.VEHICLE and (
            "/command/" in self.path or self.is_custom
        )

    @property
    def is_custom(self) -> bool:
        """Tell whether a car takes this command, but Tesla has no address for it."""
        return "/custom_command/" in self.path

    @property
    def command(self) -> str:
        """Return the name of a command as its address ends."""
        return self.path.rpartition("/")[2]

    def params_in(self, where: Where) -> tuple[Param, ...]:
        """Return the parameters in one place of the request, in order."""
        return tuple(param for param in self.params if param.where is where)
