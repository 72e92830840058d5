"""Set the modes that a PIN guards: valet, PIN to drive, speed limit, children, guests."""

from simulator.world.cars.commands.order import INVALID_PIN, CannotDo, Row, Work

_NO_PIN = "missing password param"
_NOT_ALLOWED = "not allowed"


def _check(work: Work, kind: str, field: str) -> None:
    """Compare a PIN with the one of its kind. Raises CannotDo."""
    if work.state.pins.get(kind) != work.pin(field):
        raise CannotDo(INVALID_PIN)


def _check_or_set(work: Work, kind: str, field: str) -> None:
    """Keep the first PIN of its kind, and compare later ones. Raises CannotDo."""
    if kind in work.state.pins:
        _check(work, kind, field)
    else:
        work.state.pins[kind] = work.pin(field)


def _valet(work: Work) -> None:
    """Turn valet mode on or off; without any PIN the car asks for one first."""
    is_on = work.flag("on")
    work.need_park()
    if work.has("password"):
        _check_or_set(work, "valet", "password")
    elif is_on and "valet" not in work.state.pins:
        raise CannotDo(_NO_PIN)
    work.state.body.valet_mode = is_on


def _reset_valet(work: Work) -> None:
    if work.state.body.valet_mode:
        raise CannotDo(_NOT_ALLOWED)
    work.state.pins.pop("valet", None)


def _pin_to_drive(work: Work) -> None:
    is_on = work.flag("on")
    _check_or_set(work, "drive", "password")
    work.state.body.pin_to_drive = is_on


def _reset_drive(work: Work) -> None:
    if work.state.body.pin_to_drive:
        raise CannotDo(_NOT_ALLOWED)
    work.state.pins.pop("drive", None)


def _clear_drive(work: Work) -> None:
    work.state.body.pin_to_drive = False
    work.state.pins.pop("drive", None)


def _limit_on(work: Work) -> None:
    _check_or_set(work, "speed", "pin")
    work.state.body.speed_limit_active = True


def _limit_off(work: Work) -> None:
    _check(work, "speed", "pin")
    work.state.body.speed_limit_active = False


def _limit_mph(work: Work) -> None:
    work.state.body.speed_limit_mph = work.number("limit_mph", 50, 120)


def _clear_limit(work: Work) -> None:
    _check(work, "speed", "pin")
    _clear_limit_admin(work)


def _clear_limit_admin(work: Work) -> None:
    work.state.body.speed_limit_active = False
    work.state.pins.pop("speed", None)


def _parental_on(work: Work) -> None:
    _check_or_set(work, "parental", "pin")
    work.state.extras["parental_controls"] = True


def _parental_off(work: Work) -> None:
    _check(work, "parental", "pin")
    work.state.extras["parental_controls"] = False


def _parental(work: Work) -> None:
    (_parental_on if work.flag("activate") else _parental_off)(work)


def _parental_setting(work: Work) -> None:
    setting = work.whole("setting", 0, 100)
    work.state.extras[f"parental_setting_{setting}"] = work.flag("enable")


def _parental_mph(work: Work) -> None:
    work.state.extras["parental_limit_mph"] = work.number("limit_mph", 50, 120)


def _clear_parental(work: Work) -> None:
    _check(work, "parental", "pin")
    _clear_parental_admin(work)


def _clear_parental_admin(work: Work) -> None:
    work.state.extras["parental_controls"] = False
    work.state.pins.pop("parental", None)


def _guest(work: Work) -> None:
    work.state.body.guest_mode = work.flag("enable")


def _erase(work: Work) -> None:
    """Erase a guest's data: only a parked car in guest mode does."""
    work.need_park()
    if not work.state.body.guest_mode:
        raise CannotDo(_NOT_ALLOWED)
    work.state.body.guest_mode = False
    work.state.route.clear()


PINS = {
    "set_valet_mode": Row(_valet, owner=True),
    "reset_valet_pin": Row(_reset_valet, owner=True),
    "set_pin_to_drive": Row(_pin_to_drive, owner=True, in_valet=False),
    "reset_pin_to_drive_pin": Row(_reset_drive, owner=True, in_valet=False),
    "clear_pin_to_drive_admin": Row(_clear_drive, owner=True),
    "speed_limit_activate": Row(_limit_on, in_valet=False),
    "speed_limit_deactivate": Row(_limit_off, in_valet=False),
    "speed_limit_set_limit": Row(_limit_mph, in_valet=False),
    "speed_limit_clear_pin": Row(_clear_limit, in_valet=False),
    "speed_limit_clear_pin_admin": Row(_clear_limit_admin, owner=True),
    "parental_controls": Row(_parental, owner=True, custom=True),
    "parental_controls_activate": Row(_parental_on, owner=True),
    "parental_controls_deactivate": Row(_parental_off, owner=True),
    "parental_controls_enable_setting": Row(_parental_setting, owner=True),
    "parental_controls_set_speed_limit": Row(_parental_mph, owner=True),
    "parental_controls_clear_pin": Row(_clear_parental, owner=True, custom=True),
    "parental_controls_clear_pin_admin": Row(_clear_parental_admin, owner=True),
    "guest_mode": Row(_guest, in_valet=False),
    "erase_user_data": Row(_erase, owner=True, in_valet=False),
}
