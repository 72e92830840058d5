"""A car's place, once somebody may not know it any more."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import redis
from django.utils import timezone

from accounts.models import User
from events import channel, latest, shapes
from events.event import Entry, Topic
from tests.factories import client_for, make_bare_grant, make_vehicle
from tests.vehicles.test_telemetry import PAGE, VIN
from tokens.models import TeslaGrant
from vehicles import places
from vehicles.models import VehicleAccess
from vehicles.services import losses
from vehicles.services.telemetry import wishes

PLACE = {"latitude": 52.12345, "longitude": 13.54321}
READING = {
    "drive_state": {**PLACE, "heading": 4, "speed": 5},
    "location_data": PLACE,
    "vehicle_state": {"locked": True},
}


@pytest.fixture
def told(bob: User, events_redis: redis.Redis) -> VehicleAccess:
    """Return Bob's access to a car of which he was told all."""
    access = make_vehicle(make_bare_grant(bob), vin=VIN, access_type="DRIVER")
    VehicleAccess.objects.update(vehicle_data=READING, vehicle_data_at=timezone.now())
    access.refresh_from_db()
    events = (
        shapes.data(VIN, {"Location": PLACE, "Soc": 80.5}, 1_700_000_000_000),
        shapes.vehicle_data(VIN, READING, 1_700_000_000_000),
        shapes.state(VIN, "online", 1_700_000_000_000),
    )
    channel.publish(events_redis, [Entry(bob.pk, event) for event in events])
    return access


def hide(access: VehicleAccess) -> None:
    VehicleAccess.objects.filter(pk=access.pk).update(hide_private=True)


def unscope(access: VehicleAccess) -> None:
    scopes = [one for one in access.grant.scopes if one != "vehicle_location"]
    TeslaGrant.objects.filter(pk=access.grant_id).update(scopes=scopes)


Ending = Callable[[VehicleAccess], None]
both = pytest.mark.parametrize("end", [hide, unscope])


@both
def test_pages_show_no_place_that_may_not_be_known(
    told: VehicleAccess, bob: User, end: Ending
) -> None:
    wishes.merge(told, {"Location": None, "Soc": None})
    client = client_for(bob)
    pages = (PAGE, f"/console/vehicle/{VIN}", f"/console/vehicle/{VIN}?show=json")
    before = [client.get(page).content.decode() for page in pages]
    assert all("52.12345" in page for page in before)
    end(told)
    after = [client.get(page).content.decode() for page in pages]
    assert not any("52.12345" in page for page in after)
    assert 'data-live-signal="Soc"' in after[0]


@both
def test_place_is_deleted_when_it_may_not_be_known_any_more(
    told: VehicleAccess, bob: User, events_redis: redis.Redis, end: Ending
) -> None:
    losses.forget_lost(told.grant)
    assert "Location" in latest.snapshot(events_redis, bob.pk, VIN).signals
    end(told)
    losses.forget_lost(TeslaGrant.objects.get())
    found = latest.snapshot(events_redis, bob.pk, VIN)
    assert (set(found.signals), set(found.others)) == ({"Soc"}, {Topic.STATE})


def test_all_goes_with_the_last_access_to_a_car(
    told: VehicleAccess, bob: User, events_redis: redis.Redis
) -> None:
    other = make_vehicle(make_bare_grant(bob), vin=VIN)
    VehicleAccess.objects.filter(pk=told.pk).update(gone_at=timezone.now())
    losses.forget_lost(told.grant)
    assert latest.snapshot(events_redis, bob.pk, VIN).signals
    VehicleAccess.objects.filter(pk=other.pk).update(gone_at=timezone.now())
    losses.forget_lost(told.grant)
    assert latest.products(events_redis, bob.pk) == []


@pytest.mark.usefixtures("redis_away")
def test_lost_car_without_redis_waits_for_the_next_list(bob: User) -> None:
    access = make_vehicle(make_bare_grant(bob), vin=VIN)
    losses.forget_lost(access.grant)


def test_what_may_be_known_is_left_as_it_is(told: VehicleAccess, bob: User) -> None:
    assert places.reading(READING, sees_location=True) == READING
    event = shapes.vehicle_data(VIN, {"drive_state": None}, 5)
    known = latest.Snapshot(VIN, others={Topic.VEHICLE_DATA: event})
    assert places.shown(known, sees_location=True) is known
    seen: Any = places.shown(known, sees_location=False).others[Topic.VEHICLE_DATA]
    assert json.loads(seen.body) == json.loads(event.body)
