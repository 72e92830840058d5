"""What each command does to a car, as its data shows it, and why it does not."""

from typing import Any

import pytest

from simulator.world.cars.car import Car
from simulator.world.cars.commands.order import BadField, Order
from simulator.world.cars.commands.table import carry_out
from tests.simulator.world.moments import DONE, data_of, tell


@pytest.mark.parametrize(
    ("name", "fields", "group", "shown"),
    [
        ("door_unlock", {}, "vehicle_state", {"locked": False}),
        ("remote_start_drive", {}, "vehicle_state", {"remote_start": True}),
        ("actuate_trunk", {"which_trunk": "rear"}, "vehicle_state", {"rt": 1}),
        ("actuate_trunk", {"which_trunk": "front"}, "vehicle_state", {"ft": 1}),
        ("window_control", {"command": "vent"}, "vehicle_state", {"rp_window": 1}),
        ("set_sentry_mode", {"on": True}, "vehicle_state", {"sentry_mode": True}),
        ("guest_mode", {"enable": True}, "vehicle_state", {"guest_mode": True}),
        (
            "set_vehicle_name",
            {"vehicle_name": "R"},
            "vehicle_state",
            {"vehicle_name": "R"},
        ),
        ("auto_conditioning_start", {}, "climate_state", {"is_climate_on": True}),
        (
            "set_temps",
            {"driver_temp": "20.5", "passenger_temp": 35},
            "climate_state",
            {"driver_temp_setting": 20.5, "passenger_temp_setting": 28.0},
        ),
        (
            "set_temps",
            {"driver_temp": 1},
            "climate_state",
            {"driver_temp_setting": 15.0, "passenger_temp_setting": 15.0},
        ),
        (
            "set_preconditioning_max",
            {"on": True, "manual_override": False},
            "climate_state",
            {"defrost_mode": 2, "is_climate_on": True},
        ),
        (
            "set_bioweapon_mode",
            {"on": True, "manual_override": True},
            "climate_state",
            {"bioweapon_mode": True, "is_climate_on": True},
        ),
        (
            "set_climate_keeper_mode",
            {"climate_keeper_mode": 2},
            "climate_state",
            {"climate_keeper_mode": "dog", "is_climate_on": True},
        ),
        (
            "set_cabin_overheat_protection",
            {"on": True, "fan_only": True},
            "climate_state",
            {"cabin_overheat_protection": "FanOnly"},
        ),
        (
            "set_cabin_overheat_protection",
            {"on": False, "fan_only": False},
            "climate_state",
            {"cabin_overheat_protection": "Off"},
        ),
        (
            "set_cop_temp",
            {"cop_temp": 0},
            "climate_state",
            {"cop_activation_temperature": "Low"},
        ),
        (
            "remote_auto_seat_climate_request",
            {"auto_seat_position": 1, "auto_climate_on": False},
            "climate_state",
            {"auto_seat_climate_left": False, "auto_seat_climate_right": True},
        ),
        (
            "remote_auto_seat_climate_request",
            {"auto_seat_position": 2, "auto_climate_on": False},
            "climate_state",
            {"auto_seat_climate_left": True, "auto_seat_climate_right": False},
        ),
        (
            "remote_auto_steering_wheel_heat_climate_request",
            {"on": True},
            "climate_state",
            {"auto_steering_wheel_heat": True},
        ),
        ("set_charge_limit", {"percent": 70}, "charge_state", {"charge_limit_soc": 70}),
        ("charge_max_range", {}, "charge_state", {"charge_limit_soc": 100}),
        (
            "set_charging_amps",
            {"charging_amps": 12},
            "charge_state",
            {"charge_amps": 12},
        ),
        ("charge_port_door_open", {}, "charge_state", {"charge_port_door_open": True}),
        (
            "set_scheduled_charging",
            {"enable": True, "time": 90},
            "charge_state",
            {
                "scheduled_charging_mode": "StartAt",
                "scheduled_charging_start_time_app": 90,
            },
        ),
        (
            "set_scheduled_departure",
            {
                "enable": True,
                "departure_time": 400,
                "preconditioning_enabled": True,
                "preconditioning_weekdays_only": True,
                "off_peak_charging_enabled": True,
                "end_off_peak_time": 300,
            },
            "charge_state",
            {
                "scheduled_charging_mode": "DepartBy",
                "scheduled_departure_time_minutes": 400,
                "preconditioning_enabled": True,
                "preconditioning_times": "weekdays",
                "off_peak_charging_enabled": True,
                "off_peak_charging_times": "all_week",
                "off_peak_hours_end_time": 300,
            },
        ),
        (
            "speed_limit_set_limit",
            {"limit_mph": 65},
            "vehicle_state",
            {
                "speed_limit_mode": {
                    "active": False,
                    "current_limit_mph": 65.0,
                    "max_limit_mph": 120,
                    "min_limit_mph": 50,
                    "pin_code_set": False,
                }
            },
        ),
        (
            "set_distance_unit",
            {"unit": 1},
            "gui_settings",
            {"gui_distance_units": "km/hr"},
        ),
        (
            "set_temperature_unit",
            {"unit": 1},
            "gui_settings",
            {"gui_temperature_units": "C"},
        ),
        (
            "set_tire_pressure_unit",
            {"unit": 1},
            "gui_settings",
            {"gui_tirepressure_units": "Bar"},
        ),
        (
            "set_time_display_format",
            {"format": 1},
            "gui_settings",
            {"gui_24_hour_time": True},
        ),
        (
            "set_energy_display_format",
            {"format": 0},
            "gui_settings",
            {"gui_range_display": "Percent"},
        ),
        (
            "navigation_gps_request",
            {"lat": 1.5, "lon": 2.5, "order": 1},
            "drive_state",
            {"active_route_latitude": 1.5, "active_route_longitude": 2.5},
        ),
        (
            "navigation_gps_destination",
            {"lat": 1.5, "lon": 2.5, "destination": "Cafe", "order": 1},
            "drive_state",
            {"active_route_destination": "Cafe", "active_route_latitude": 1.5},
        ),
        (
            "navigation_request",
            {"value": {"android.intent.extra.TEXT": "Pier"}},
            "drive_state",
            {"active_route_destination": "Pier"},
        ),
        (
            "navigation_sc_request",
            {"id": "7", "order": 0},
            "drive_state",
            {"active_route_destination": "Supercharger 7"},
        ),
        (
            "navigation_waypoints_request",
            {"waypoints": "refId:a"},
            "drive_state",
            {"active_route_destination": "refId:a"},
        ),
    ],
)
def test_command_shows_in_thedata_of(
    red: Car, name: str, fields: dict[str, Any], group: str, shown: dict[str, Any]
) -> None:
    before = data_of(red, group)
    assert tell(red, name, **fields) == DONE
    after = data_of(red, group)
    assert {key: after[key] for key in shown} == shown
    assert before != after


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("flash_lights", {}),
        ("honk_horn", {}),
        ("remote_boombox", {"sound": 2000}),
        ("remote_boombox", {}),
        ("auto_secure_vehicle", {}),
        ("set_managed_charge_current_request", {}),
        ("set_managed_charger_location", {}),
        ("set_managed_scheduled_charging_time", {}),
        ("upcoming_calendar_entries", {"calendar_data": {}}),
        ("take_drivenote", {"note": "rattles"}),
        ("set_low_power_mode", {"enable": True}),
        ("keep_accessory_power_mode", {"enable": True}),
        ("start_light_show", {"show_index": 1}),
        ("stop_light_show", {}),
        ("play_video", {"url": "https://video.example/"}),
        ("cancel_soh_test", {}),
        ("set_rate_tariff", {}),
        ("get_rate_tariff", {}),
        ("remove_key", {}),
        ("wake", {}),
        ("reset_valet_pin", {}),
        ("reset_pin_to_drive_pin", {}),
        ("clear_pin_to_drive_admin", {}),
        ("speed_limit_clear_pin_admin", {}),
        ("parental_controls_clear_pin_admin", {}),
        ("parental_controls_set_speed_limit", {"limit_mph": 70}),
        ("parental_controls_enable_setting", {"setting": 3, "enable": True}),
        ("window_control", {"command": "close"}),
        ("closure", {"rearTrunk": "open", "frontTrunk": "none"}),
    ],
)
def test_command_succeeds(red: Car, name: str, fields: dict[str, Any]) -> None:
    assert tell(red, name, **fields) == DONE


@pytest.mark.parametrize(
    ("name", "fields", "reason"),
    [
        ("charge_start", {}, "disconnected"),
        ("charge_stop", {}, "not_charging"),
        ("set_charge_limit", {"percent": 80}, "already_set"),
        ("charge_standard", {}, "already_standard"),
        ("charge_port_door_close", {}, "already closed"),
        (
            "remote_seat_heater_request",
            {"seat_position": 0, "level": 1},
            "cabin comfort remote settings not enabled",
        ),
        (
            "remote_steering_wheel_heater_request",
            {"on": True},
            "cabin comfort remote settings not enabled",
        ),
        (
            "remote_seat_cooler_request",
            {"seat_position": 1, "seat_cooler_level": 1},
            "not_supported",
        ),
        ("hvac_recirculation", {"on": True}, "not_supported"),
        ("sun_roof_control", {"state": "vent"}, "not_supported"),
        ("trigger_homelink", {"lat": 1, "lon": 1}, "not_supported"),
        ("open_tonneau", {}, "not_supported"),
        ("set_suspension_level", {"level": 2}, "not_supported"),
        ("dashcam_save", {}, "not_supported"),
        ("closure", {"frontDriverDoor": "close", "tonneau": "open"}, "not_supported"),
        ("media_toggle_playback", {}, "user_not_present"),
        ("erase_user_data", {}, "not allowed"),
        ("set_valet_mode", {"on": True}, "missing password param"),
        ("speed_limit_deactivate", {"pin": "1234"}, "invalid_pin"),
        ("schedule_software_update", {"offset_sec": 0}, "not_available"),
        ("cancel_software_update", {}, "not_scheduled"),
        ("remove_charge_schedule", {"id": 9}, "invalid_value"),
        ("change_keys", {}, "not_allowed_over_transport"),
    ],
)
def test_car_says_why_not(
    red: Car, name: str, fields: dict[str, Any], reason: str
) -> None:
    assert tell(red, name, **fields) == (False, reason)


@pytest.mark.parametrize(
    ("name", "fields", "bad"),
    [
        ("set_charge_limit", {}, "percent"),
        ("set_charge_limit", {"percent": "much"}, "percent"),
        ("set_charge_limit", {"percent": 70.5}, "percent"),
        ("set_charging_amps", {"charging_amps": True}, "charging_amps"),
        ("set_charging_amps", {"charging_amps": -1}, "charging_amps"),
        ("set_sentry_mode", {"on": "yes"}, "on"),
        ("set_temps", {"passenger_temp": 20}, "driver_temp"),
        ("set_vehicle_name", {"vehicle_name": " "}, "vehicle_name"),
        ("set_valet_mode", {"on": True, "password": "12x4"}, "password"),
        ("speed_limit_activate", {"pin": None}, "pin"),
        ("window_control", {"command": "open"}, "command"),
        ("actuate_trunk", {}, "which_trunk"),
        ("navigation_request", {"value": {}}, "value"),
        ("upcoming_calendar_entries", {}, "calendar_data"),
        ("take_drivenote", {"note": "x" * 81}, "note"),
        ("seat_heater", {"seats": 1}, "seats"),
        ("remote_steering_wheel_heat_level_request", {"level": 2}, "level"),
        (
            "add_charge_schedule",
            {
                "start_enabled": True,
                "end_enabled": False,
                "enabled": True,
                "days_of_week": "Someday",
            },
            "days_of_week",
        ),
        (
            "add_charge_schedule",
            {
                "start_enabled": True,
                "end_enabled": False,
                "enabled": True,
                "days_of_week": "all",
                "lat": 1,
                "lon": 1,
            },
            "start_time",
        ),
        ("set_scheduled_charging", {"enable": True}, "time"),
        ("set_climate_keeper_mode", {"climate_keeper_mode": 4}, "climate_keeper_mode"),
    ],
)
def test_bad_field_is_named(
    red: Car, name: str, fields: dict[str, Any], bad: str
) -> None:
    with pytest.raises(BadField) as caught:
        carry_out(red, Order(name, fields))
    assert caught.value.name == bad
