"""The programs that may ask a user to let them in, and how they ask.

They are public clients: whatever secret they had would be in their source. What binds an
answer to the program that asked is where it is sent, and PKCE (RFC 7636, S256 alone).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

_LONGEST_ADDRESS = 400
# A sign-in on the way keeps addresses of 2048 signs in all.
_LONGEST_STATE = 1000
_LONGEST_NAME = 60
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
# Nothing that two readers could read as two different hosts.
_HOST = r"(?:[A-Za-z0-9][A-Za-z0-9._-]{0,252}|\[[0-9A-Fa-f:.]{2,45}\])"
_NAMED = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.?(?::[0-9]{1,5})?")
_OWN = re.compile(rf"https?://{_HOST}(?::[0-9]{{1,5}})?/auth/external/callback")


@dataclass(frozen=True, slots=True)
class Program:
    """A program by its client id, its name for people, and its addresses.

    `has_hosts_of_people`: everybody runs it on a host of their own, so that only the
    path of its address is known.
    """

    client_id: str
    name: str
    redirect_uris: frozenset[str]
    has_hosts_of_people: bool = False

    def allows(self, redirect_uri: str) -> bool:
        """Tell whether people may be sent back to this address."""
        if redirect_uri in self.redirect_uris:
            return True
        return self.has_hosts_of_people and _is_own(redirect_uri)


_ALL = (
    Program(
        "homeassistant",
        "Home Assistant",
        frozenset({"https://my.home-assistant.io/redirect/oauth"}),
        has_hosts_of_people=True,
    ),
    Program(
        "homey", "Homey", frozenset({"https://callback.athom.com/oauth2/callback"})
    ),
)
KNOWN: Mapping[str, Program] = {one.client_id: one for one in _ALL}
"""The programs by their client ids."""


class Unknown(Exception):
    """Nobody may be sent anywhere: whoever asks is not known. `words` say why."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


@dataclass(frozen=True, slots=True)
class Wish:
    """What a known program asks for: where to send the answer, and for what name.

    `challenge` is empty in a wish that is refused.
    """

    program: Program
    redirect_uri: str
    state: str
    name: str
    challenge: str = ""

    @property
    def title(self) -> str:
        """Return what the connection will be called."""
        return titled(self.program, self.name)

    @property
    def host(self) -> str:
        """Return the host, with its port, to which the answer goes."""
        return urlsplit(self.redirect_uri).netloc

    @property
    def origin(self) -> str:
        """Return what a Content-Security-Policy calls the place of the answer."""
        parts = urlsplit(self.redirect_uri)
        # It has no way to write an IPv6 address, nor a name with "_" as Docker's are:
        # browsers pass over what is no such name, and the answer would go nowhere.
        is_named = _NAMED.fullmatch(parts.netloc)
        return f"{parts.scheme}://{parts.netloc}" if is_named else f"{parts.scheme}:"

    @property
    def is_at_home(self) -> bool:
        """Tell whether the answer goes to a host that only the person can know."""
        return self.redirect_uri not in self.program.redirect_uris

    @property
    def denied(self) -> str:
        """Return the address that tells the program that the person did not agree."""
        words = "The person did not agree."
        return self.back(error="access_denied", error_description=words)

    def back(self, **answer: str) -> str:
        """Return the address that takes an answer to the program."""
        state = {"state": self.state} if self.state else {}
        return f"{self.redirect_uri}?{urlencode({**answer, **state})}"


class Refused(Exception):
    """A known program asks for what is not given; it is told `code` (RFC 6749)."""

    def __init__(self, wish: Wish, code: str, words: str) -> None:
        super().__init__(code)
        self.wish = wish
        self.code = code
        self.words = words

    @property
    def address(self) -> str:
        """Return the address that tells the program."""
        return self.wish.back(error=self.code, error_description=self.words)


def titled(program: Program, name: str) -> str:
    """Return what a connection is called: the program and the name of its place."""
    printable = "".join(sign for sign in name[:400] if sign.isprintable())
    place = printable.strip()[:_LONGEST_NAME].strip()
    return f"{program.name} · {place}" if place else program.name


def read(query: Mapping[str, Sequence[str]]) -> Wish:
    """Read a program's question from the values of each name in its query.

    Raises `Unknown` where nobody may be sent back, `Refused` where somebody must be.
    """
    program = KNOWN.get(_one(query, "client_id"))
    if program is None:
        raise Unknown(
            "No program with this name can be connected here. The programs that can are"
            f" {' and '.join(one.name for one in _ALL)}."
        )
    redirect_uri, state = _one(query, "redirect_uri"), _one(query, "state")
    if not program.allows(redirect_uri):
        raise Unknown(
            f"The link wants to send you to an address that {program.name} does not have."
            " Nobody was let in."
        )
    if len(state) > _LONGEST_STATE:
        raise Unknown("The link is longer than any that the program makes.")
    name = next(iter(query.get("name", ())), "")
    wish = Wish(program, redirect_uri, state, name, _one(query, "code_challenge"))
    _check(wish, query)
    return wish


def _check(wish: Wish, query: Mapping[str, Sequence[str]]) -> None:
    once = ("state", "response_type", "code_challenge", "code_challenge_method")
    if any(len(query.get(name, ())) > 1 for name in once):
        raise Refused(wish, "invalid_request", "A parameter stands there twice.")
    kind = _one(query, "response_type")
    if kind != "code":
        code = "unsupported_response_type" if kind else "invalid_request"
        raise Refused(wish, code, "The response_type must be code.")
    if _one(query, "code_challenge_method") != "S256":
        raise Refused(
            wish, "invalid_request", "The code_challenge_method must be S256."
        )
    if not _CHALLENGE.fullmatch(wish.challenge):
        raise Refused(
            wish, "invalid_request", "The code_challenge must be that of a SHA-256."
        )


def _is_own(address: str) -> bool:
    if len(address) > _LONGEST_ADDRESS or not _OWN.fullmatch(address):
        return False
    try:
        port = urlsplit(address).port
    except ValueError:
        return False
    return port is None or port > 0


def _one(query: Mapping[str, Sequence[str]], name: str) -> str:
    """Return the value of a name that stands there once; "" otherwise."""
    values = query.get(name, ())
    return values[0] if len(values) == 1 else ""
