"""Use the car's screen: music, navigation, name, software."""

from typing import Any

from simulator.world.cars.commands.order import BadField, CannotDo, Row, Work
from simulator.world.cars.groups.software import software_update

_VOLUME_STEP = 1.0 / 3.0
_VOLUME_MOST = 31 * _VOLUME_STEP
_MOST_ID = 2**63
_ANDROID_TEXT = "android.intent.extra.TEXT"


def _need_user(work: Work) -> None:
    if not (work.moment.motion.is_driving or work.state.body.user_present):
        raise CannotDo("user_not_present")


def _toggle(work: Work) -> None:
    _need_user(work)
    media = work.state.media
    media.status = "Paused" if media.status == "Playing" else "Playing"


def _next(work: Work) -> None:
    _skip(work, 1)


def _previous(work: Work) -> None:
    _skip(work, -1)


def _skip(work: Work, step: int) -> None:
    _need_user(work)
    work.state.media.track += step
    work.state.media.started_s = work.moment.at_s


def _louder(work: Work) -> None:
    _turn(work, work.state.media.volume + _VOLUME_STEP)


def _softer(work: Work) -> None:
    _turn(work, work.state.media.volume - _VOLUME_STEP)


def _volume(work: Work) -> None:
    _turn(work, work.number("volume", 0, 11))


def _turn(work: Work, volume: float) -> None:
    _need_user(work)
    work.state.media.volume = round(min(_VOLUME_MOST, max(0.0, volume)), 4)


def _navigate(work: Work) -> None:
    """Go to an address: a text, or an object as the telephone's app sends it."""
    value: Any = work.fields.get("value")
    if isinstance(value, dict):
        value = value.get(_ANDROID_TEXT)
    if not isinstance(value, str) or not value.strip():
        raise BadField("value")
    _set_route(work, value)


def _set_route(
    work: Work, destination: str, position: tuple[float, float] | None = None
) -> None:
    route: dict[str, Any] = {"destination": destination}
    if position:
        route["latitude"], route["longitude"] = position
    work.state.route.clear()
    work.state.route.update(route)


def _position(work: Work) -> tuple[float, float]:
    return work.number("lat", -90, 90), work.number("lon", -180, 180)


def _navigate_gps(work: Work) -> None:
    position = _position(work)
    work.whole("order", 0, 3, default=0)
    _set_route(work, f"{position[0]}, {position[1]}", position)


def _navigate_named(work: Work) -> None:
    _set_route(work, work.text("destination"), _position(work))


def _navigate_supercharger(work: Work) -> None:
    number = work.whole("id", 0, _MOST_ID, default=0)
    work.whole("order", 0, 3, default=0)
    _set_route(work, f"Supercharger {number}")


def _navigate_waypoints(work: Work) -> None:
    _set_route(work, work.text("waypoints"))


def _calendar(work: Work) -> None:
    if "calendar_data" not in work.fields:
        raise BadField("calendar_data")


def _note(work: Work) -> None:
    work.text("note", 80)


def _rename(work: Work) -> None:
    work.state.name = work.text("vehicle_name", 40)


def _schedule_update(work: Work) -> None:
    offset_s = work.whole("offset_sec", 0, 7 * 86_400)
    status = software_update(work.state.software, work.moment.at_s)["status"]
    if status not in {"available", "scheduled"}:
        raise CannotDo("not_available")
    # An install moment of 0 means none, so "at once" is a moment before now.
    work.state.software.install_s = work.moment.at_s + offset_s


def _cancel_update(work: Work) -> None:
    status = software_update(work.state.software, work.moment.at_s)["status"]
    if status != "scheduled":
        raise CannotDo("not_scheduled")
    work.state.software.install_s = 0.0


SCREEN = {
    "media_toggle_playback": Row(_toggle),
    "media_next_track": Row(_next),
    "media_prev_track": Row(_previous),
    "media_next_fav": Row(_next),
    "media_prev_fav": Row(_previous),
    "media_volume_up": Row(_louder),
    "media_volume_down": Row(_softer),
    "adjust_volume": Row(_volume),
    "navigation_request": Row(_navigate, unsigned=True),
    "navigation_gps_request": Row(_navigate_gps, unsigned=True),
    "navigation_gps_destination": Row(_navigate_named, custom=True),
    "navigation_sc_request": Row(_navigate_supercharger, unsigned=True),
    "navigation_waypoints_request": Row(_navigate_waypoints, unsigned=True),
    "upcoming_calendar_entries": Row(_calendar, unsigned=True),
    "take_drivenote": Row(_note, unsigned=True),
    "set_vehicle_name": Row(_rename, owner=True, in_valet=False),
    "schedule_software_update": Row(_schedule_update),
    "cancel_software_update": Row(_cancel_update),
}
