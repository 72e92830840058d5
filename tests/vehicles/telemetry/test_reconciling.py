"""Wishes are brought to Tesla: accepted, fetched, renewed, moved, taken away."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.utils import timezone

from fleet.endpoints import BY_NAME
from simulator.testing import RunningSimulator
from simulator.world.cars.car import Car
from tests.vehicles.telemetry.conftest import (
    CONFIG,
    Bring,
    Row,
    Send,
    kept,
    pushes,
)
from tokens.services import grants
from vehicles.models import TelemetryConfig, VehicleAccess
from vehicles.services import telemetry
from vehicles.services.telemetry import Destination, claims, queue, reconciling, wishes


def test_wish_is_signed_sent_and_fetched(
    send: Send, registered: RunningSimulator, car: Car, there: Destination
) -> None:
    row = send("Soc", "Location")
    told = kept(registered, car.vin)
    assert told.takes
    assert told.config["fields"] == row.fields
    assert told.config["port"] == there.port
    assert told.config["hostname"] == there.hostname
    assert told.config["ca"] == there.ca
    assert told.config["delivery_policy"] == "latest"
    assert row.expires_at is not None
    assert told.config["exp"] == int(row.expires_at.timestamp())
    assert row.is_answered
    assert (row.refusal, row.limit_reached, row.lease_until) == ("", False, None)
    assert row.confirmed_at is not None
    assert row.synced_at is not None
    assert row.destination_digest == there.digest
    assert (row.attempts, row.car_error) == (0, "")


def test_wish_is_sent_once_however_often_it_is_rung_for(
    send: Send, registered: RunningSimulator, there: Destination, bring: Bring
) -> None:
    send()
    for _bell in range(3):
        bring()
    assert pushes(registered) == 1
    assert reconciling.reconcile("5YJ3E1EA4PF999999", there) is False


def test_car_that_sleeps_is_looked_after_until_it_fetches(
    send: Send,
    row: Row,
    registered: RunningSimulator,
    car: Car,
    there: Destination,
    clock: time_machine.Traveller,
    bring: Bring,
    look: Bring,
) -> None:
    registered.world.tempo.config_lag_s = 10.0**9
    first = send()
    assert (first.synced_at, first.refusal) == (None, "")
    assert first.next_at == timezone.now() + timedelta(seconds=20)
    pauses = []
    for _look in range(6):
        before = timezone.now()
        look()
        after = row().next_at
        assert after is not None
        pauses.append((after - before).total_seconds())
    assert pauses == sorted(pauses)
    registered.world.tempo.config_lag_s = 0.0
    car.wake_up()
    look()
    assert row().synced_at == timezone.now()
    assert pushes(registered) == 1
    # Once it is there, one looks seldom, and the first moment stays.
    synced_at = row().synced_at
    clock.shift(timedelta(days=2))
    bring()
    assert row().synced_at == synced_at
    assert row().next_at == timezone.now() + timedelta(hours=6)


def test_changed_wish_is_sent_anew_and_the_newest_counts(
    send: Send, registered: RunningSimulator, car: Car
) -> None:
    send()
    assert send("Soc", "Gear").is_answered
    assert kept(registered, car.vin).config["fields"].keys() == {"Soc", "Gear"}
    assert pushes(registered) == 2


def test_wish_made_while_another_is_sent_has_its_turn_at_once(
    red: VehicleAccess, send: Send, row: Row, there: Destination, bring: Bring
) -> None:
    wishes.merge(red, {"Soc": None})
    claimed = queue.claim(red.vehicle.vin)
    assert claimed is not None
    assert queue.claim(red.vehicle.vin) is None
    wishes.merge(red, {"Gear": None})
    assert queue.claim(red.vehicle.vin) is None
    pause = timedelta(hours=1)
    assert queue.finish(claimed, {"refusal": "refused"}, pause, is_answered=True)
    assert not row().is_answered
    assert queue.due(there) == [red.vehicle.vin]
    assert bring() is False
    assert row().is_answered
    assert row().refusal == ""


def test_lease_of_a_dead_worker_ends(red: VehicleAccess, there: Destination) -> None:
    vin = red.vehicle.vin
    wishes.merge(red, {"Soc": None})
    assert queue.claim(vin)
    assert queue.due(there) == []
    TelemetryConfig.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert queue.due(there) == [vin]
    assert queue.claim(vin)


def test_last_field_taken_away_deletes_it_at_tesla(
    red: VehicleAccess, send: Send, registered: RunningSimulator, bring: Bring
) -> None:
    send()
    wishes.replace(red, {})
    assert bring() is False
    assert kept(registered, red.vehicle.vin) is None
    assert not TelemetryConfig.objects.exists()


def test_wish_after_the_removal_is_kept(
    red: VehicleAccess, send: Send, row: Row, bring: Bring
) -> None:
    send()
    wishes.remove(red)
    claimed = queue.claim(red.vehicle.vin)
    assert claimed is not None
    wishes.merge(red, {"Gear": None})
    outcome = reconciling._taken_away(claimed, red)  # noqa: SLF001 - a race, by hand
    queue.finish(claimed, outcome.columns, outcome.pause, is_answered=True)
    assert row().confirmed is None
    bring()
    assert row().confirmed is not None
    assert row().fields.keys() == {"Gear"}


def test_removal_at_tesla_where_there_is_nothing_is_done(
    red: VehicleAccess, registered: RunningSimulator, bring: Bring
) -> None:
    wishes.merge(red, {"Soc": None})
    wishes.remove(red)
    registered.faults.add("status", f"*{CONFIG}", status=404)
    bring()
    assert not TelemetryConfig.objects.exists()


def test_config_that_tesla_dropped_is_sent_again(
    send: Send,
    registered: RunningSimulator,
    car: Car,
    clock: time_machine.Traveller,
    bring: Bring,
) -> None:
    send()
    registered.hub.store.remove_config(settings.TESLA_CLIENT_ID, car.vin)
    clock.shift(timedelta(hours=6))
    bring()
    assert pushes(registered) == 2
    assert kept(registered, car.vin) is not None


@pytest.mark.parametrize(
    "other",
    [
        {"hostname": "telemetry.elsewhere.example"},
        {"port": 443},
        {"ca": "another"},
        {"fields": {"Soc": {"interval_seconds": 7}}},
        {"fields": {"Gear": {"interval_seconds": 60}}},
        {"fields": None},
    ],
)
def test_config_that_somebody_else_sent_is_sent_over(
    send: Send,
    row: Row,
    registered: RunningSimulator,
    car: Car,
    look: Bring,
    other: dict[str, Any],
) -> None:
    wanted = send()
    kept(registered, car.vin).config |= other
    look()
    assert pushes(registered) == 2
    assert kept(registered, car.vin).config["fields"] == wanted.fields
    # As soon as Tesla shows what was sent, it is well.
    assert (row().refusal, row().attempts) == ("", 0)
    look()
    assert pushes(registered) == 2


def test_config_that_tesla_writes_its_own_way_is_the_same(
    send: Send,
    registered: RunningSimulator,
    car: Car,
    there: Destination,
    look: Bring,
) -> None:
    send("Soc", "Location")
    shown = kept(registered, car.vin).config
    shown |= {"iss": "key", "aud": "tesla", "port": str(there.port), "alert_types": []}
    shown["ca"] = there.ca.strip().replace("\n", "\r\n")
    shown["fields"] = {
        name: {**settings, "minimum_delta": 0.0, "include_fields": []}
        for name, settings in shown["fields"].items()
    }
    look()
    for name in ("hostname", "port", "ca"):
        del shown[name]
    look()
    assert pushes(registered) == 1


def test_config_is_renewed_before_it_ends(
    send: Send,
    row: Row,
    registered: RunningSimulator,
    clock: time_machine.Traveller,
    bring: Bring,
) -> None:
    first = send().expires_at
    TelemetryConfig.objects.update(
        expires_at=timezone.now() + claims.RENEWED_BEFORE + timedelta(hours=1),
        next_at=timezone.now(),
    )
    bring()
    assert pushes(registered) == 1
    clock.shift(timedelta(hours=2))
    bring()
    assert pushes(registered) == 2
    renewed = row().expires_at
    assert first is not None
    assert renewed is not None
    assert renewed > first


def test_moved_receiver_has_every_car_told(
    send: Send, registered: RunningSimulator, car: Car, there: Destination, bring: Bring
) -> None:
    send()
    moved = replace(there, port=444)
    assert queue.due(there) == []
    assert queue.due(moved) == [car.vin]
    bring(moved)
    assert kept(registered, car.vin).config["port"] == 444
    assert queue.due(moved) == []


def test_stop_forgets_the_wish_so_that_nobody_sends_it_again(
    send: Send, registered: RunningSimulator, red: VehicleAccess, bring: Bring
) -> None:
    send()
    assert telemetry.stop(red.vehicle.vin, grants.client_for(red.grant))
    assert not TelemetryConfig.objects.exists()
    bring()
    assert kept(registered, red.vehicle.vin) is None


def test_car_whose_people_leave_while_it_is_sent_is_stopped(
    red: VehicleAccess, registered: RunningSimulator, there: Destination
) -> None:
    wishes.merge(red, {"Soc": None})
    claimed = queue.claim(red.vehicle.vin)
    assert claimed is not None
    TelemetryConfig.objects.all().delete()
    client = grants.client_for(red.grant)
    config = claims.config_of(claimed, there)
    reconciling._push(client, claimed, config, timezone.now())  # noqa: SLF001 - a race
    assert kept(registered, red.vehicle.vin) is None
    assert BY_NAME["fleet_telemetry_config_delete"].method == "DELETE"


def test_policy_of_sending_once_is_unsaid(
    red: VehicleAccess, registered: RunningSimulator, bring: Bring
) -> None:
    wishes.merge(red, {"Soc": None}, wishes.Options(delivery_policy="no_retry"))
    bring()
    assert "delivery_policy" not in kept(registered, red.vehicle.vin).config
