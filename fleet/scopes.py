"""List the permissions that a person can grant, and say what each one opens."""

from dataclasses import dataclass
from enum import StrEnum


class Scope(StrEnum):
    """List the OAuth scopes of the Fleet API. Source: Tesla's page on scopes."""

    OPENID = "openid"
    OFFLINE_ACCESS = "offline_access"
    USER_DATA = "user_data"
    VEHICLE_DEVICE_DATA = "vehicle_device_data"
    VEHICLE_LOCATION = "vehicle_location"
    VEHICLE_CMDS = "vehicle_cmds"
    VEHICLE_CHARGING_CMDS = "vehicle_charging_cmds"
    ENERGY_DEVICE_DATA = "energy_device_data"
    ENERGY_CMDS = "energy_cmds"
    VEHICLE_SPECS = "vehicle_specs"
    VEHICLE_PRICING_INFO = "vehicle_pricing_info"
    ENTERPRISE_MANAGEMENT = "enterprise_management"
    EMAIL = "email"
    PROFILE = "profile"
    METADATA = "metadata"


ASKED = (
    Scope.OPENID,
    Scope.OFFLINE_ACCESS,
    Scope.USER_DATA,
    Scope.VEHICLE_DEVICE_DATA,
    Scope.VEHICLE_LOCATION,
    Scope.VEHICLE_CMDS,
    Scope.VEHICLE_CHARGING_CMDS,
    Scope.ENERGY_DEVICE_DATA,
    Scope.ENERGY_CMDS,
)
"""The scopes to ask a person for, in the order in which Tesla shows them."""


@dataclass(frozen=True, slots=True)
class Opening:
    """Say what a scope opens: Tesla's title for it, and one sentence."""

    title: str
    meaning: str


_OPENS = {
    Scope.OPENID: Opening(
        "Sign in with Tesla", "Lets you sign in here with your Tesla account."
    ),
    Scope.OFFLINE_ACCESS: Opening(
        "Refresh tokens", "Keeps the link alive without asking you every eight hours."
    ),
    Scope.USER_DATA: Opening(
        "Profile information",
        "Shows your name, e-mail address, picture, home address and orders.",
    ),
    Scope.VEHICLE_DEVICE_DATA: Opening(
        "Vehicle information",
        "Lists your cars and reads their live data, alerts and service state; "
        "also wakes a car and sets up streaming.",
    ),
    Scope.VEHICLE_LOCATION: Opening(
        "Vehicle location", "Shows where your cars are and where they are heading."
    ),
    Scope.VEHICLE_CMDS: Opening(
        "Vehicle commands",
        "Lets commands through: locks, remote start, climate, drivers and sharing.",
    ),
    Scope.VEHICLE_CHARGING_CMDS: Opening(
        "Vehicle charging management",
        "Starts, stops and schedules charging, and shows charging history and bills.",
    ),
    Scope.ENERGY_DEVICE_DATA: Opening(
        "Energy product information",
        "Shows your Powerwall, solar and Wall Connectors, live and over time.",
    ),
    Scope.ENERGY_CMDS: Opening(
        "Energy product settings",
        "Changes backup reserve, operating mode, storm watch and export rules.",
    ),
    Scope.VEHICLE_SPECS: Opening(
        "Vehicle specifications",
        "Reads any car's specification; for the operator's own application only.",
    ),
    Scope.VEHICLE_PRICING_INFO: Opening(
        "Vehicle pricing",
        "Reads any car's price; for the operator's own application only.",
    ),
    Scope.ENTERPRISE_MANAGEMENT: Opening(
        "Enterprise management", "Opens the functions that Tesla has for businesses."
    ),
    Scope.EMAIL: Opening("E-mail address", "Shows your e-mail address."),
    Scope.PROFILE: Opening("Profile", "Shows your name and picture."),
    Scope.METADATA: Opening(
        "Account details", "Shows details of your account such as its language."
    ),
}


def opens(scope: Scope) -> Opening:
    """Return what a scope opens, in words for people."""
    return _OPENS[scope]
