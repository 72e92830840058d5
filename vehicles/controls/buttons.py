"""List the controls of the Vehicle page, and the commands behind their buttons."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fleet.endpoints import BY_NAME, Endpoint

LEAST_PERCENT = 50
MOST_PERCENT = 100


@dataclass(frozen=True, slots=True)
class Press:
    """One button: its name in a form, its words, and the command that it sends.

    `busy` stands on it while it is sent, `does` in the log. `asks` is what a person is
    asked before, "" where nothing can go wrong. `takes_percent`: a number comes with it.
    """

    name: str
    words: str
    busy: str
    does: str
    command: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    asks: str = ""
    takes_percent: bool = False

    @property
    def endpoint(self) -> Endpoint:
        """Return the command's row in the table."""
        return BY_NAME[self.command]


@dataclass(frozen=True, slots=True)
class Control:
    """One thing of a car that can be moved or set; `icon` is a name of Lucide's."""

    name: str
    title: str
    icon: str
    presses: tuple[Press, ...]

    @property
    def endpoint(self) -> Endpoint:
        """Return a row of the table that says who may use it: all its buttons alike."""
        return self.presses[0].endpoint


CONTROLS = (
    Control(
        "doors",
        "Doors",
        "lock",
        (
            Press("lock", "Lock", "Locking", "Lock the doors", "door_lock"),
            Press(
                "unlock",
                "Unlock",
                "Unlocking",
                "Unlock the doors",
                "door_unlock",
                asks="Anybody beside the car can get in once it is unlocked.",
            ),
        ),
    ),
    Control(
        "climate",
        "Climate",
        "fan",
        (
            Press(
                "climate_on",
                "Turn on",
                "Turning on",
                "Turn the climate on",
                "auto_conditioning_start",
            ),
            Press(
                "climate_off",
                "Turn off",
                "Turning off",
                "Turn the climate off",
                "auto_conditioning_stop",
            ),
        ),
    ),
    Control(
        "charging",
        "Charging",
        "zap",
        (
            Press(
                "charge_start", "Start", "Starting", "Start charging", "charge_start"
            ),
            Press("charge_stop", "Stop", "Stopping", "Stop charging", "charge_stop"),
        ),
    ),
    Control(
        "limit",
        "Charge limit",
        "battery-charging",
        (
            Press(
                "limit",
                "Set",
                "Setting",
                "Set the charge limit",
                "set_charge_limit",
                takes_percent=True,
            ),
        ),
    ),
    Control(
        "port",
        "Charge port",
        "plug",
        (
            Press(
                "port_open",
                "Open",
                "Opening",
                "Open the charge port",
                "charge_port_door_open",
            ),
            Press(
                "port_close",
                "Close",
                "Closing",
                "Close the charge port",
                "charge_port_door_close",
            ),
        ),
    ),
    Control(
        "trunk",
        "Trunk",
        "luggage",
        (
            Press(
                "trunk",
                "Open or close",
                "Moving",
                "Open or close the trunk",
                "actuate_trunk",
                {"which_trunk": "rear"},
                asks="The trunk opens; one with a motor closes if it is open. See that"
                " nobody and nothing is in its way.",
            ),
        ),
    ),
    Control(
        "frunk",
        "Front trunk",
        "package-open",
        (
            Press(
                "frunk",
                "Open",
                "Opening",
                "Open the front trunk",
                "actuate_trunk",
                {"which_trunk": "front"},
                asks="The front trunk opens, and only a hand closes it again.",
            ),
        ),
    ),
    Control(
        "sentry",
        "Sentry Mode",
        "eye",
        (
            Press(
                "sentry_on",
                "Turn on",
                "Turning on",
                "Turn Sentry Mode on",
                "set_sentry_mode",
                {"on": True},
            ),
            Press(
                "sentry_off",
                "Turn off",
                "Turning off",
                "Turn Sentry Mode off",
                "set_sentry_mode",
                {"on": False},
            ),
        ),
    ),
    Control(
        "flash",
        "Headlights",
        "lightbulb",
        (Press("flash", "Flash", "Flashing", "Flash the headlights", "flash_lights"),),
    ),
    Control(
        "honk",
        "Horn",
        "megaphone",
        (Press("honk", "Honk", "Honking", "Sound the horn", "honk_horn"),),
    ),
    Control(
        "wake",
        "Connection",
        "sun",
        (Press("wake", "Wake", "Waking the car", "Wake the car", "wake_up"),),
    ),
)

CONTROL = {control.name: control for control in CONTROLS}
PRESSES = {press.name: press for control in CONTROLS for press in control.presses}
_CONTROL_OF = {press.name: control for control in CONTROLS for press in control.presses}
_TRUNKS = {"front": "frunk", "rear": "trunk"}
_BY_COMMAND = {
    press.command: control
    for control in CONTROLS
    for press in control.presses
    if press.command != "actuate_trunk"
}


def press_for(command: str, parameters: Mapping[str, Any]) -> Press | None:
    """Return the button that sends just this, None when there is none."""
    for press in PRESSES.values():
        sends = {name: parameters.get(name) for name in press.parameters}
        if press.command == command and sends == press.parameters:
            return press
    return None


def control_of(press: Press) -> Control:
    """Return the control that a button belongs to."""
    return _CONTROL_OF[press.name]


def control_for(command: str, parameters: Mapping[str, Any]) -> Control | None:
    """Return the control that a command moves, None when there is none for it."""
    if command == "actuate_trunk":
        which = parameters.get("which_trunk")
        name = _TRUNKS.get(which) if isinstance(which, str) else None
        return CONTROL[name] if name else None
    return _BY_COMMAND.get(command)
