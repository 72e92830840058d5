"""Read battery, range and charging."""

from accounts.models import Units
from tokens.readings import NOT_SENT, UNKNOWN, Document, Group, Value
from vehicles import units as show

NOT_CHARGING = "The car is not charging."
_STATES = {
    "Disconnected": "Not plugged in",
    "NoPower": "Plugged in, no power",
    "Starting": "Starting",
    "Charging": "Charging",
    "Complete": "Complete",
    "Stopped": "Stopped",
    "Calibrating": "Calibrating",
}


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
    """Return what the charger does; what only a charging car knows is unknown else."""
    charge = document.part("charge_state")
    power = charge.number("charger_power")
    rate = charge.number("charge_rate")
    is_charging = charge.text("charging_state") in {"Charging", "Starting"}
    why = NOT_SENT if is_charging else NOT_CHARGING
    return Group(
        "Charging",
        (
            Value("Charging", charging_words(charge) or UNKNOWN, reason=NOT_SENT),
            _live("Power", power, "kW", why, is_charging=is_charging),
            _current(charge, why, is_charging=is_charging),
            _live(
                "Voltage",
                charge.number("charger_voltage"),
                "V",
                why,
                is_charging=is_charging,
            ),
            _added(charge.number("charge_energy_added")),
            show.speed("Rate", rate, units)
            if is_charging and rate is not None
            else Value("Rate", reason=why),
            _time_left(charge, why, is_charging=is_charging),
            Value("Cable", _cable(charge) or UNKNOWN, reason=NOT_SENT),
        ),
        charge.moment_of_ms("timestamp"),
    )


def charging_words(charge: Document) -> str:
    """Return the charging state in words, "" when the car did not say."""
    state = charge.text("charging_state")
    return _STATES.get(state, state)


def percent(label: str, number: float | None) -> Value:
    """Show a percentage."""
    if number is None:
        return Value(label, reason=NOT_SENT)
    return Value(label, show.figure(number), "%")


def _range(label: str, miles: float | None, units: Units) -> Value:
    if miles is None:
        return Value(label, reason=NOT_SENT)
    return show.distance(label, miles, units)


def _live(
    label: str, number: float | None, unit: str, why: str, *, is_charging: bool
) -> Value:
    if number is None or not is_charging:
        return Value(label, reason=why)
    return Value(label, show.figure(number), unit)


def _current(charge: Document, why: str, *, is_charging: bool) -> Value:
    most = charge.number("charge_current_request_max")
    unit = f"A of {show.figure(most)}" if most is not None else "A"
    current = charge.number("charger_actual_current")
    return _live("Current", current, unit, why, is_charging=is_charging)


def _added(energy_kwh: float | None) -> Value:
    if energy_kwh is None:
        return Value("Added last", reason=NOT_SENT)
    return Value("Added last", show.figure(energy_kwh, 1), "kWh")


def _time_left(charge: Document, why: str, *, is_charging: bool) -> Value:
    minutes = charge.number("minutes_to_full_charge")
    if minutes is None or minutes <= 0 or not is_charging:
        return Value("Time to limit", reason=why)
    hours, rest = divmod(int(minutes), 60)
    return Value("Time to limit", f"{hours} h {rest} min" if hours else f"{rest} min")


def _cable(charge: Document) -> str:
    cable = charge.text("conn_charge_cable")
    return "None" if cable == "<invalid>" else cable
