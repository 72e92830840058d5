"""Tell what is known of a control: from the last reading, the stream, or a command.

The newest of them counts.
"""

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
from vehicles.streamed import NO_VALUE, Overlaid

PROMISE = timedelta(minutes=30)
READING = "Vehicle Data"
STREAM = "streamed"
COMMAND = "the car's answer"
RECORD = "Tesla's record"
# A car streams what a command changed just before its answer to it is here.
_AHEAD = timedelta(seconds=2)
_NEVER_READ = "Nothing has been read yet."
_NO_STATE = "Not used from here yet."
_ACTIVE = frozenset({"On", "Charging", "Starting"})
_Reader = Callable[[Document, Units], str]


@dataclass(frozen=True, slots=True)
class Sight:
    """A car as a person sees it at a moment; `newest` is what `latest.of` answers."""

    access: VehicleAccess
    newest: Overlaid
    units: Units
    now: datetime


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a control, since when, and who said so.

    `text` is "" when it is unknown, and `reason` says why. `detail` stands behind it,
    with `detail_at` where it is of another moment than the rest.
    """

    text: str = ""
    detail: str = ""
    detail_at: datetime | None = None
    source: str = ""
    at: datetime | None = None
    is_old: bool = False
    reason: str = ""

    @property
    def is_active(self) -> bool:
        """Tell whether something runs in the car now, as far as is known."""
        return self.text in _ACTIVE and not self.is_old

    @property
    def is_streamed(self) -> bool:
        """Tell whether the car has streamed it."""
        return self.source == STREAM


def known(control: Control, sight: Sight, commands: Iterable[Command]) -> Known:
    """Return what is known of one control; `commands` come newest first.

    A command that the car carried out says more than what was read or streamed before.
    """
    if control.name == "wake":
        return _of_connection(sight, commands)
    found = _of_car(control, sight)
    told = _told(control, commands)
    at = told.answered_at if told else None
    if told and at and _is_later(at, at - told.asked_at, found):
        text = _effect(told.name, told.parameters, sight.newest)
        old = is_old(at, PROMISE, sight.now)
        found = Known(text, source=COMMAND, at=at, is_old=old)
    if found.text and _is_doubtful(control, commands, found.at):
        doubt = "perhaps changed since"
        return replace(found, detail=doubt, detail_at=None, is_old=True)
    return found


def _is_later(answered_at: datetime, took: timedelta, found: Known) -> bool:
    """Tell whether a command came after what was read or streamed.

    What was streamed before it was asked is no effect of it.
    """
    if found.at is None:
        return True
    ahead = min(_AHEAD, took) if found.is_streamed and found.text else timedelta()
    return answered_at > found.at + ahead


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


def _of_car(control: Control, sight: Sight) -> Known:
    """Return what the car itself said last, be it read or streamed."""
    state = _STATES.get(control.name)
    if state is None:
        return Known(reason=_NO_STATE)
    signal, reader = state
    at, source = _said(signal, sight)
    if at is None:
        return Known(reason=_NEVER_READ)
    document = Document(sight.newest.document)
    text = reader(document, sight.units)
    if not text:
        reason = NO_VALUE if source == STREAM else NOT_SENT
        return Known(source=source, at=at, reason=reason)
    found = Known(text, source=source, at=at, is_old=_is_outdated(at, source, sight))
    return _with_inside(found, document, sight) if control.name == "climate" else found


def _said(signal: str, sight: Sight) -> tuple[datetime | None, str]:
    """Return when the car said something last, and how."""
    streamed_at = sight.newest.at.get(signal)
    if streamed_at is not None:
        return streamed_at, STREAM
    return sight.access.vehicle_data_at, READING


def _is_outdated(at: datetime, source: str, sight: Sight) -> bool:
    """Tell whether something is older than promised.

    A car streams what changes, so all that it streamed holds while it goes on.
    """
    heard_at = sight.newest.heard_at if source == STREAM else at
    return is_old(heard_at or at, PROMISE, sight.now)


def _with_inside(found: Known, document: Document, sight: Sight) -> Known:
    """Return the climate with the temperature inside, unless that is outdated."""
    at, source = _said(_INSIDE, sight)
    detail = _inside(document, sight.units)
    if not detail or at is None:
        return found
    if _is_outdated(at, source, sight) and not found.is_old:
        return found
    return replace(found, detail=detail, detail_at=None if at == found.at else at)


def _of_connection(sight: Sight, commands: Iterable[Command]) -> Known:
    """Return whether the car is online; one that did or streamed something was."""
    vehicle = sight.access.vehicle
    moved = next((one for one in commands if one.has_worked and one.answered_at), None)
    said = [
        (vehicle.state_at, RECORD, _CONNECTIONS.get(vehicle.state, "")),
        (moved.answered_at if moved else None, COMMAND, "Online"),
        (sight.newest.heard_at, STREAM, "Online"),
    ]
    dated = [(at, source, text) for at, source, text in said if at is not None]
    at, source, text = max(dated, default=(None, "", ""))
    if at is None or not text:
        return Known(reason="Tesla has not said whether the car is online.")
    return Known(text, source=source, at=at, is_old=is_old(at, PROMISE, sight.now))


def _effect(name: str, parameters: Mapping[str, Any], newest: Overlaid) -> str:
    """Return what a command that worked has left behind."""
    if name == "set_charge_limit":
        percent = Document(parameters).number("percent")
        return "" if percent is None else percent_words(percent)
    if name == "set_sentry_mode":
        return "On" if parameters.get("on") is True else "Off"
    if name == "actuate_trunk":
        return "Open" if parameters.get("which_trunk") == "front" else "Moved"
    if name == "charge_standard":
        charge = Document(newest.document).part("charge_state")
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


_INSIDE = "InsideTemp"
_STATES: Mapping[str, tuple[str, _Reader]] = {
    "doors": ("Locked", _flag("vehicle_state", "locked", "Locked", "Unlocked")),
    "climate": ("HvacPower", _flag("climate_state", "is_climate_on", "On", "Off")),
    "charging": ("DetailedChargeState", _charging),
    "limit": ("ChargeLimitSoc", _limit),
    "port": (
        "ChargePortDoorOpen",
        _flag("charge_state", "charge_port_door_open", "Open", "Closed"),
    ),
    "trunk": ("DoorState", _opening("rt")),
    "frunk": ("DoorState", _opening("ft")),
    "sentry": ("SentryMode", _flag("vehicle_state", "sentry_mode", "On", "Off")),
}
"""The signal that streams the state of each control, and where a reading has it."""
REFRESHING = tuple(sorted({_INSIDE, "state", *(name for name, _ in _STATES.values())}))
"""The signals for which the controls are shown anew, and the car's own state."""
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
