import json

import pytest

from simulator.clock import Clock
from simulator.world import World
from simulator.world.cars.car import Car
from simulator.world.persons import Person
from tests.simulator.world.moments import (
    MINUTE_S,
    START_AT,
    charge,
)


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


def test_stranger_has_no_record(world: World, charlie: Person) -> None:
    with pytest.raises(KeyError):
        world.car_named("Red").record(charlie)


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
