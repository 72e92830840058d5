import json
from datetime import UTC, datetime
from typing import Any

import pytest

from simulator.clock import Clock
from simulator.world import World
from simulator.world.cars.battery import Curve
from simulator.world.cars.car import Car, VehicleUnavailable
from simulator.world.cars.keys import KeychainFull
from simulator.world.persons import Person
from simulator.world.tempo import Tempo

START_AT = datetime(2026, 6, 15, 18, 0, tzinfo=UTC)
MINUTE_S, HOUR_S, DAY_S = 60.0, 3600.0, 86_400.0
ALL: set[str] = set()
RECORD = {
    "id",
    "user_id",
    "vehicle_id",
    "vin",
    "color",
    "access_type",
    "display_name",
    "option_codes",
    "cached_data",
    "granular_access",
    "tokens",
    "state",
    "in_service",
    "id_s",
    "calendar_enabled",
    "api_version",
    "backseat_token",
    "backseat_token_updated_at",
    "ble_autopair_enrolled",
}


@pytest.fixture
def clock() -> Clock:
    return Clock(START_AT)


@pytest.fixture
def world(clock: Clock) -> World:
    return World(7, clock, tempo=Tempo(wake_delay_s=20.0, sleep_after_s=660.0))


@pytest.fixture
def alice(world: World) -> Person:
    return world.persons["alice@example.com"]


@pytest.fixture
def bob(world: World) -> Person:
    return world.persons["bob@example.com"]


@pytest.fixture
def charlie(world: World) -> Person:
    return world.persons["charlie@example.com"]


def charge(car: Car, person: Person) -> dict[str, Any]:
    found = car.vehicle_data(person, {"charge_state"}, with_location=False)
    state: dict[str, Any] = found["charge_state"]
    return state


def names(found: list[tuple[Car, str]]) -> list[tuple[str, str]]:
    return [(car.name, access_type) for car, access_type in found]


def test_cast_shows_each_person_their_own_cars(
    world: World, alice: Person, bob: Person, charlie: Person
) -> None:
    assert names(world.cars_of(alice)) == [
        ("Red", "OWNER"),
        ("Luna", "OWNER"),
        ("Granny", "OWNER"),
    ]
    assert names(world.cars_of(bob)) == [
        ("Red", "DRIVER"),
        ("Blitz", "OWNER"),
        ("Nimbus", "OWNER"),
        ("Charger", "OWNER"),
    ]
    assert world.cars_of(charlie) == []


def test_find_car_takes_vin_and_both_ids_but_not_vehicle_id(
    world: World, alice: Person, charlie: Person
) -> None:
    red = world.car_named("Red")
    assert world.find_car(alice, red.vin) == (red, "OWNER")
    assert world.find_car(alice, str(red.id)) == (red, "OWNER")
    assert world.find_car(alice, str(red.vehicle_id)) is None
    assert world.find_car(charlie, red.vin) is None


def test_car_named_refuses_unknown_names(world: World) -> None:
    with pytest.raises(KeyError):
        world.car_named("Nobody")
    with pytest.raises(KeyError):
        world.site_named("Nowhere")


def test_seed_decides_vins_and_people(world: World) -> None:
    again, other = World(7, Clock(START_AT)), World(8, Clock(START_AT))
    assert list(again.cars) == list(world.cars)
    assert not set(other.cars) & set(world.cars)
    subs = {person.sub for person in world.persons.values()}
    assert len(subs) == 3
    assert subs == {person.sub for person in again.persons.values()}


def test_profile_has_no_password(alice: Person) -> None:
    assert alice.profile() == {
        "email": "alice@example.com",
        "full_name": "Alice Moreau",
        "profile_image_url": "https://vehicle-files.example/profile.png",
        "vault_uuid": alice.vault_uuid,
    }
    assert "tesla" not in repr(alice)


def test_states_at_the_beginning(world: World) -> None:
    assert {car.name: car.state for car in world.cars.values()} == {
        "Red": "online",
        "Luna": "asleep",
        "Granny": "online",
        "Blitz": "online",
        "Nimbus": "offline",
        "Charger": "online",
    }


def test_idle_car_falls_asleep_and_is_reported_later(
    world: World, clock: Clock
) -> None:
    red = world.car_named("Red")
    clock.advance(659.0)
    assert red.state == "online"
    clock.advance(2.0)
    assert (red.state, red.reported_state) == ("asleep", "online")
    clock.advance(3.0)
    assert red.reported_state == "asleep"


def test_reads_do_not_keep_a_modern_car_awake(
    world: World, clock: Clock, alice: Person
) -> None:
    red = world.car_named("Red")
    for _ in range(2):
        clock.advance(5 * MINUTE_S)
        red.vehicle_data(alice, ALL, with_location=False)
    clock.advance(2 * MINUTE_S)
    assert red.state == "asleep"


def test_reads_keep_an_old_car_awake(world: World, clock: Clock, alice: Person) -> None:
    granny = world.car_named("Granny")
    for _ in range(6):
        clock.advance(10 * MINUTE_S)
        granny.vehicle_data(alice, ALL, with_location=False)
    assert granny.state == "online"
    clock.advance(11 * MINUTE_S)
    assert granny.state == "asleep"


def test_patience_is_between_ten_and_fifteen_minutes(clock: Clock) -> None:
    red = World(7, clock).car_named("Red")
    clock.advance(10 * MINUTE_S - 1)
    assert red.state == "online"
    clock.advance(5 * MINUTE_S + 1)
    assert red.state == "asleep"


def test_wake_up_takes_its_time(world: World, clock: Clock, alice: Person) -> None:
    luna = world.car_named("Luna")
    with pytest.raises(VehicleUnavailable):
        luna.vehicle_data(alice, ALL, with_location=False)
    luna.wake_up()
    assert luna.record(alice)["state"] == "asleep"
    clock.advance(19.0)
    luna.wake_up()
    assert luna.state == "asleep"
    clock.advance(1.0)
    assert (luna.state, luna.reported_state) == ("online", "asleep")
    clock.advance(3.0)
    assert luna.reported_state == "online"
    assert luna.vehicle_data(alice, ALL, with_location=False)["state"] == "online"
    clock.advance(11 * MINUTE_S)
    assert luna.state == "asleep"


def test_wake_up_of_an_online_car_starts_its_patience_anew(
    world: World, clock: Clock
) -> None:
    red = world.car_named("Red")
    clock.advance(10 * MINUTE_S)
    red.wake_up()
    clock.advance(10 * MINUTE_S)
    assert red.state == "online"


def test_drawn_wake_delays_lie_between_ten_and_sixty_seconds(clock: Clock) -> None:
    luna = World(7, clock).car_named("Luna")
    luna.wake_up()
    clock.advance(9.9)
    assert luna.state == "asleep"
    clock.advance(50.1)
    assert luna.state == "online"


def test_offline_car_never_answers(world: World, clock: Clock) -> None:
    nimbus = world.car_named("Nimbus")
    nimbus.wake_up()
    clock.advance(HOUR_S)
    assert (nimbus.state, nimbus.reported_state) == ("offline", "offline")
    for read in (nimbus.nearby_charging_sites, nimbus.recent_alerts):
        with pytest.raises(VehicleUnavailable):
            read()


@pytest.mark.parametrize("use", ["sentry_mode", "user_present"])
def test_use_keeps_a_car_awake(world: World, clock: Clock, use: str) -> None:
    red = world.car_named("Red")
    setattr(red.condition.body, use, True)
    clock.advance(HOUR_S)
    assert red.state == "online"
    red.stir()
    setattr(red.condition.body, use, False)
    clock.advance(10 * MINUTE_S)
    assert red.state == "online"
    clock.advance(MINUTE_S)
    assert red.state == "asleep"


def test_stirring_a_sleeping_car_does_not_wake_it(world: World) -> None:
    luna = world.car_named("Luna")
    luna.stir()
    luna.touch()
    assert luna.state == "asleep"


def test_charger_charges_to_its_limit_and_sleeps(
    world: World, clock: Clock, bob: Person
) -> None:
    car = world.car_named("Charger")
    first = charge(car, bob)
    assert first["charging_state"] == "Charging"
    assert (first["charger_voltage"], first["charger_phases"]) == (230, 3)
    assert (first["charger_actual_current"], first["charger_power"]) == (16, 11)
    clock.advance((first["minutes_to_full_charge"] - 5) * MINUTE_S)
    assert charge(car, bob)["charging_state"] == "Charging"
    clock.advance(6 * MINUTE_S)
    last = charge(car, bob)
    assert (last["charging_state"], last["battery_level"]) == ("Complete", 80)
    assert last["minutes_to_full_charge"] == last["charger_power"] == 0
    gained = last["energy_remaining"] - first["energy_remaining"]
    added = last["charge_energy_added"] - first["charge_energy_added"]
    assert gained == pytest.approx(added, abs=0.02)
    clock.advance(11 * MINUTE_S)
    assert car.state == "asleep"


def test_stopped_charging_keeps_the_level(
    world: World, clock: Clock, bob: Person
) -> None:
    car = world.car_named("Charger")
    clock.advance(600.0)
    car.settle()
    car.stir()
    car.condition.charging.enabled = False
    level = charge(car, bob)["energy_remaining"]
    clock.advance(600.0)
    assert charge(car, bob)["charging_state"] == "Stopped"
    assert charge(car, bob)["energy_remaining"] == level


def test_starting_lasts_a_few_seconds(
    world: World, clock: Clock, alice: Person
) -> None:
    luna = world.car_named("Luna")
    clock.advance(DAY_S + 2.0)
    assert charge(luna, alice)["charging_state"] == "Starting"
    clock.advance(10.0)
    assert charge(luna, alice)["charging_state"] == "Charging"


def test_physics_do_not_depend_on_how_often_one_asks(bob: Person) -> None:
    often, once = World(7, Clock(START_AT)), World(7, Clock(START_AT))
    for _ in range(200):
        often.clock.advance(937.0)
        for car in often.cars.values():
            car.moment()
            car.settle()
    once.clock.advance(200 * 937.0)
    for vin, car in often.cars.items():
        here, there = car.moment().anchor, once.cars[vin].moment().anchor
        assert here.energy_kwh == pytest.approx(there.energy_kwh, abs=1e-6)
        assert here.added_kwh == pytest.approx(there.added_kwh, abs=1e-6)
        assert here.inside_c == pytest.approx(there.inside_c, abs=1e-6)


def test_driving_car_moves(world: World, clock: Clock, bob: Person) -> None:
    blitz = world.car_named("Blitz")
    groups = {"drive_state", "vehicle_state", "location_data"}
    seen = []
    for _ in range(10):
        seen.append(blitz.vehicle_data(bob, groups, with_location=True))
        clock.advance(30.0)
    drives = [one["drive_state"] for one in seen]
    assert {drive["shift_state"] for drive in drives} == {"D"}
    assert all(0 < drive["speed"] < 90 for drive in drives)
    assert len({(drive["latitude"], drive["longitude"]) for drive in drives}) == 10
    left = [drive["active_route_miles_to_arrival"] for drive in drives]
    assert left == sorted(left, reverse=True)
    odometers = [one["vehicle_state"]["odometer"] for one in seen]
    driven = odometers[-1] - odometers[0]
    assert driven == pytest.approx(left[0] - left[-1], abs=1e-5)
    assert seen[0]["vehicle_state"]["media_info"]["media_playback_status"] == "Playing"


def test_driving_car_never_sleeps_and_fast_charges(
    world: World, clock: Clock, bob: Person
) -> None:
    blitz = world.car_named("Blitz")
    states, types = set(), set()
    for _ in range(240):
        clock.advance(MINUTE_S)
        states.add(blitz.state)
        types.add(charge(blitz, bob)["fast_charger_type"])
    assert states == {"online"}
    assert types == {"<invalid>", "Combo"}
    assert charge(blitz, bob)["battery_level"] > 70


def test_location_needs_the_group_the_scope_and_no_private_mode(
    world: World, bob: Person
) -> None:
    blitz = world.car_named("Blitz")
    both = {"drive_state", "location_data"}
    assert (
        "latitude" in blitz.vehicle_data(bob, both, with_location=True)["drive_state"]
    )
    for groups, allowed in ((both, False), ({"drive_state"}, True)):
        drive = blitz.vehicle_data(bob, groups, with_location=allowed)["drive_state"]
        assert "latitude" not in drive
        assert "native_latitude" not in drive
        assert "active_route_latitude" not in drive


def test_location_alone_fills_drive_state(world: World, bob: Person) -> None:
    blitz = world.car_named("Blitz")
    found = blitz.vehicle_data(bob, {"location_data"}, with_location=True)
    assert "latitude" in found["drive_state"]
    assert "speed" not in found["drive_state"]
    assert "charge_state" not in found


def test_closures_land_in_vehicle_state(world: World, alice: Person) -> None:
    red = world.car_named("Red")
    found = red.vehicle_data(alice, {"closures_state"}, with_location=False)
    assert found["vehicle_state"]["locked"] is True
    assert "odometer" not in found["vehicle_state"]
    assert "closures_state" not in found


def test_record_and_product_have_every_key(world: World, alice: Person) -> None:
    red = world.car_named("Red")
    record, product = red.record(alice), red.product(alice)
    assert set(record) == RECORD
    extra = {
        "device_type",
        "vehicle_config",
        "command_signing",
        "release_notes_supported",
    }
    assert set(product) == RECORD | extra
    assert product["command_signing"] == "required"
    assert record["id_s"] == str(record["id"]) != str(record["vehicle_id"])


def test_driver_sees_own_user_and_access(world: World, bob: Person) -> None:
    record = world.car_named("Red").record(bob)
    assert (record["access_type"], record["user_id"]) == ("DRIVER", bob.user_id)


def test_command_signing_and_protocol_differ(world: World) -> None:
    assert {
        car.name: (car.command_signing, car.protocol_required)
        for car in world.cars.values()
    } == {
        "Red": ("required", True),
        "Luna": ("required", True),
        "Granny": ("off", False),
        "Blitz": ("required", True),
        "Nimbus": ("allowed", False),
        "Charger": ("required", True),
    }


def test_vehicle_data_without_groups_has_all_but_schedules(
    world: World, alice: Person
) -> None:
    found = world.car_named("Red").vehicle_data(alice, ALL, with_location=False)
    assert set(found) - RECORD == {
        "charge_state",
        "climate_state",
        "drive_state",
        "gui_settings",
        "vehicle_config",
        "vehicle_state",
    }


def test_every_group_is_json_with_a_timestamp(
    world: World, clock: Clock, alice: Person, bob: Person
) -> None:
    groups = {
        "vehicle_data_combo",
        "location_data",
        "charge_schedule_data",
        "preconditioning_schedule_data",
    }
    for car, person in ((world.car_named("Granny"), alice), *_online(world, bob)):
        found = car.vehicle_data(person, groups, with_location=True)
        json.dumps(found)
        now_ms = int(clock.now().timestamp() * 1000)
        for name in set(found) - RECORD:
            stamp = found[name]["timestamp"]
            if isinstance(stamp, dict):
                stamp = stamp["seconds"] * 1000
            assert stamp == now_ms


def _online(world: World, bob: Person) -> list[tuple[Car, Person]]:
    return [(car, bob) for car, _ in world.cars_of(bob) if car.state == "online"]


def test_sun_roof_and_third_row_only_where_built(
    world: World, clock: Clock, alice: Person, bob: Person
) -> None:
    granny = world.car_named("Granny").vehicle_data(alice, ALL, with_location=False)
    red = world.car_named("Red").vehicle_data(alice, ALL, with_location=False)
    assert granny["vehicle_state"]["sun_roof_state"] == "closed"
    assert "sun_roof_state" not in red["vehicle_state"]
    nimbus = world.car_named("Nimbus")
    nimbus.condition.wake.has_signal = True
    nimbus.wake_up()
    clock.advance(20.0)
    climate = nimbus.vehicle_data(bob, ALL, with_location=False)["climate_state"]
    assert climate["seat_heater_third_row_left"] == 0
    assert "seat_heater_third_row_left" not in red["climate_state"]


def test_cabin_reaches_the_wanted_temperature(
    world: World, clock: Clock, alice: Person
) -> None:
    red = world.car_named("Red")
    before = red.vehicle_data(alice, ALL, with_location=False)["climate_state"]
    assert before["is_climate_on"] is False
    red.settle()
    red.condition.climate.is_on = True
    red.condition.climate.driver_c = 19.0
    clock.advance(HOUR_S)
    after = red.vehicle_data(alice, ALL, with_location=False)["climate_state"]
    assert (after["inside_temp"], after["is_preconditioning"]) == (19.0, True)


def test_scheduled_charging_names_its_next_start(world: World, alice: Person) -> None:
    red = world.car_named("Red")
    red.condition.charging.scheduled_mode = "StartAt"
    red.condition.charging.scheduled_start_minutes = 11 * 60
    # The world starts at 10:00 on the car's own clock.
    start_s = int(START_AT.timestamp()) + 3600
    assert charge(red, alice)["scheduled_charging_start_time"] == start_s


def test_software_update_goes_through_its_phases(
    world: World, clock: Clock, bob: Person
) -> None:
    car = world.car_named("Charger")
    car.condition.body.sentry_mode = True
    software = car.condition.software

    def phase() -> tuple[str, int]:
        found = car.vehicle_data(bob, {"vehicle_state"}, with_location=False)
        update = found["vehicle_state"]["software_update"]
        return update["status"], update["download_perc"]

    assert phase() == ("downloading", 0)
    clock.advance(15 * MINUTE_S)
    assert phase() == ("downloading", 50)
    clock.advance(15 * MINUTE_S)
    assert phase() == ("available", 100)
    software.install_s = clock.now().timestamp() + 120.0
    assert phase() == ("scheduled", 100)
    clock.advance(180.0)
    assert phase() == ("installing", 100)
    assert car.firmware == "2026.32.6"
    clock.advance(HOUR_S)
    assert phase() == ("", 0)
    assert car.firmware == "2026.38.3"
    software.download_s = software.install_s = 0.0
    assert phase() == ("downloading_wifi_wait", 0)


def test_key_is_reported_after_the_lag(world: World, clock: Clock) -> None:
    luna = world.car_named("Luna")
    slot = luna.pair("04ab", "keys.example")
    assert luna.pair("04ab", "keys.example") == slot
    assert not luna.is_paired("04ab")
    clock.advance(15.0)
    assert luna.is_paired("04ab")
    assert luna.fleet_status("04ab") == {
        "firmware_version": "2026.32.6",
        "vehicle_command_protocol_required": True,
        "discounted_device_data": False,
        "fleet_telemetry_version": "1.2.0",
        "total_number_of_keys": 3,
        "safety_screen_streaming_toggle_enabled": None,
    }
    luna.unpair("04ab")
    luna.unpair("04ab")
    assert not luna.is_paired("04ab")


def test_keychain_holds_twenty_keys(world: World) -> None:
    luna = world.car_named("Luna")
    for number in range(18):
        luna.pair(f"04{number:02x}", "keys.example")
    with pytest.raises(KeychainFull):
        luna.pair("04ff", "keys.example")


def test_first_registered_key_is_on_the_paired_car_only(world: World) -> None:
    world.adopt_key("04aa", "keys.example")
    world.adopt_key("04bb", "keys.example")
    on_cars = {car.name: list(car.paired_keys) for car in world.cars.values()}
    assert on_cars.pop("Red") == ["04aa"]
    assert set(map(tuple, on_cars.values())) == {()}
    assert world.car_named("Red").is_paired("04aa")


def test_hidden_driver_gets_no_location(world: World, bob: Person) -> None:
    red = world.car_named("Red")
    red.hide_from(bob)
    both = {"drive_state", "location_data"}
    found = red.vehicle_data(bob, both, with_location=True)
    assert found["granular_access"] == {"hide_private": True}
    assert "latitude" not in found["drive_state"]


def test_drivers_can_be_listed_and_removed(world: World, bob: Person) -> None:
    red = world.car_named("Red")
    (driver,) = red.drivers()
    assert driver["driver_first_name"] == "Bob"
    assert driver["user_id_s"] == str(bob.user_id)
    assert red.remove_driver(1) is False
    assert red.remove_driver(bob.user_id) is True
    assert red.drivers() == []
    assert ("Red", "DRIVER") not in names(world.cars_of(bob))


def test_invitations_are_made_and_revoked(world: World) -> None:
    red = world.car_named("Red")
    made = red.invite()
    assert made["state"] == "pending"
    assert made["expires_at"] == "2026-06-16T18:00:00+00:00"
    assert red.revoke_invitation("1") is False
    assert red.revoke_invitation(made["id_s"]) is True
    assert [one["state"] for one in red.invitations()] == ["revoked"]


def test_papers_have_the_documented_shapes(world: World) -> None:
    red = world.car_named("Red")
    assert red.mobile_enabled() == {"result": True, "reason": ""}
    red.condition.mobile_access = False
    assert red.mobile_enabled()["reason"] == "mobile_access_disabled"
    alert = red.recent_alerts()["recent_alerts"][0]
    assert set(alert) == {"name", "time", "audience", "user_text"}
    note = red.release_notes()["response"]["release_notes"][0]
    assert note["customer_version"] == "2026.38.3"
    assert red.service_data() == {}
    red.condition.in_service = True
    assert red.service_data()["service_status"] == "in_service"
    assert red.options()["codes"][0]["code"] == "$PPMR"


def test_old_car_has_expired_warranties(world: World) -> None:
    granny = world.car_named("Granny").warranty()
    assert len(granny["expiredWarranty"]) >= 2
    red = world.car_named("Red").warranty()
    assert red["upcomingWarranty"] == []
    assert {one["warrantyType"] for one in red["activeWarranty"]} >= {"BATTERY"}


def test_chargers_are_near_sorted_and_counted(world: World) -> None:
    found = world.car_named("Red").nearby_charging_sites(3, 40)
    miles = [one["distance_miles"] for one in found["superchargers"]]
    assert len(miles) == 3
    assert miles == sorted(miles)
    assert max(miles) <= 40
    stalls = found["superchargers"][0]
    assert 0 <= stalls["available_stalls"] <= stalls["total_stalls"]
    assert "total_stalls" not in found["destination_charging"][0]


@pytest.mark.parametrize("limit", [0.5, 0.8, 1.0])
def test_curve_agrees_with_itself(limit: float) -> None:
    curve = Curve(pack_kwh=60.0, full_kw=120.0, knee=0.3)
    hours = curve.hours_to(6.0, limit * 60.0)
    assert curve.after(6.0, hours, limit * 60.0) == pytest.approx(limit * 60.0)
    halfway = curve.after(6.0, hours / 2.0, 60.0)
    twice = curve.after(halfway, hours / 2.0, 60.0)
    assert twice == pytest.approx(limit * 60.0)
    assert curve.hours_to(60.0, limit * 60.0) == 0.0
    assert curve.power_kw(6.0) == 120.0 > curve.power_kw(halfway + 10.0)


def test_dump_survives_json_and_a_restart(
    world: World, clock: Clock, alice: Person, bob: Person
) -> None:
    luna, charger = world.car_named("Luna"), world.car_named("Charger")
    luna.pair("04ab", "keys.example")
    luna.wake_up()
    charger.settle()
    charger.condition.charging.limit_percent = 60
    world.car_named("Red").invite()
    clock.advance(50 * MINUTE_S)
    saved = json.loads(json.dumps(world.dump()))
    later = World(7, clock, tempo=world.tempo)
    later.load(saved)
    assert later.dump() == world.dump()
    for vin, car in world.cars.items():
        assert later.cars[vin].state == car.state
        assert later.cars[vin].paired_keys == car.paired_keys
    assert charge(later.car_named("Charger"), bob) == charge(charger, bob)


def test_load_drops_what_the_seed_lacks(world: World) -> None:
    other = World(8, Clock(START_AT))
    before = other.dump()
    other.load(world.dump())
    assert other.dump()["cars"] == before["cars"]
