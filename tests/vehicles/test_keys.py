"""What can be said about a car's virtual key, and how often Tesla is asked."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import User
from tests.factories import make_bare_grant, make_vehicle
from vehicles.models import Vehicle
from vehicles.services import keys
from vehicles.services.keys import KeyState

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("paired", "required", "signing", "expected"),
    [
        (True, True, "required", KeyState.INSTALLED),
        (True, False, "off", KeyState.INSTALLED),
        (False, True, "required", KeyState.MISSING),
        (False, None, "required", KeyState.MISSING),
        (False, False, "allowed", KeyState.NOT_NEEDED),
        (None, False, "", KeyState.NOT_NEEDED),
        (None, None, "off", KeyState.NOT_NEEDED),
        (False, True, "off", KeyState.MISSING),
        (None, True, "required", KeyState.CANNOT_TELL),
        (None, None, "", KeyState.CANNOT_TELL),
    ],
)
def test_key_state_follows_fleet_status(
    *, paired: bool | None, required: bool | None, signing: str, expected: KeyState
) -> None:
    vehicle = Vehicle(
        key_paired=paired, protocol_required=required, command_signing=signing
    )
    assert keys.key_state(vehicle) == expected


@pytest.mark.parametrize(
    ("watched_s", "pause_s"), [(0, 5), (15, 5), (30, 10), (90, 30), (299, 60)]
)
def test_pause_grows_the_longer_one_waits(watched_s: int, pause_s: int) -> None:
    now = NOW + timedelta(seconds=watched_s)
    assert keys.pause_after(NOW, now) == timedelta(seconds=pause_s)


@pytest.mark.django_db
def test_claim_check_is_given_once(alice: User) -> None:
    vehicle = make_vehicle(make_bare_grant(alice), key_paired=False).vehicle
    assert keys.claim_check(vehicle, NOW) is None
    keys.watch(vehicle, NOW)
    vehicle.refresh_from_db()
    assert keys.claim_check(vehicle, NOW) == timedelta(seconds=5)
    assert keys.claim_check(vehicle, NOW) is None
    assert keys.claim_check(vehicle, NOW + timedelta(seconds=4)) is None
    later = NOW + timedelta(seconds=30)
    assert keys.claim_check(vehicle, later) == timedelta(seconds=10)


@pytest.mark.django_db
def test_claim_check_ends_with_the_watch_and_with_the_key(alice: User) -> None:
    vehicle = make_vehicle(make_bare_grant(alice), key_paired=False).vehicle
    keys.watch(vehicle, NOW)
    vehicle.refresh_from_db()
    assert keys.claim_check(vehicle, NOW + keys.WATCHED_FOR) is None
    vehicle.key_paired = True
    assert keys.claim_check(vehicle, NOW) is None


@pytest.mark.django_db
def test_watch_does_not_hasten_a_check_that_was_just_made(alice: User) -> None:
    asked_at = NOW - timedelta(seconds=2)
    vehicle = make_vehicle(
        make_bare_grant(alice), key_paired=False, fleet_status_at=asked_at
    ).vehicle
    assert keys.watch(vehicle, NOW) == asked_at + keys.SHORTEST_PAUSE
    Vehicle.objects.update(key_check_at=NOW + timedelta(minutes=1))
    assert keys.watch(vehicle, NOW) == asked_at + keys.SHORTEST_PAUSE
    Vehicle.objects.update(key_check_at=NOW)
    assert keys.watch(vehicle, NOW) == NOW


@pytest.mark.django_db
@pytest.mark.parametrize(("asked_s_ago", "wait_s"), [(2, 3), (60, 0)])
def test_watch_says_when_the_first_check_can_be_claimed(
    alice: User, asked_s_ago: int, wait_s: int
) -> None:
    vehicle = make_vehicle(
        make_bare_grant(alice),
        key_paired=False,
        fleet_status_at=NOW - timedelta(seconds=asked_s_ago),
    ).vehicle
    at = keys.watch(vehicle, NOW)
    assert at == NOW + timedelta(seconds=wait_s)
    assert keys.claim_check(vehicle, at) is not None
