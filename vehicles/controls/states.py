"""Tell what is known of a control: from the last reading, or from a later command."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from accounts.models import Units
from tokens.readings import NOT_SENT, Document, is_old
from vehicles import units as show
from vehicles.controls.buttons import Control, control_for
from vehicles.controls.refusals import MAYBE_DONE
from vehicles.groups import power
from vehicles.models import Command, VehicleAccess

PROMISE = timedelta(minutes=30)
READING = "Vehicle Data"
COMMAND = "the car's answer"
RECORD = "Tesla's record"
_NEVER_READ = "Nothing has been read yet."
_NO_STATE = "Not used from here yet."
_ACTIVE = frozenset({"On", "Charging", "Starting"})
_Reader = Callable[[Document, Units], str]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a control, since when, and who said so.

    `text` is "" when it is unknown, and `reason` says why. `detail` stands behind it.
    """

    text: str = ""
    detail: str = ""
    source: str = ""
    at: datetime | None = None
    is_old: bool = False
    reason: str = ""

    @property
    def is_active(self) -> bool:
        """Tell whether something runs in the car now, as far as is known."""
        return self.text in _ACTIVE and not self.is_old


def known(
    control: Control,
    access: VehicleAccess,
    commands: Iterable[Command],
    units: Units,
    now: datetime,
) -> Known:
    """Return what is known of one control; `commands` come newest first.

    A command that the car carried out says more than an older reading.
    """
    if control.name == "wake":
        return _of_record(access, commands, now)
    found = _of_reading(control, access, units, now)
    told = _told(control, commands)
    at = told.answered_at if told else None
    if told and at and (found.at is None or at > found.at):
        text = _effect(told.name, told.parameters, access)
        found = Known(text, "", COMMAND, at, is_old(at, PROMISE, now))
    if found.text and _is_doubtful(control, commands, found.at):
        return replace(found, detail="perhaps changed since", is_old=True)
    return found


def _told(control: Control, commands: Iterable[Command]) -> Command | None:
    """Return the newest command that worked and that tells about this control."""
    worked = (one for one in commands if one.has_worked and one.answered_at)
    return next((one for one in worked if _is_about(one, control)), None)


def _is_doubtful(
    control: Control, commands: Iterable[Command], at: datetime | None
) -> bool:
    """Tell whether a later command may have changed the state, and nobody knows."""
    lost = (one for one in commands if one.error_code in MAYBE_DONE)
    return any(at and one.asked_at > at and _is_about(one, control) for one in lost)


def _is_about(command: Command, control: Control) -> bool:
    if command.name in {"charge_standard", "charge_max_range"}:
        return control.name == "limit"
    moved = control_for(command.name, command.parameters)
    return moved is not None and moved.name == control.name


def _of_reading(
    control: Control, access: VehicleAccess, units: Units, now: datetime
) -> Known:
    reader = _READERS.get(control.name)
    if reader is None:
        return Known(reason=_NO_STATE)
    at = access.vehicle_data_at
    if at is None:
        return Known(reason=_NEVER_READ)
    document = Document(access.vehicle_data)
    text = reader(document, units)
    if not text:
        return Known(source=READING, at=at, reason=NOT_SENT)
    detail = _inside(document, units) if control.name == "climate" else ""
    return Known(text, detail, READING, at, is_old(at, PROMISE, now))


def _of_record(
    access: VehicleAccess, commands: Iterable[Command], now: datetime
) -> Known:
    """Return whether the car is online; a car that did something was."""
    vehicle = access.vehicle
    moved = next((one for one in commands if one.has_worked and one.answered_at), None)
    at = vehicle.state_at
    if moved and moved.answered_at and (at is None or moved.answered_at > at):
        old = is_old(moved.answered_at, PROMISE, now)
        return Known("Online", "", COMMAND, moved.answered_at, old)
    text = _CONNECTIONS.get(vehicle.state, "")
    if at is None or not text:
        return Known(reason="Tesla has not said whether the car is online.")
    return Known(text, "", RECORD, at, is_old(at, PROMISE, now))


def _effect(name: str, parameters: Mapping[str, Any], access: VehicleAccess) -> str:
    """Return what a command that worked has left behind."""
    if name == "set_charge_limit":
        percent = Document(parameters).number("percent")
        return "" if percent is None else percent_words(percent)
    if name == "set_sentry_mode":
        return "On" if parameters.get("on") is True else "Off"
    if name == "actuate_trunk":
        return "Open" if parameters.get("which_trunk") == "front" else "Moved"
    if name == "charge_standard":
        charge = Document(access.vehicle_data).part("charge_state")
        standard = charge.number("charge_limit_soc_std")
        return "Daily standard" if standard is None else percent_words(standard)
    return _EFFECTS.get(name, "Done")


def percent_words(percent: float) -> str:
    """Return a percentage in words: "80 %"."""
    return f"{show.figure(percent)}\N{NO-BREAK SPACE}%"


def _inside(document: Document, units: Units) -> str:
    celsius = document.part("climate_state").number("inside_temp")
    if celsius is None:
        return ""
    value = show.temperature("Inside", celsius, units)
    return f"inside {value.text}\N{NO-BREAK SPACE}{value.unit}"


def _flag(part: str, key: str, yes: str, no: str) -> _Reader:
    def read(document: Document, _: Units) -> str:
        flag = document.part(part).flag(key)
        return "" if flag is None else yes if flag else no

    return read


def _opening(key: str) -> _Reader:
    def read(document: Document, _: Units) -> str:
        number = document.part("vehicle_state").number(key)
        return "" if number is None else "Open" if number else "Closed"

    return read


def _charging(document: Document, _: Units) -> str:
    return power.charging_words(document.part("charge_state"))


def _limit(document: Document, _: Units) -> str:
    percent = document.part("charge_state").number("charge_limit_soc")
    return "" if percent is None else percent_words(percent)


_READERS: dict[str, _Reader] = {
    "doors": _flag("vehicle_state", "locked", "Locked", "Unlocked"),
    "climate": _flag("climate_state", "is_climate_on", "On", "Off"),
    "charging": _charging,
    "limit": _limit,
    "port": _flag("charge_state", "charge_port_door_open", "Open", "Closed"),
    "trunk": _opening("rt"),
    "frunk": _opening("ft"),
    "sentry": _flag("vehicle_state", "sentry_mode", "On", "Off"),
}
_EFFECTS = {
    "door_lock": "Locked",
    "door_unlock": "Unlocked",
    "auto_conditioning_start": "On",
    "auto_conditioning_stop": "Off",
    "charge_start": "Starting",
    "charge_stop": "Stopped",
    "charge_max_range": percent_words(100),
    "charge_port_door_open": "Open",
    "charge_port_door_close": "Closed",
    "flash_lights": "Flashed",
    "honk_horn": "Honked",
}
_CONNECTIONS = {"online": "Online", "asleep": "Asleep", "offline": "Offline"}
