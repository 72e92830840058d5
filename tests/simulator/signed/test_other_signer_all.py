"""Every signed command of an independent library is understood as what it means."""

import asyncio
from typing import Any

import aiohttp
from tesla_fleet_api.tesla.fleet import TeslaFleetApi
from tesla_fleet_api.tesla.vehicle.signed import VehicleSigned

from simulator.testing import DOMAIN
from tests.simulator.doors import KEY_HEX, PRIVATE_KEY, Doors

PLACE = (52.5, 13.4)
PIN = "1234"
SCHEDULE = (127, True, *PLACE)
# Method of the library, its arguments, and what the car hears; empty for the same name.
CALLS: tuple[tuple[str, tuple[Any, ...], str], ...] = (
    ("actuate_trunk", ("front",), ""),
    ("adjust_volume", (4.0,), ""),
    ("auto_conditioning_start", (), ""),
    ("auto_conditioning_stop", (), ""),
    ("cancel_software_update", (), ""),
    ("charge_max_range", (), ""),
    ("charge_port_door_close", (), ""),
    ("charge_port_door_open", (), ""),
    ("charge_standard", (), ""),
    ("charge_start", (), ""),
    ("charge_stop", (), ""),
    ("door_lock", (), ""),
    ("door_unlock", (), ""),
    ("erase_user_data", (), ""),
    ("flash_lights", (), ""),
    ("guest_mode", (True,), ""),
    ("honk_horn", (), ""),
    ("media_next_fav", (), ""),
    ("media_next_track", (), ""),
    ("media_prev_fav", (), ""),
    ("media_prev_track", (), ""),
    ("media_toggle_playback", (), ""),
    ("media_volume_down", (), ""),
    ("media_volume_up", (), ""),
    ("navigation_request", ("Pier 39",), ""),
    ("navigation_sc_request", (1,), ""),
    ("navigation_waypoints_request", ("refId:a",), ""),
    (
        "navigation_gps_destination_request",
        (*PLACE, "Cafe", 1),
        "navigation_gps_destination",
    ),
    ("remote_auto_seat_climate_request", (0, True), ""),
    ("remote_auto_steering_wheel_heat_climate_request", (True,), ""),
    ("remote_boombox", (2000,), ""),
    ("remote_seat_cooler_request", (0, 1), ""),
    ("remote_seat_heater_request", (8, 3), ""),
    ("remote_start_drive", (), ""),
    ("remote_steering_wheel_heat_level_request", (2,), ""),
    ("remote_steering_wheel_heater_request", (True,), ""),
    ("reset_pin_to_drive_pin", (), ""),
    ("reset_valet_pin", (), ""),
    ("reset_pin_to_drive_admin", (), "clear_pin_to_drive_admin"),
    ("schedule_software_update", (60,), ""),
    ("set_bioweapon_mode", (True, True), ""),
    ("set_cabin_overheat_protection", (True, False), ""),
    ("set_charge_limit", (80,), ""),
    ("set_charging_amps", (16,), ""),
    ("set_climate_keeper_mode", (1,), ""),
    ("set_cop_temp", (0,), ""),
    ("set_pin_to_drive", (True, PIN), ""),
    ("set_preconditioning_max", (True, False), ""),
    ("set_scheduled_charging", (True, 60), ""),
    ("set_scheduled_departure", (True, True, False, 60, True, True, 30), ""),
    ("set_sentry_mode", (True,), ""),
    ("set_temps", (20.0, 21.0), ""),
    ("set_valet_mode", (False, PIN), ""),
    ("set_vehicle_name", ("Charger",), ""),
    ("speed_limit_activate", (PIN,), ""),
    ("speed_limit_deactivate", (PIN,), ""),
    ("speed_limit_set_limit", (60,), ""),
    ("speed_limit_clear_pin", (PIN,), ""),
    ("speed_limit_clear_pin_admin", (), ""),
    ("sun_roof_control", ("vent",), ""),
    ("trigger_homelink", ("token", *PLACE), ""),
    ("window_control", ("close",), ""),
    ("nearby_charging_sites", (2, 50), "get_nearby_charging_sites"),
    ("ping", (), ""),
    ("set_recirculation", (True,), "hvac_recirculation"),
    ("dashcam_save_clip", (), "dashcam_save"),
    ("set_suspension_level", (2,), ""),
    ("start_light_show", (1,), ""),
    ("stop_light_show", (), ""),
    ("cancel_soh_test", (), ""),
    ("add_charge_schedule", (*SCHEDULE, 60), ""),
    ("remove_charge_schedule", (7,), ""),
    ("add_precondition_schedule", (*SCHEDULE, 60), ""),
    ("remove_precondition_schedule", (7,), ""),
    ("batch_remove_charge_schedules", (True, False, False), ""),
    ("batch_remove_precondition_schedules", (True, False, False), ""),
    ("set_powershare_feature", (True,), ""),
    ("set_powershare_request", (True,), ""),
    ("set_powershare_discharge_limit", (20,), ""),
    ("set_outlets", (1,), ""),
    ("set_outlet_timer", (10,), ""),
    ("set_outlet_soc_limit", (20,), ""),
    ("set_power_feed", (1,), ""),
    ("set_power_feed_timer", (10,), ""),
    ("set_power_feed_soc_limit", (20,), ""),
    ("set_lightbar_brightness", (20,), ""),
    ("set_lightbar_middle", (True,), ""),
    ("set_lightbar_ditch", (True,), ""),
    ("set_front_zone_lights", (1,), "front_zone_light"),
    ("set_rear_zone_lights", (1,), "rear_zone_light"),
    ("set_trailer_light_test", (True,), ""),
    ("set_truck_bed_light_auto", (True,), ""),
    ("set_truck_bed_light_brightness", (20,), ""),
    ("set_tent_mode", (True,), ""),
    ("parental_controls", (True, PIN), "parental_controls_activate"),
    ("parental_controls", (False, PIN), "parental_controls_deactivate"),
    ("parental_controls_clear_pin", (PIN,), ""),
    ("parental_controls_clear_pin_admin", (), ""),
    ("parental_controls_enable_setting", (1, True), ""),
    ("parental_controls_set_speed_limit", (60.0,), ""),
    ("update_charge_on_solar", (True, 20.0, 80.0), "charge_on_solar"),
    ("get_charge_on_solar", (), ""),
    ("open_tonneau", (), ""),
    ("close_tonneau", (), ""),
    ("stop_tonneau", (), ""),
    ("auto_secure_vehicle", (), ""),
)


def test_each_command_is_heard_as_itself(registered: Doors) -> None:
    car = registered.car("Charger")
    car.pair(KEY_HEX, DOMAIN)
    registered.sim.hub.switches.rate_limits = False
    token, server = registered.token("bob@example.com"), f"{registered.sim.url}/eu"
    heard: list[tuple[str, str]] = []
    not_valid: list[str] = []

    async def run() -> None:
        async with aiohttp.ClientSession() as session:
            api = TeslaFleetApi(session, access_token=token, server=server)
            api.private_key = PRIVATE_KEY
            vehicle = VehicleSigned(api, car.vin)
            for method, arguments, _ in CALLS:
                await getattr(vehicle, method)(*arguments)
                told = registered.sim.hub.commands.of(car.vin)[0]
                heard.append((method, told.name))
                if told.reason == "invalid_value":
                    not_valid.append(method)

    asyncio.run(run())
    assert heard == [(method, other or method) for method, _, other in CALLS]
    # Only schedules that were never made have a value that is not valid.
    assert not_valid == ["remove_charge_schedule", "remove_precondition_schedule"]
