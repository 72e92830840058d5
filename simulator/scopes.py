"""Name the scopes of the Fleet API in the words of the consent page."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ScopeWords:
    """Hold the title and the one sentence under which people see a scope."""

    title: str
    meaning: str


WORDS = {
    "openid": ScopeWords("Sign in with Tesla", "Tell the application who you are."),
    "offline_access": ScopeWords(
        "Stay connected", "Keep the connection while you are away."
    ),
    "user_data": ScopeWords(
        "Profile Information", "Read your name, e-mail address and picture."
    ),
    "vehicle_device_data": ScopeWords(
        "Vehicle Information", "Read live data, alerts and service state of your cars."
    ),
    "vehicle_location": ScopeWords(
        "Vehicle Location", "Read where your cars are and where they go."
    ),
    "vehicle_cmds": ScopeWords(
        "Vehicle Commands", "Lock, unlock, start and set up your cars."
    ),
    "vehicle_charging_cmds": ScopeWords(
        "Vehicle Charging Management", "Start, stop and plan charging; read bills."
    ),
    "energy_device_data": ScopeWords(
        "Energy Product Information", "Read power flows and settings of your home."
    ),
    "energy_cmds": ScopeWords(
        "Energy Product Settings", "Change reserve, operation mode and tariffs."
    ),
    "email": ScopeWords("E-mail", "Read your e-mail address."),
    "profile": ScopeWords("Name", "Read your name."),
}

# Asked for by partners alone: no consent page shows them.
PARTNER_SCOPES = ("vehicle_specs", "vehicle_pricing_info", "enterprise_management")
SCOPES = (*WORDS,)


def ordered(scopes: object) -> tuple[str, ...]:
    """Return the known user scopes among the given words, once each, in page order.

    Takes a space-separated string or any iterable of words.
    """
    words = scopes.split() if isinstance(scopes, str) else scopes
    asked = set(words) if isinstance(words, (list, tuple, set)) else set()
    return tuple(scope for scope in SCOPES if scope in asked)
