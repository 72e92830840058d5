"""Who is told of a car's state, and who of a reading."""

from datetime import timedelta
from typing import Any

import pytest
import redis
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from events import channel, latest, shapes
from events.event import Entry
from tests.factories import SCOPES, make_bare_grant, make_vehicle
from tests.fixtures.events import During, Told, of
from tests.vehicles.conftest import Link
from tokens.models import Inquiry
from vehicles import tasks
from vehicles.models import Vehicle, VehicleAccess
from vehicles.services import announcing, vehicles

VIN = "5YJ3E1EA4PF000001"
READING: dict[str, Any] = {
    "vin": VIN,
    "state": "online",
    "tokens": ["secret"],
    "backseat_token": "secret",
    "charge_state": {"battery_level": 64},
    "drive_state": {
        "speed": None,
        "latitude": 52.5,
        "longitude": 13.4,
        "native_latitude": 52.5,
        "active_route_destination": "Home",
        "heading": 90,
    },
    "location_data": {"latitude": 52.5},
}


def answered(access: VehicleAccess, endpoint: str, answer: object) -> Inquiry:
    return Inquiry(
        user=access.grant.user,
        grant=access.grant,
        subject=VIN,
        endpoint=endpoint,
        state=Inquiry.State.ANSWERED,
        answered_at=timezone.now(),
        answer=answer,
    )


def readings(told: Told, user: User) -> list[Any]:
    """Return the readings that a user was told."""
    return [one for one in of(told, user) if "vehicle_data" in one]


def test_new_state_is_told_to_all_who_see_the_car(
    alice: User, bob: User, charlie: User, during: During
) -> None:
    access = make_vehicle(make_bare_grant(alice), state="asleep")
    make_vehicle(make_bare_grant(bob))
    make_bare_grant(charlie)
    record = {"vin": VIN, "state": "online"}
    told = during(lambda: vehicles.note_record(access, record, timezone.now()))
    for user in (alice, bob):
        assert [(one["vin"], one["state"]) for one in of(told, user)] == [
            (VIN, "online")
        ]
    assert of(told, charlie) == []
    again = timezone.now() + timedelta(seconds=5)
    assert during(lambda: vehicles.note_record(access, record, again)) == []
    assert Vehicle.objects.get().state_at == again


@pytest.mark.parametrize("state", ["waking", "", "x" * 40])
def test_words_that_are_no_states_are_not_told(
    alice: User, during: During, state: str
) -> None:
    access = make_vehicle(make_bare_grant(alice), state="asleep")
    record = {"vin": VIN, "state": state}
    assert during(lambda: vehicles.note_record(access, record, timezone.now())) == []


def test_older_state_changes_nothing(alice: User, during: During) -> None:
    now = timezone.now()
    make_vehicle(make_bare_grant(alice), state="asleep", state_at=now)
    seen = {VIN: ("online", now - timedelta(seconds=1))}
    assert during(lambda: vehicles.note_seen(seen)) == []
    assert Vehicle.objects.get().state == "asleep"


def test_change_that_was_taken_back_is_not_told(alice: User, during: During) -> None:
    make_vehicle(make_bare_grant(alice), state="asleep")

    def fail() -> None:
        with transaction.atomic():
            vehicles.note_seen({VIN: ("online", timezone.now())})
            transaction.set_rollback(True)

    assert during(fail) == []


def test_listing_tells_the_states_of_new_cars(
    link: Link, alice: User, during: During
) -> None:
    told = of(during(lambda: link(alice)), alice)
    by_vin = {one["vin"]: one["state"] for one in told if "state" in one}
    states = dict(Vehicle.objects.values_list("vin", "state"))
    assert by_vin == states
    grant = VehicleAccess.objects.all()[0].grant
    assert of(during(lambda: tasks.sync(str(grant.pk))), alice) == []


def test_state_that_a_streaming_car_said_of_itself_does_not_last(
    alice: User, events_redis: redis.Redis, during: During
) -> None:
    now = timezone.now()
    access = make_vehicle(make_bare_grant(alice), state="asleep", state_at=now)
    woken_ms = int(now.timestamp() * 1000) + 1000
    online = Entry(alice.pk, shapes.state(VIN, "online", woken_ms))
    channel.publish(events_redis, [online])
    record = {"vin": VIN, "state": "asleep"}

    def listed_after(seconds: int) -> list[str]:
        at = now + timedelta(seconds=seconds)
        told = of(during(lambda: vehicles.note_record(access, record, at)), alice)
        return [one["state"] for one in told]

    # A list that was asked for before the car woke does not know better.
    assert [listed_after(at) for at in (0, 60, 120)] == [[], ["asleep"], []]


@pytest.mark.parametrize("loses", [True, False])
def test_listing_tells_who_has_heard_of_no_state_yet(
    link: Link,
    alice: User,
    bob: User,
    events_redis: redis.Redis,
    during: During,
    *,
    loses: bool,
) -> None:
    during(lambda: link(alice))
    grant = VehicleAccess.objects.all()[0].grant
    states = dict(Vehicle.objects.values_list("vin", "state"))
    who = alice
    if loses:
        latest.forget(events_redis, alice.pk, states)
    else:
        who, other = bob, make_bare_grant(bob)
        for vin in states:
            make_vehicle(other, vin=vin)
    told = of(during(lambda: tasks.sync(str(grant.pk))), who)
    assert {one["vin"]: one["state"] for one in told if "state" in one} == states


def test_reading_is_told_to_whom_it_belongs_without_secrets(
    alice: User, bob: User, during: During
) -> None:
    access = make_vehicle(make_bare_grant(alice), state="online")
    make_vehicle(make_bare_grant(bob))
    told = during(
        lambda: vehicles.note_answer(access, answered(access, "vehicle_data", READING))
    )
    assert readings(told, bob) == []
    (event,) = readings(told, alice)
    assert event["vehicle_data"]["charge_state"] == {"battery_level": 64}
    assert event["vehicle_data"]["drive_state"] == READING["drive_state"]
    assert "secret" not in str(event)


def test_older_reading_is_not_told(alice: User, during: During) -> None:
    access = make_vehicle(make_bare_grant(alice), state="online")
    VehicleAccess.objects.update(
        vehicle_data={}, vehicle_data_at=timezone.now() + timedelta(minutes=1)
    )
    work = answered(access, "vehicle_data", READING)
    told = during(lambda: vehicles.note_answer(access, work))
    assert readings(told, alice) == []


@pytest.mark.parametrize(
    ("scopes", "hides"),
    [(SCOPES, True), (tuple(set(SCOPES) - {"vehicle_location"}), False)],
)
def test_place_is_cut_for_who_may_not_see_it(
    alice: User, during: During, scopes: tuple[str, ...], *, hides: bool
) -> None:
    access = make_vehicle(make_bare_grant(alice, scopes=scopes), state="online")
    access.hide_private = hides
    work = answered(access, "vehicle_data", READING)
    told = during(lambda: vehicles.note_answer(access, work))
    (event,) = readings(told, alice)
    assert event["vehicle_data"]["drive_state"] == {"speed": None}
    assert "location_data" not in event["vehicle_data"]


def test_reading_of_an_odd_shape_is_told_as_it_is(alice: User, during: During) -> None:
    def tell() -> None:
        announcing.tell_reading(
            alice.pk, VIN, {"drive_state": 5}, timezone.now(), sees_location=False
        )

    (event,) = of(during(tell), alice)
    assert event["vehicle_data"] == {"drive_state": 5}
