"""Answer commands as far as they are refused before a car hears of them."""

from aiohttp import web

from simulator.answers import answer, refuse, refuse_asleep
from simulator.fleet_api.route import Visit

_PROTOCOL_PAGE = (
    "https://developer.tesla.com/docs/fleet-api"
    "#2023-10-09-rest-api-vehicle-commands-endpoint-deprecation-warning"
)
# Worked on by Tesla's servers, and so sent unsigned to each car.
_REST = [
    "navigation_request",
    "navigation_gps_request",
    "navigation_sc_request",
    "navigation_waypoints_request",
    "upcoming_calendar_entries",
    "take_drivenote",
    "set_managed_charge_current_request",
    "set_managed_charger_location",
    "set_managed_scheduled_charging_time",
]
_CHARGING = [
    "charge_port_door_open",
    "charge_port_door_close",
    "charge_start",
    "charge_stop",
    "charge_standard",
    "charge_max_range",
    "set_charge_limit",
    "set_charging_amps",
    "add_charge_schedule",
    "remove_charge_schedule",
    "batch_remove_charge_schedules",
    "add_precondition_schedule",
    "remove_precondition_schedule",
    "batch_remove_precondition_schedules",
    "set_scheduled_charging",
    "set_scheduled_departure",
]
_OTHER = [
    "door_lock",
    "door_unlock",
    "remote_start_drive",
    "actuate_trunk",
    "open_tonneau",
    "close_tonneau",
    "stop_tonneau",
    "auto_conditioning_start",
    "auto_conditioning_stop",
    "set_temps",
    "set_preconditioning_max",
    "set_bioweapon_mode",
    "set_climate_keeper_mode",
    "set_cabin_overheat_protection",
    "set_cop_temp",
    "remote_seat_heater_request",
    "remote_seat_cooler_request",
    "remote_auto_seat_climate_request",
    "remote_steering_wheel_heater_request",
    "remote_steering_wheel_heat_level_request",
    "remote_auto_steering_wheel_heat_climate_request",
    "window_control",
    "sun_roof_control",
    "flash_lights",
    "honk_horn",
    "remote_boombox",
    "trigger_homelink",
    "set_sentry_mode",
    "set_valet_mode",
    "reset_valet_pin",
    "reset_pin_to_drive_pin",
    "clear_pin_to_drive_admin",
    "set_pin_to_drive",
    "speed_limit_activate",
    "speed_limit_deactivate",
    "speed_limit_clear_pin",
    "speed_limit_set_limit",
    "speed_limit_clear_pin_admin",
    "parental_controls_activate",
    "parental_controls_deactivate",
    "parental_controls_enable_setting",
    "parental_controls_set_speed_limit",
    "parental_controls_clear_pin_admin",
    "guest_mode",
    "erase_user_data",
    "set_vehicle_name",
    "schedule_software_update",
    "cancel_software_update",
    "media_next_track",
    "media_prev_track",
    "media_next_fav",
    "media_prev_fav",
    "media_toggle_playback",
    "media_volume_down",
    "media_volume_up",
    "adjust_volume",
    "set_low_power_mode",
    "keep_accessory_power_mode",
]


async def command(visit: Visit) -> web.Response:
    """Refuse an unknown, unsigned or unreachable command; the rest do nothing."""
    name, car = visit.request.match_info["command"], visit.vehicle
    if name not in {*_REST, *_CHARGING, *_OTHER}:
        raise refuse(400, "invalid_command")
    if name not in _CHARGING and not visit.has("vehicle_cmds"):
        raise refuse(403, "Unauthorized missing scopes vehicle_cmds")
    if car.protocol_required and name not in _REST:
        raise refuse(
            403,
            "Tesla Vehicle Command Protocol required, please refer to the "
            f"documentation here: {_PROTOCOL_PAGE}",
        )
    if car.state != "online":
        raise refuse_asleep()
    return answer({"result": False, "reason": "not_supported"})


async def signed_command(visit: Visit) -> web.Response:
    """Refuse a signed command: 422 by a car that does not know the protocol."""
    if not visit.vehicle.protocol_required:
        raise refuse(422, "vehicle does not support the command protocol")
    if visit.vehicle.state != "online":
        raise refuse_asleep()
    raise refuse(501, "signed commands are not simulated")
