"""Commands that need each other, time, or a certain car."""

from dataclasses import replace
from typing import Any

import pytest

from simulator.clock import Clock
from simulator.world import World
from simulator.world.cars.car import Car
from tests.simulator.world.moments import DONE, data_of, tell

PICKUP = [
    ("set_outlets", "request", 2),
    ("set_outlet_timer", "num_minutes", 30),
    ("set_outlet_soc_limit", "percent", 40),
    ("set_power_feed", "request", 3),
    ("set_power_feed_timer", "num_minutes", 30),
    ("set_power_feed_soc_limit", "percent", 40),
    ("set_powershare_discharge_limit", "percent", 40),
    ("set_powershare_feature", "on", True),
    ("set_powershare_request", "on", True),
    ("set_lightbar_brightness", "brightness", 200),
    ("set_lightbar_middle", "on", True),
    ("set_lightbar_ditch", "on", True),
    ("set_tent_mode", "on", True),
    ("set_trailer_light_test", "on", True),
    ("set_truck_bed_light_auto", "on", True),
    ("set_truck_bed_light_brightness", "brightness", 90),
    ("front_zone_light", "level", 1),
    ("rear_zone_light", "level", 3),
]


def test_charging_stops_and_starts(charger: Car, clock: Clock) -> None:
    level = charger.moment().anchor.energy_kwh
    assert tell(charger, "charge_start") == (False, "is_charging")
    assert tell(charger, "charge_stop") == DONE
    clock.advance(1800)
    assert charger.moment().anchor.energy_kwh == level
    assert charger.moment().charging_state == "Stopped"
    assert tell(charger, "charge_start") == DONE
    clock.advance(1800)
    assert charger.moment().anchor.energy_kwh > level
    data = data_of(charger, "charge_state")
    assert data["charging_state"] == "Charging"
    assert data["charge_enable_request"] is True


def test_stopped_charging_begins_with_the_next_cable(
    charger: Car, clock: Clock
) -> None:
    tell(charger, "charge_stop")
    clock.advance(charger.spec.routine.period_s)
    assert charger.moment().charging_state == "Charging"


def test_full_car_does_not_charge(world: World, clock: Clock) -> None:
    luna = world.car_named("Luna")
    assert tell(luna, "charge_start") == (False, "complete")
    assert tell(luna, "set_charge_limit", percent=90) == DONE
    clock.advance(10)
    assert luna.moment().charging_state == "Charging"
    assert luna.state == "online"


def test_charging_that_begins_is_requested(charger: Car) -> None:
    period_s = charger.spec.routine.period_s
    charger.spec = replace(charger.spec, lead_s=2.0)
    charger.condition.anchor.at_s += period_s
    assert tell(charger, "charge_start") == (False, "requested")


@pytest.mark.parametrize("percent", [49, 0, 101, -5])
def test_limits_out_of_bounds_are_ignored(red: Car, percent: int) -> None:
    assert tell(red, "set_charge_limit", percent=percent) == DONE
    assert red.condition.charging.limit_percent == 80


def test_limit_words(red: Car) -> None:
    tell(red, "charge_max_range")
    assert tell(red, "charge_max_range") == (False, "already_max_range")
    assert tell(red, "charge_standard") == DONE
    assert red.condition.charging.limit_percent == 80


def test_charge_port_knows_its_cable(red: Car, charger: Car) -> None:
    assert tell(red, "charge_port_door_open") == DONE
    assert tell(red, "charge_port_door_open") == (False, "already open")
    assert tell(red, "charge_port_door_close") == DONE
    assert tell(charger, "charge_port_door_open") == DONE
    assert tell(charger, "charge_port_door_close") == (False, "cable connected")


def test_schedules_come_and_go(red: Car) -> None:
    home = red.spec.home
    here = {"lat": home.latitude, "lon": home.longitude, "enabled": True}
    there = {**here, "lat": 1.0}
    times = {"start_enabled": True, "start_time": 60, "end_enabled": False}
    assert (
        tell(red, "add_charge_schedule", **here, **times, days_of_week="Mon, tuesday")
        == DONE
    )
    tell(red, "add_charge_schedule", **there, **times, days_of_week="Weekdays", id=5)
    tell(red, "add_charge_schedule", **there, **times, days_of_week=127, id=5, name="W")
    first, second = data_of(red, "charge_schedule_data")["charge_schedules"]
    assert (first["id"], first["days_of_week"]) == (int(red.now_s), 6)
    assert (second["id"], second["days_of_week"], second["name"]) == (5, 127, "W")
    batch = {"home": True, "work": True, "other": False}
    assert tell(red, "batch_remove_charge_schedules", **batch) == DONE
    assert data_of(red, "charge_schedule_data")["charge_schedules"] == [second]
    assert tell(red, "remove_charge_schedule", id=5) == DONE
    assert data_of(red, "charge_schedule_data")["charge_schedules"] == []


def test_precondition_schedules_come_and_go(red: Car) -> None:
    asked = {"lat": 1, "lon": 1, "enabled": True, "precondition_time": 420}
    tell(red, "add_precondition_schedule", **asked, days_of_week="All", id=3)
    [made] = data_of(red, "preconditioning_schedule_data")["precondition_schedules"]
    assert (made["id"], made["precondition_time"], made["days_of_week"]) == (
        3,
        420,
        127,
    )
    tell(red, "add_precondition_schedule", **asked, days_of_week="62", id=4)
    assert tell(red, "remove_precondition_schedule", id=3) == DONE
    batch = {"home": False, "work": False, "other": True}
    assert tell(red, "batch_remove_precondition_schedules", **batch) == DONE
    assert data_of(red, "preconditioning_schedule_data")["precondition_schedules"] == []


def test_plans_can_be_ended(red: Car) -> None:
    tell(red, "set_scheduled_charging", enable=True, time=90)
    assert tell(red, "set_scheduled_charging", enable=False) == DONE
    assert tell(red, "set_scheduled_departure", enable=False) == DONE
    data = data_of(red, "charge_state")
    assert (data["scheduled_charging_mode"], data["preconditioning_enabled"]) == (
        *("Off", False),
    )


def test_climate_reaches_the_car_and_its_seats(red: Car, clock: Clock) -> None:
    red.condition.climate.driver_c = 15.0
    warm_c = red.moment().anchor.inside_c
    assert tell(red, "auto_conditioning_start") == DONE
    assert tell(red, "remote_seat_heater_request", heater=1, level=2) == DONE
    assert tell(red, "seat_heater", seats={"0": 3, "4": 1}) == DONE
    assert tell(red, "remote_steering_wheel_heater_request", on=True) == DONE
    assert tell(red, "hvac_recirculation", on=True) == DONE
    clock.advance(1800)
    data = data_of(red, "climate_state")
    assert data["inside_temp"] < warm_c
    assert [data[f"seat_heater_{one}"] for one in ("left", "right", "rear_center")] == [
        *(3, 2, 1),
    ]
    assert data["steering_wheel_heat_level"] == 3
    assert tell(red, "remote_steering_wheel_heat_level_request", level=1) == DONE
    third = {"seat_position": 7, "level": 1}
    assert tell(red, "remote_seat_heater_request", **third) == (False, "not_supported")
    assert tell(red, "set_climate_keeper_mode", climate_keeper_mode=0) == DONE
    assert tell(red, "auto_conditioning_stop") == DONE
    assert data_of(red, "climate_state")["is_climate_on"] is False


def test_cooled_seats_where_there_are_any(nimbus: Car) -> None:
    asked = {"seat_position": 2, "seat_cooler_level": 3}
    comfort = "cabin comfort remote settings not enabled"
    assert tell(nimbus, "remote_seat_cooler_request", **asked) == (False, comfort)
    tell(nimbus, "auto_conditioning_start")
    assert tell(nimbus, "remote_seat_cooler_request", **asked) == DONE
    assert (
        tell(nimbus, "remote_seat_cooler_request", seat_position=1, seat_cooler_level=0)
        == DONE
    )
    data = data_of(nimbus, "climate_state")
    assert (data["seat_fan_front_left"], data["seat_fan_front_right"]) == (0, 3)
    heat = {"seat_position": 8, "level": 1}
    assert tell(nimbus, "remote_seat_heater_request", **heat) == DONE
    assert tell(nimbus, "set_suspension_level", level=3) == DONE


def test_old_car_has_a_roof_and_no_overheat_level(world: World) -> None:
    granny = world.car_named("Granny")
    shown = []
    for state in ("vent", "stop", "open", "close"):
        assert tell(granny, "sun_roof_control", state=state) == DONE
        shown.append(data_of(granny, "vehicle_state")["sun_roof_percent_open"])
    assert shown == [15, 15, 100, 0]
    assert tell(granny, "set_cop_temp", cop_temp=1) == (False, "not_supported")


def test_remote_start_ends_by_itself(red: Car, clock: Clock) -> None:
    tell(red, "remote_start_drive")
    clock.advance(121)
    assert data_of(red, "vehicle_state")["remote_start"] is False


def test_trunks_toggle_as_they_can(red: Car) -> None:
    shown = []
    for which in ("rear", "rear", "front"):
        assert tell(red, "actuate_trunk", which_trunk=which) == DONE
        shown.append(
            (red.condition.body.doors.get("rt"), red.condition.body.doors.get("ft"))
        )
    assert shown == [(1, None), (0, None), (0, 1)]
    assert tell(red, "actuate_trunk", which_trunk="front") == (False, "not_supported")
    assert tell(red, "closure", rearTrunk="stop") == DONE
    assert tell(red, "closure", frontTrunk="close", rearTrunk="close") == (
        *(False, "not_supported"),
    )


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("honk_horn", {}),
        ("flash_lights", {}),
        ("remote_start_drive", {}),
        ("remote_boombox", {}),
        ("actuate_trunk", {"which_trunk": "rear"}),
        ("window_control", {"command": "vent"}),
        ("set_valet_mode", {"on": True, "password": "1234"}),
        ("set_climate_keeper_mode", {"climate_keeper_mode": 1}),
        ("start_light_show", {}),
        ("erase_user_data", {}),
    ],
)
def test_driving_car_waits_for_park(
    blitz: Car, name: str, fields: dict[str, Any]
) -> None:
    assert tell(blitz, name, **fields) == (False, "vehicle_not_in_park")


def test_valet_mode_keeps_things_closed(red: Car) -> None:
    assert data_of(red, "vehicle_state")["valet_pin_needed"] is True
    assert tell(red, "set_valet_mode", on=True, password=1234) == DONE
    data = data_of(red, "vehicle_state")
    assert (data["valet_mode"], data["valet_pin_needed"]) == (True, False)
    assert tell(red, "guest_mode", enable=True) == (False, "valet_mode")
    assert tell(red, "actuate_trunk", which_trunk="front") == (False, "valet_mode")
    assert tell(red, "actuate_trunk", which_trunk="rear") == DONE
    assert tell(red, "reset_valet_pin") == (False, "not allowed")
    wrong = {"on": False, "password": "9999"}
    assert tell(red, "set_valet_mode", **wrong) == (False, "invalid_pin")
    assert tell(red, "set_valet_mode", on=False) == DONE
    assert tell(red, "set_valet_mode", on=True) == DONE
    tell(red, "set_valet_mode", on=False, password="1234")
    assert tell(red, "reset_valet_pin") == DONE
    assert red.condition.pins == {}


def test_pin_to_drive_is_kept_and_cleared(red: Car) -> None:
    assert tell(red, "set_pin_to_drive", on=True, password="0042") == DONE
    assert tell(red, "set_pin_to_drive", on=False, password="0043") == (
        *(False, "invalid_pin"),
    )
    assert tell(red, "reset_pin_to_drive_pin") == (False, "not allowed")
    assert tell(red, "clear_pin_to_drive_admin") == DONE
    assert (red.condition.body.pin_to_drive, red.condition.pins) == (False, {})
    assert "0042" not in repr(red.condition)


def test_speed_limit_is_guarded_by_its_pin(red: Car) -> None:
    assert tell(red, "speed_limit_activate", pin="1111") == DONE
    mode = data_of(red, "vehicle_state")["speed_limit_mode"]
    assert (mode["active"], mode["pin_code_set"]) == (True, True)
    assert tell(red, "speed_limit_deactivate", pin="2222") == (False, "invalid_pin")
    assert tell(red, "speed_limit_deactivate", pin="1111") == DONE
    assert tell(red, "speed_limit_activate", pin="2222") == (False, "invalid_pin")
    assert tell(red, "speed_limit_clear_pin", pin="1111") == DONE
    assert data_of(red, "vehicle_state")["speed_limit_mode"]["pin_code_set"] is False


def test_parental_controls_are_guarded_by_their_pin(red: Car) -> None:
    assert tell(red, "parental_controls", activate=True, pin="1111") == DONE
    assert red.condition.extras["parental_controls"] is True
    assert tell(red, "parental_controls_deactivate", pin="2222") == (
        *(False, "invalid_pin"),
    )
    assert tell(red, "parental_controls", activate=False, pin="1111") == DONE
    assert tell(red, "parental_controls_activate", pin="1111") == DONE
    assert tell(red, "parental_controls_clear_pin", pin="1111") == DONE
    assert red.condition.extras["parental_controls"] is False


def test_guest_data_are_erased(red: Car) -> None:
    tell(red, "guest_mode", enable=True)
    tell(red, "navigation_request", value="Pier")
    assert tell(red, "erase_user_data") == DONE
    assert (red.condition.route, red.condition.body.guest_mode) == ({}, False)


def test_music_needs_somebody_inside(red: Car, blitz: Car) -> None:
    for name in ("media_next_track", "media_next_fav", "media_toggle_playback"):
        assert tell(blitz, name) == DONE
    red.condition.body.user_present = True
    tell(red, "media_toggle_playback")
    first = data_of(red, "vehicle_state")["media_info"]
    assert first["media_playback_status"] == "Playing"
    tell(red, "media_next_track")
    second = data_of(red, "vehicle_state")["media_info"]
    assert second["now_playing_title"] != first["now_playing_title"]
    for name in ("media_prev_track", "media_prev_fav", "media_next_fav"):
        tell(red, name)
    again = data_of(red, "vehicle_state")["media_info"]
    assert again["now_playing_title"] == first["now_playing_title"]
    tell(red, "media_toggle_playback")
    assert red.condition.media.status == "Paused"
    heard = []
    for name, fields in (
        ("adjust_volume", {"volume": 11}),
        ("media_volume_up", {}),
        ("media_volume_down", {}),
        ("adjust_volume", {"volume": 0}),
        ("media_volume_down", {}),
    ):
        assert tell(red, name, **fields) == DONE
        heard.append(data_of(red, "vehicle_state")["media_info"]["audio_volume"])
    assert heard == [10.3333, 10.3333, 10.0, 0.0, 0.0]


def test_software_is_scheduled_cancelled_and_installed(
    charger: Car, clock: Clock
) -> None:
    def status() -> str:
        return str(data_of(charger, "vehicle_state")["software_update"]["status"])

    assert tell(charger, "schedule_software_update", offset_sec=0) == (
        *(False, "not_available"),
    )
    clock.advance(1800)
    assert status() == "available"
    assert tell(charger, "schedule_software_update", offset_sec=600) == DONE
    assert status() == "scheduled"
    assert tell(charger, "cancel_software_update") == DONE
    assert status() == "available"
    tell(charger, "schedule_software_update", offset_sec=0)
    assert status() == "installing"
    clock.advance(2701)
    assert (status(), charger.firmware) == ("", "2026.38.3")


def test_dashcam_saves_while_it_records(red: Car) -> None:
    tell(red, "set_sentry_mode", on=True)
    assert tell(red, "dashcam_save") == DONE


@pytest.mark.parametrize(("name", "field", "value"), PICKUP)
def test_pickup_has_its_own_parts(red: Car, name: str, field: str, value: Any) -> None:
    assert tell(red, name, **{field: value}) == (False, "not_supported")
    red.spec = replace(red.spec, configuration={"tonneau": True})
    assert tell(red, name, **{field: value}) == DONE
    assert red.condition.extras[name] == value
    assert tell(red, "stop_tonneau") == DONE


def test_full_keychain_takes_no_key(red: Car) -> None:
    red.condition.more_keys = 18
    assert tell(red, "change_keys") == (False, "keychain_full")


def test_commands_keep_a_car_awake_and_survive_a_restart(
    red: Car, clock: Clock, world: World
) -> None:
    clock.advance(600)
    tell(red, "honk_horn")
    tell(red, "set_charge_limit", percent=66)
    tell(red, "set_valet_mode", on=True, password="1234")
    clock.advance(600)
    assert red.state == "online"
    other = World(world.seed, clock)
    other.load(world.dump())
    again = other.car_named("Red").condition
    assert (again.charging.limit_percent, again.pins) == (66, {"valet": "1234"})
