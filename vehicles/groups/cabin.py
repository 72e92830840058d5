"""Read the climate of the cabin."""

from accounts.models import Units
from tokens.readings import NOT_SENT, UNKNOWN, Document, Group, Value
from vehicles import units as show
from vehicles.groups.body import yes_no

_KEEPER = {"off": "Off", "on": "Keep", "keep": "Keep", "dog": "Dog", "camp": "Camp"}
_OVERHEAT = {"Off": "Off", "On": "On", "FanOnly": "Fan only"}


def cabin(document: Document, units: Units) -> Group:
    """Return temperatures and what the climate system does."""
    climate = document.part("climate_state")
    defrost = climate.number("defrost_mode")
    return Group(
        "Climate",
        (
            _temperature("Inside", climate.number("inside_temp"), units),
            _temperature("Outside", climate.number("outside_temp"), units),
            yes_no("Climate", climate.flag("is_climate_on"), "On", "Off"),
            _temperature(
                "Driver's setting", climate.number("driver_temp_setting"), units
            ),
            _temperature(
                "Passenger's setting", climate.number("passenger_temp_setting"), units
            ),
            yes_no(
                "Preconditioning", climate.flag("is_preconditioning"), "Active", "Off"
            ),
            _word("Climate keeper", climate.text("climate_keeper_mode"), _KEEPER),
            _word(
                "Overheat protection",
                climate.text("cabin_overheat_protection"),
                _OVERHEAT,
            ),
            yes_no("Defrost", None if defrost is None else defrost > 0, "On", "Off"),
        ),
        climate.moment_of_ms("timestamp"),
    )


def _temperature(label: str, celsius: float | None, units: Units) -> Value:
    if celsius is None:
        return Value(label, reason=NOT_SENT)
    return show.temperature(label, celsius, units)


def _word(label: str, code: str, words: dict[str, str]) -> Value:
    return Value(label, words.get(code, code) or UNKNOWN, reason=NOT_SENT)
