"""Lock doors, move trunks, windows and roof, flash and honk."""

from simulator.world.cars.commands.order import (
    NOT_SUPPORTED,
    VALET_MODE,
    CannotDo,
    Row,
    Work,
)

_WINDOWS = ("fd_window", "fp_window", "rd_window", "rp_window")
_VENT_PERCENT = 15
_REMOTE_START_S = 120.0
_DOORS = {
    "frontDriverDoor": "df",
    "frontPassengerDoor": "pf",
    "rearDriverDoor": "dr",
    "rearPassengerDoor": "pr",
    "rearTrunk": "rt",
    "frontTrunk": "ft",
}


def _lock(work: Work) -> None:
    work.state.body.locked = True


def _unlock(work: Work) -> None:
    work.state.body.locked = False


def _remote_start(work: Work) -> None:
    """Let the car be driven without a key for two minutes."""
    work.need_park()
    work.state.body.remote_start_until_s = work.moment.at_s + _REMOTE_START_S


def _trunk(work: Work) -> None:
    which = work.choice("which_trunk", "front", "rear")
    _move(work, "ft" if which == "front" else "rt", "move")


def _move(work: Work, door: str, how: str) -> None:
    """Move one door; only the rear trunk closes by itself, where it has a motor."""
    work.need_park()
    doors, is_open = work.state.body.doors, bool(work.state.body.doors.get(door))
    if door == "ft" and work.state.body.valet_mode:
        raise CannotDo(VALET_MODE)
    closes = how == "close" or (how == "move" and is_open)
    if how == "stop":
        return
    if not closes:
        doors[door] = 1
    elif door == "rt" and work.has_part("plg"):
        doors[door] = 0
    elif is_open:
        raise CannotDo(NOT_SUPPORTED)


def _closures(work: Work) -> None:
    """Move several at once: each field names a door and how it moves."""
    for name, how in work.fields.items():
        if how in {"move", "stop", "open", "close"}:
            if name not in _DOORS:
                raise CannotDo(NOT_SUPPORTED)
            _move(work, _DOORS[name], how)


def _tonneau(work: Work) -> None:
    work.need_part("tonneau")


def _windows(work: Work) -> None:
    vents = work.choice("command", "vent", "close") == "vent"
    if vents:
        work.need_park()
    for window in _WINDOWS:
        work.state.body.windows[window] = 1 if vents else 0


def _sun_roof(work: Work) -> None:
    wanted = work.choice("state", "vent", "open", "close", "stop")
    work.need_part("sun_roof_installed")
    percents = {"vent": _VENT_PERCENT, "open": 100, "close": 0}
    if wanted in percents:
        work.state.body.sun_roof_percent = percents[wanted]


def _signal(work: Work) -> None:
    work.need_park()


def _boombox(work: Work) -> None:
    work.whole("sound", 0, 2000, default=0)
    work.need_park()
    work.need_part("pws")


def _homelink(work: Work) -> None:
    work.number("lat", -90, 90)
    work.number("lon", -180, 180)
    raise CannotDo(NOT_SUPPORTED)


def _sentry(work: Work) -> None:
    work.state.body.sentry_mode = work.flag("on")


def _secure(work: Work) -> None:
    """Close what closes by itself, and lock."""
    work.need_park()
    for window in _WINDOWS:
        work.state.body.windows[window] = 0
    work.state.body.locked = True


BODY = {
    "door_lock": Row(_lock),
    "door_unlock": Row(_unlock),
    "remote_start_drive": Row(_remote_start, in_valet=False),
    "actuate_trunk": Row(_trunk),
    "closure": Row(_closures, custom=True),
    "open_tonneau": Row(_tonneau),
    "close_tonneau": Row(_tonneau),
    "stop_tonneau": Row(_tonneau),
    "window_control": Row(_windows),
    "sun_roof_control": Row(_sun_roof),
    "flash_lights": Row(_signal),
    "honk_horn": Row(_signal),
    "remote_boombox": Row(_boombox),
    "trigger_homelink": Row(_homelink),
    "set_sentry_mode": Row(_sentry),
    "auto_secure_vehicle": Row(_secure, custom=True),
}
