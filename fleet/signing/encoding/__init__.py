"""Turn commands, as programs send them to the Fleet API, into what cars read."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from tesla_protocol.command.car_server_pb2 import Action
from tesla_protocol.command.vcsec_pb2 import UnsignedMessage

from fleet.errors import NotSignable
from fleet.signing.domains import Domain
from fleet.signing.encoding import access, cabin, charge, climate, lights, locks
from fleet.signing.encoding.fields import Body
from fleet.signing.sign import Payload

_CUSTOM = "custom_"
_ONCE = frozenset(
    {
        "actuate_trunk",
        "closure",
        "dashcam_save",
        "flash_lights",
        "honk_horn",
        "media_next_fav",
        "media_next_track",
        "media_prev_fav",
        "media_prev_track",
        "media_toggle_playback",
        "media_volume_down",
        "media_volume_up",
        "navigation_gps_destination",
        "navigation_gps_request",
        "navigation_sc_request",
        "navigation_waypoints_request",
        "play_video",
        "remote_boombox",
        "start_light_show",
        "take_drivenote",
        "trigger_homelink",
    }
)
"""Commands that do more when they are done twice. A schedule has a name from the
beginning, so that adding the same one again replaces it."""


def _security(name: str, content: dict[str, Any]) -> Payload:
    data = UnsignedMessage(**content).SerializeToString()
    return Payload(Domain.VEHICLE_SECURITY, data, name not in _ONCE, name)


def _infotainment(name: str, content: dict[str, Any]) -> Payload:
    data = Action(vehicleAction=content).SerializeToString()
    return Payload(Domain.INFOTAINMENT, data, name not in _ONCE, name)


_INFOTAINMENT = (access, cabin, charge, climate, lights)
_FIXED: dict[str, Payload] = {
    name: _infotainment(name, content)
    for module in _INFOTAINMENT
    for name, content in module.FIXED.items()
} | {name: _security(name, content) for name, content in locks.FIXED.items()}
_BUILDERS: dict[str, Callable[[Body], dict[str, Any]]] = {
    name: build for module in _INFOTAINMENT for name, build in module.BUILDERS.items()
}

SIGNABLE = frozenset(_FIXED) | frozenset(_BUILDERS) | frozenset(locks.BUILDERS)
"""The commands that the protocol has a message for, without `custom_`."""


def encode(name: str, body: Mapping[str, Any], *, now: float | None = None) -> Payload:
    """Return a command as the car reads it.

    `name` is that of the endpoint table; a custom command may go by its name
    with `custom_` before it or without. `body` is that of the REST command,
    in any of the spellings that programs use; fields without use are passed
    over. `now` is in seconds since 1970. Raises `InvalidField`, `NotSignable`.
    """
    name = name.removeprefix(_CUSTOM)
    fixed = _FIXED.get(name)
    if fixed is not None:
        return fixed
    read = Body(body, time.time() if now is None else now)
    if name in _BUILDERS:
        return _infotainment(name, _BUILDERS[name](read))
    if name in locks.BUILDERS:
        return _security(name, locks.BUILDERS[name](read))
    raise NotSignable(f"The protocol has no message for {name!r:.60}")
