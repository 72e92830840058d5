"""Say why a person cannot use a control, and what they can do about it."""

from dataclasses import dataclass
from enum import StrEnum

from fleet.endpoints import Endpoint
from tokens.models import TeslaGrant
from vehicles.models import VehicleAccess
from vehicles.services import keys

MAYBE_DONE = frozenset({"command_ambiguous", "upstream_timeout"})
"""The codes of commands that were sent, and that nobody knows the end of."""


class Step(StrEnum):
    """List what a person can do next; a page makes a link or a button of it."""

    NONE = ""
    PAIR = "pair"
    SCOPES = "scopes"
    RELINK = "relink"
    READ = "read"


@dataclass(frozen=True, slots=True)
class WhyNot:
    """Say why something cannot be pressed: in few words, in a sentence, and the step."""

    short: str
    words: str
    step: Step = Step.NONE


_GONE = WhyNot("Not listed any more", "Tesla no longer lists this car.")
_RELINK = WhyNot(
    "Needs the Tesla account linked again",
    "Tesla has ended the link to this Tesla account. It takes one sign-in at Tesla.",
    Step.RELINK,
)
_KEY = WhyNot(
    "Needs the virtual key",
    "This car takes commands only when they are signed with a key that it knows, and it"
    " does not have yours yet.",
    Step.PAIR,
)


def why_not(access: VehicleAccess, endpoint: Endpoint) -> WhyNot | None:
    """Return why this access cannot send a command, None when it can be tried.

    A guest is not told of the car's key, so the car itself answers a guest.
    """
    if access.gone_at is not None:
        return _GONE
    if access.grant.state != TeslaGrant.State.ACTIVE:
        return _RELINK
    scopes = [str(scope) for scope in endpoint.scopes]
    if scopes and not any(access.grant.has(scope) for scope in scopes):
        names = " or ".join(scopes)
        return WhyNot(
            f"Needs the scope {names}",
            f"You have not granted {names} at Tesla. The Scopes page lets you grant it.",
            Step.SCOPES,
        )
    is_missing = keys.key_state(access.vehicle) is keys.KeyState.MISSING
    if endpoint.signed and keys.may_see(access) and is_missing:
        return _KEY
    return None
