"""Describe one order to a car, its fields and how it ends."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from simulator.world.cars.car import Car
from simulator.world.cars.groups.settings import vehicle_config
from simulator.world.cars.moment import Moment
from simulator.world.cars.state import CarState

_PIN_DIGITS = 4
NOT_SUPPORTED = "not_supported"
NOT_IN_PARK = "vehicle_not_in_park"
ALREADY_SET = "already_set"
KEYCHAIN_FULL = "keychain_full"
NOT_OVER_TRANSPORT = "not_allowed_over_transport"
VALET_MODE = "valet_mode"
INVALID_PIN = "invalid_pin"
INVALID_VALUE = "invalid_value"


class BadField(Exception):
    """Say that a field of an order is missing or of a wrong kind."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class CannotDo(Exception):
    """Carry the car's own reason for not doing something now."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Order:
    """Hold one command by its REST name, and its fields as REST names them."""

    name: str
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Say whether the car did it, else why not; `answer` is what it told besides."""

    result: bool
    reason: str = ""
    answer: Any = None


@dataclass(frozen=True, slots=True)
class Work:
    """Hold an order while it is carried out: the car, its moment, the fields."""

    car: Car
    moment: Moment
    fields: Mapping[str, Any]

    @property
    def state(self) -> CarState:
        """Return the condition that the order may change."""
        return self.car.condition

    def has(self, name: str) -> bool:
        """Tell whether a field was sent; null counts as not sent."""
        return self.fields.get(name) is not None

    def flag(self, name: str, *, default: bool | None = None) -> bool:
        """Return a yes or no. Raises BadField."""
        value = self.fields.get(name, default)
        if value is None and default is not None:
            return default
        if not isinstance(value, bool):
            raise BadField(name)
        return value

    def number(self, name: str, low: float, high: float) -> float:
        """Return a number within bounds, also from text. Raises BadField."""
        value = self.fields.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise BadField(name)
        try:
            found = float(value)
        except ValueError:
            raise BadField(name) from None
        if not low <= found <= high:
            raise BadField(name)
        return found

    def whole(self, name: str, low: int, high: int, default: int | None = None) -> int:
        """Return a whole number within bounds, also from text. Raises BadField."""
        if default is not None and not self.has(name):
            return default
        found = self.number(name, low, high)
        if found != int(found):
            raise BadField(name)
        return int(found)

    def text(self, name: str, most: int = 1000) -> str:
        """Return a text that is not empty. Raises BadField."""
        value = self.fields.get(name)
        if not isinstance(value, str) or not value.strip() or len(value) > most:
            raise BadField(name)
        return value

    def pin(self, name: str) -> str:
        """Return four digits, also from a number. Raises BadField."""
        value = self.fields.get(name)
        digits = str(value) if isinstance(value, str | int) else ""
        if len(digits) != _PIN_DIGITS or not (digits.isascii() and digits.isdigit()):
            raise BadField(name)
        return digits

    def choice(self, name: str, *allowed: str) -> str:
        """Return one of some words. Raises BadField."""
        value = self.fields.get(name)
        if value not in allowed:
            raise BadField(name)
        return str(value)

    def need_park(self) -> None:
        """Pass when the car stands. Raises CannotDo."""
        if self.moment.motion.is_driving:
            raise CannotDo(NOT_IN_PARK)

    def has_part(self, part: str) -> bool:
        """Tell whether the car was built with a part, by its key in the data."""
        built = vehicle_config(self.moment.spec, 0).get(part)
        return built not in {None, 0, "None"}

    def need_part(self, part: str) -> None:
        """Pass when the car was built with a part. Raises CannotDo."""
        if not self.has_part(part):
            raise CannotDo(NOT_SUPPORTED)


@dataclass(frozen=True, slots=True)
class Row:
    """Describe a command.

    `charging`: the scope for charging alone opens it. `owner`: drivers may not.
    `unsigned`: Tesla's servers do it for every car, without a signature. `custom`: no
    REST address, only a signed message. `in_valet`: done in valet mode too.
    """

    run: Callable[[Work], Any]
    charging: bool = False
    owner: bool = False
    unsigned: bool = False
    custom: bool = False
    in_valet: bool = True
