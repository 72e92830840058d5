"""Who sees a car is told what it is to stream, and how far that has come."""

from collections.abc import Callable
from typing import Any

import pytest
import redis
from django.conf import settings
from django.utils import timezone

from accounts.models import User
from tests.fixtures.events import During, of
from tests.vehicles.telemetry.conftest import Bring, Row
from tokens.models import TeslaGrant
from vehicles import tasks
from vehicles.models import TelemetryConfig, VehicleAccess
from vehicles.services.telemetry import telling, wishes

Told = Callable[[Callable[[], object], User], list[Any]]


@pytest.fixture
def told(during: During, red: VehicleAccess) -> Told:
    """Return a function that lists Red's configurations that somebody is told of."""

    def do(work: Callable[[], object], user: User) -> list[Any]:
        found = of(during(work), user)
        return [
            one["config"]
            for one in found
            if "config" in one and one["vin"] == red.vehicle.vin
        ]

    return do


def test_wish_is_told_as_pending_and_then_as_what_the_car_has(
    told: Told, red: VehicleAccess, alice: User, row: Row, bring: Bring
) -> None:
    (wished,) = told(lambda: wishes.merge(red, {"Soc": None}), alice)
    assert wished["pending"] is True
    assert "exp" not in wished
    (kept,) = told(bring, alice)
    assert kept == telling.shape(row())
    assert kept["pending"] is False
    assert {"hostname", "port", "ca", "exp"} <= kept.keys()
    (changed,) = told(lambda: wishes.merge(red, {"Gear": None}), alice)
    assert changed["pending"] is True
    (kept,) = told(bring, alice)
    assert kept["pending"] is False


def test_what_was_told_is_not_told_again(
    told: Told, red: VehicleAccess, alice: User, bring: Bring, bring_now: Bring
) -> None:
    wishes.merge(red, {"Soc": None})
    assert len(told(bring, alice)) == 1
    assert told(bring_now, alice) == []
    assert told(lambda: tasks.sync(str(red.grant_id)), alice) == []


def test_who_sees_the_car_later_is_told(
    bobs: TeslaGrant,
    told: Told,
    red: VehicleAccess,
    bob: User,
    row: Row,
) -> None:
    VehicleAccess.objects.filter(grant=bobs).update(gone_at=timezone.now())
    assert told(lambda: wishes.merge(red, {"Soc": None}), bob) == []
    sync = lambda: tasks.sync(str(bobs.pk))  # noqa: E731 - it is done twice
    assert told(sync, bob) == [telling.shape(row())]
    assert told(sync, bob) == []


def test_redis_that_was_emptied_is_told_by_the_next_list(
    told: Told, red: VehicleAccess, alice: User, row: Row
) -> None:
    told(lambda: wishes.merge(red, {"Soc": None}), alice)
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        for key in client.scan_iter("keyfob:*"):
            client.delete(key)
    sync = lambda: tasks.sync(str(red.grant_id))  # noqa: E731 - it is done twice
    assert told(sync, alice) == [telling.shape(row())]
    assert told(sync, alice) == []


def test_removed_wish_is_told_once(
    bobs: TeslaGrant,
    told: Told,
    red: VehicleAccess,
    alice: User,
    bob: User,
    bring: Bring,
) -> None:
    VehicleAccess.objects.filter(grant=bobs).update(gone_at=timezone.now())
    told(lambda: wishes.merge(red, {"Soc": None}), alice)
    assert told(lambda: wishes.remove(red), alice) == [{"fields": {}}]
    assert told(bring, alice) == []
    assert not TelemetryConfig.objects.exists()
    assert told(lambda: tasks.sync(str(red.grant_id)), alice) == []
    # Nor is somebody told who was told nothing before.
    assert told(lambda: tasks.sync(str(bobs.pk)), bob) == []


def test_removal_that_was_not_told_is_told_by_the_next_list(
    told: Told, red: VehicleAccess, alice: User
) -> None:
    told(lambda: wishes.merge(red, {"Soc": None}), alice)
    TelemetryConfig.objects.all().delete()
    sync = lambda: tasks.sync(str(red.grant_id))  # noqa: E731 - it is done twice
    assert told(sync, alice) == [{"fields": {}}]
    assert told(sync, alice) == []


def test_wish_is_brought_while_redis_is_away(
    red: VehicleAccess,
    row: Row,
    bring: Bring,
    settings: Any,
    django_capture_on_commit_callbacks: Any,
) -> None:
    settings.REDIS_URL = "unix:///nowhere/telling.sock"
    with django_capture_on_commit_callbacks(execute=True):
        wishes.merge(red, {"Soc": None})
        bring()
        tasks.sync(str(red.grant_id))
    assert row().confirmed is not None
