"""Read battery, range and charging."""

from accounts.models import Units
from tokens.readings import NOT_SENT, UNKNOWN, Document, Group, Value
from vehicles import units as show

STATES = {
    "Disconnected": "Not plugged in",
    "NoPower": "Plugged in, no power",
    "Starting": "Starting",
    "Charging": "Charging",
    "Complete": "Complete",
    "Stopped": "Stopped",
    "Calibrating": "Calibrating",
}
_CABLES = {"<invalid>": "None"}


def battery(document: Document, units: Units) -> Group:
    """Return charge level, limit and ranges."""
    charge = document.part("charge_state")
    return Group(
        "Battery and range",
        (
            percent("Battery", charge.number("battery_level")),
            percent("Usable", charge.number("usable_battery_level")),
            _range("Range", charge.number("battery_range"), units),
            _range("Estimated range", charge.number("est_battery_range"), units),
            percent("Charge limit", charge.number("charge_limit_soc")),
        ),
        charge.moment_of_ms("timestamp"),
    )


def charging(document: Document, units: Units) -> Group:
    """Return what the charger does; the flow itself only while there is one."""
    charge = document.part("charge_state")
    words = charging_words(charge)
    is_charging = charge.text("charging_state") in {"Charging", "Starting"}
    cable = charge.text("conn_charge_cable")
    return Group(
        "Charging",
        (
            Value("Charging", words or UNKNOWN, reason=NOT_SENT),
            *(_flow(charge, units) if is_charging else ()),
            _measured("Added last", charge.number("charge_energy_added"), "kWh", 1),
            Value("Cable", _CABLES.get(cable, cable) or UNKNOWN, reason=NOT_SENT),
        ),
        charge.moment_of_ms("timestamp"),
    )


def charge_power(document: Document) -> Value | None:
    """Return the charging power, None while the car does not charge or say it."""
    charge = document.part("charge_state")
    watts = charge.number("charger_power")
    if charge.text("charging_state") != "Charging" or watts is None:
        return None
    return _measured("Power", watts, "kW")


def charging_words(charge: Document) -> str:
    """Return the charging state in words, "" when the car did not say."""
    state = charge.text("charging_state")
    return STATES.get(state, state)


def percent(label: str, number: float | None) -> Value:
    """Show a percentage."""
    if number is None:
        return Value(label, reason=NOT_SENT)
    return Value(label, show.figure(number), "%")


def _range(label: str, miles: float | None, units: Units) -> Value:
    if miles is None:
        return Value(label, reason=NOT_SENT)
    return show.distance(label, miles, units)


def _flow(charge: Document, units: Units) -> tuple[Value, ...]:
    most = charge.number("charge_current_request_max")
    ampere = "A" if most is None else f"A of {show.figure(most)}"
    rate = charge.number("charge_rate")
    return (
        _measured("Power", charge.number("charger_power"), "kW"),
        _measured("Current", charge.number("charger_actual_current"), ampere),
        _measured("Voltage", charge.number("charger_voltage"), "V"),
        Value("Rate", reason=NOT_SENT)
        if rate is None
        else show.speed("Rate", rate, units),
        _time_left(charge.number("minutes_to_full_charge")),
    )


def _measured(label: str, number: float | None, unit: str, digits: int = 0) -> Value:
    if number is None:
        return Value(label, reason=NOT_SENT)
    return Value(label, show.figure(number, digits), unit)


def _time_left(minutes: float | None) -> Value:
    if minutes is None or minutes <= 0:
        return Value("Time to limit", reason="The car has not worked it out yet.")
    hours, rest = divmod(int(minutes), 60)
    return Value("Time to limit", f"{hours} h {rest} min" if hours else f"{rest} min")
