"""Read locks, doors, windows and trunks."""

from tokens.readings import NOT_SENT, Document, Group, Value

_DOORS = {
    "df": "driver's",
    "pf": "passenger's",
    "dr": "rear, driver's side",
    "pr": "rear, passenger's side",
}
_WINDOWS = {
    "fd_window": "driver's",
    "fp_window": "passenger's",
    "rd_window": "rear, driver's side",
    "rp_window": "rear, passenger's side",
}


def body(document: Document) -> Group:
    """Return whether the car is locked, guarded, and what of it stands open."""
    state = document.part("vehicle_state")
    return Group(
        "Locks, doors, windows",
        (
            yes_no("Locks", state.flag("locked"), "Locked", "Unlocked"),
            _openings("Doors", state, _DOORS),
            _openings("Windows", state, _WINDOWS),
            _openings("Front trunk", state, {"ft": "Open"}),
            _openings("Trunk", state, {"rt": "Open"}),
            yes_no(
                "Charge port",
                document.part("charge_state").flag("charge_port_door_open"),
                "Open",
                "Closed",
            ),
            yes_no("Sentry mode", state.flag("sentry_mode"), "On", "Off"),
            yes_no("Somebody inside", state.flag("is_user_present"), "Yes", "No"),
        ),
        state.moment_of_ms("timestamp"),
    )


def yes_no(label: str, flag: bool | None, yes: str, no: str) -> Value:  # noqa: FBT001 - the flag is the value to be shown
    """Show a flag in words of its own."""
    if flag is None:
        return Value(label, reason=NOT_SENT)
    return Value(label, yes if flag else no)


def _openings(label: str, state: Document, names: dict[str, str]) -> Value:
    """Name what is open; one that is known to be open says more than one unknown."""
    numbers = {key: state.number(key) for key in names}
    opened = [names[key] for key, number in numbers.items() if number]
    if opened == ["Open"]:
        return Value(label, "Open")
    if opened:
        return Value(label, f"Open: {', '.join(opened)}")
    if None in numbers.values():
        return Value(label, reason=NOT_SENT)
    return Value(label, "Closed")
