import json

from simulator.clock import Clock
from simulator.world import World
from simulator.world.cars.car import Car
from simulator.world.persons import Person
from tests.simulator.world.moments import (
    ALL,
    HOUR_S,
    MINUTE_S,
    RECORD,
    START_AT,
    charge,
)


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


def test_hidden_driver_gets_no_location(world: World, bob: Person) -> None:
    red = world.car_named("Red")
    red.hide_from(bob)
    both = {"drive_state", "location_data"}
    found = red.vehicle_data(bob, both, with_location=True)
    assert found["granular_access"] == {"hide_private": True}
    assert "latitude" not in found["drive_state"]


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
