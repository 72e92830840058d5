"""Show watts, watt-hours and percentages of an energy site."""

from tokens.readings import NOT_SENT, Value


def kilowatts(watts: float) -> str:
    """Return watts as kW with one decimal, without a sign: direction is said apart."""
    kilo = abs(watts) / 1000
    return f"{kilo:,.0f}" if kilo >= 100 else f"{kilo:.1f}"


def is_idle(watts: float) -> bool:
    """Tell whether watts are too few to be shown as a flow."""
    return abs(watts) < 50


def power(label: str, watts: float | None, *, reason: str = NOT_SENT) -> Value:
    """Show watts in kW."""
    if watts is None:
        return Value(label, reason=reason)
    return Value(label, kilowatts(watts), "kW")


def energy(label: str, energy_wh: float | None) -> Value:
    """Show watt-hours in kWh."""
    if energy_wh is None:
        return Value(label, reason=NOT_SENT)
    return Value(label, f"{energy_wh / 1000:,.1f}", "kWh")


def percent(label: str, number: float | None) -> Value:
    """Show a percentage."""
    if number is None:
        return Value(label, reason=NOT_SENT)
    return Value(label, f"{number:.0f}", "%")


def yes_no(label: str, flag: bool | None, yes: str = "On", no: str = "Off") -> Value:  # noqa: FBT001 - the flag is the value to be shown
    """Show a flag in words."""
    if flag is None:
        return Value(label, reason=NOT_SENT)
    return Value(label, yes if flag else no)


def word(label: str, code: str, words: dict[str, str]) -> Value:
    """Show a code in words, an unknown one as it is."""
    shown = words.get(code, code.replace("_", " "))
    return Value(label, shown) if shown else Value(label, reason=NOT_SENT)
