"""Read driving, tires, software and the car's place."""

from datetime import datetime

from accounts.models import Units
from tokens.readings import NOT_SENT, UNKNOWN, Document, Group, Value
from vehicles import units as show

GEARS = {"P": "Park", "R": "Reverse", "N": "Neutral", "D": "Drive"}
_TIRES = {
    "fl": "Front left",
    "fr": "Front right",
    "rl": "Rear left",
    "rr": "Rear right",
}
_UPDATES = {
    "": "Up to date",
    "available": "Available",
    "downloading_wifi_wait": "Waits for Wi-Fi",
    "downloading": "Downloading",
    "scheduled": "Scheduled",
    "installing": "Installing",
}


def drive(document: Document, units: Units) -> Group:
    """Return odometer, speed, gear and power; a parked car sends none of them."""
    state = document.part("drive_state")
    odometer = document.part("vehicle_state").number("odometer")
    gear = state.text("shift_state")
    power = state.number("power")
    return Group(
        "Driving",
        (
            show.distance("Odometer", odometer, units)
            if odometer is not None
            else Value("Odometer", reason=NOT_SENT),
            _speed(state, units),
            Value("Gear", GEARS.get(gear, gear) or _parked(state), reason=NOT_SENT),
            Value("Power", show.figure(power), "kW")
            if power is not None
            else Value("Power", reason=NOT_SENT),
        ),
        state.moment_of_ms("timestamp"),
    )


def tires(document: Document, units: Units) -> Group:
    """Return the four tires' pressures, with the car's own warning."""
    state = document.part("vehicle_state")
    values = []
    for code, label in _TIRES.items():
        bar = state.number(f"tpms_pressure_{code}")
        if bar is None:
            why = "The car sends pressures only after it has been driven."
            values.append(Value(label, reason=why))
            continue
        shown = show.pressure(label, bar, units)
        low = state.flag(f"tpms_soft_warning_{code}") or state.flag(
            f"tpms_hard_warning_{code}"
        )
        unit = f"{shown.unit}, low" if low else shown.unit
        values.append(Value(label, shown.text, unit))
    return Group("Tires", tuple(values), state.moment_of_ms("timestamp"))


def software(document: Document) -> Group:
    """Return the installed version and the update that waits, if any."""
    state = document.part("vehicle_state")
    version = state.text("car_version").partition(" ")[0]
    update = state.part("software_update")
    is_known = "software_update" in state.content
    status = update.text("status").strip()
    words = _UPDATES.get(status, status) if is_known else UNKNOWN
    new = update.text("version").strip()
    if status and new:
        words = f"{words}: {new}"
    return Group(
        "Software",
        (
            Value("Version", version or UNKNOWN, reason=NOT_SENT),
            Value("Update", words, reason=NOT_SENT),
        ),
        state.moment_of_ms("timestamp"),
    )


def place(document: Document, *, why_hidden: str) -> Group:
    """Return latitude, longitude and heading; `why_hidden` says why they are not sent.

    The newest firmware sends the position in `location_data`, older in `drive_state`.
    """
    for key in ("location_data", "drive_state"):
        state = document.part(key)
        latitude, longitude = state.number("latitude"), state.number("longitude")
        if latitude is not None and longitude is not None:
            break
    else:
        reason = why_hidden or NOT_SENT
        return Group("Location", (Value("Position", reason=reason),))
    heading = state.number("heading")
    return Group(
        "Location",
        (
            Value("Position", f"{latitude:.5f}, {longitude:.5f}"),
            Value("Heading", show.figure(heading), "°")
            if heading is not None
            else Value("Heading", reason=NOT_SENT),
        ),
        _gps_moment(state),
    )


def _gps_moment(state: Document) -> datetime | None:
    return state.moment_of_s("gps_as_of") or state.moment_of_ms("timestamp")


def _speed(state: Document, units: Units) -> Value:
    mph = state.number("speed")
    if mph is not None:
        return show.speed("Speed", mph, units)
    if _parked(state) == "Park":
        return show.speed("Speed", 0, units)
    return Value("Speed", reason=NOT_SENT)


def _parked(state: Document) -> str:
    """Return "Park" for a null gear, which is how a parked car says it."""
    sent = "shift_state" in state.content
    gear = state.content.get("shift_state")
    return "Park" if sent and (gear is None or gear == "P") else UNKNOWN
