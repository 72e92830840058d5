"""Build `vehicle_state`: closures, modes, tires, media and software."""

from typing import Any

from simulator.world.cars.groups.media import media_info
from simulator.world.cars.groups.software import software_update
from simulator.world.cars.groups.tires import tires
from simulator.world.cars.moment import Moment
from simulator.world.draws import draw_hex

_DOORS = ("df", "dr", "pf", "pr", "ft", "rt")
_WINDOWS = ("fd_window", "fp_window", "rd_window", "rp_window")


def vehicle_state(moment: Moment) -> dict[str, Any]:
    """Return the group: doors and windows 0 when closed, odometer miles, tires bar."""
    return {
        **closures(moment),
        **_modes(moment),
        **_abilities(moment),
        **_software(moment),
        **tires(moment),
        "media_info": media_info(moment),
        "media_state": {"remote_control_enabled": True},
        "odometer": round(moment.odometer_mi, 6),
        "timestamp": moment.timestamp_ms,
        "vehicle_name": moment.state.name,
    }


def closures(moment: Moment) -> dict[str, Any]:
    """Return doors, trunks, windows, roof and lock."""
    body = moment.state.body
    state: dict[str, Any] = {door: body.doors.get(door, 0) for door in _DOORS}
    state |= {window: body.windows.get(window, 0) for window in _WINDOWS}
    state["locked"] = body.locked and not moment.motion.is_driving
    if moment.spec.has("sun_roof_installed"):
        percent = body.sun_roof_percent
        state["sun_roof_percent_open"] = percent
        state["sun_roof_state"] = "open" if percent else "closed"
        state["vehicle_state_sun_roof_percent_open"] = percent
    return state


def _modes(moment: Moment) -> dict[str, Any]:
    body, is_driving = moment.state.body, moment.motion.is_driving
    return {
        "autopark_state_v2": "ready" if is_driving else "unavailable",
        "center_display_state": _display(moment),
        "dashcam_clip_save_available": is_driving,
        "dashcam_state": (
            "Recording" if is_driving or body.sentry_mode else "Unavailable"
        ),
        "guest_mode": body.guest_mode,
        "is_user_present": is_driving or body.user_present,
        "remote_start": moment.at_s < body.remote_start_until_s,
        "santa_mode": 0,
        "sentry_mode": body.sentry_mode,
        "service_mode": body.service_mode,
        "service_mode_plus": False,
        "speed_limit_mode": {
            "active": body.speed_limit_active,
            "current_limit_mph": body.speed_limit_mph,
            "max_limit_mph": 120,
            "min_limit_mph": 50,
            "pin_code_set": "speed" in moment.state.pins,
        },
        "valet_mode": body.valet_mode,
        "valet_pin_needed": "valet" not in moment.state.pins,
    }


def _display(moment: Moment) -> int:
    if moment.motion.is_driving:
        return 2
    if moment.is_charging:
        return 3
    return 7 if moment.state.body.sentry_mode else 0


def _abilities(moment: Moment) -> dict[str, Any]:
    return {
        "api_version": 90 if moment.spec.protocol_required else 71,
        "calendar_supported": True,
        "feature_bitmask": f"{draw_hex(8, moment.vin, 'features')},187f",
        "homelink_device_count": 0,
        "homelink_nearby": False,
        "notifications_supported": True,
        "parsed_calendar_supported": True,
        "remote_start_enabled": True,
        "remote_start_supported": True,
        "sentry_mode_available": True,
        "webcam_available": True,
    }


def _software(moment: Moment) -> dict[str, Any]:
    build = draw_hex(12, moment.firmware, "build")
    return {
        "car_version": f"{moment.firmware} {build}",
        "software_update": software_update(moment.state.software, moment.at_s),
        "vehicle_self_test_progress": 0,
        "vehicle_self_test_requested": False,
    }
