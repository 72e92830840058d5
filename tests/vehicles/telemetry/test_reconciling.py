"""Wishes are brought to Tesla: accepted, fetched, refused, tried again, renewed."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.utils import timezone

from accounts import crypto
from accounts.models import User
from fleet.endpoints import BY_NAME
from simulator.testing import RunningSimulator
from simulator.world.cars.car import Car
from tests.factories import SCOPES
from tests.vehicles.conftest import Link, paths
from tests.vehicles.telemetry.conftest import PATH
from tokens.models import SigningKey, TeslaGrant
from tokens.services import grants, signing_keys
from vehicles import tasks
from vehicles.models import TelemetryConfig, Vehicle, VehicleAccess
from vehicles.services import telemetry
from vehicles.services.telemetry import Destination, claims, queue, reconciling, wishes
from vehicles.services.telemetry.refusals import Code

Send = Callable[..., TelemetryConfig]
Row = Callable[[], TelemetryConfig]


@pytest.fixture
def car(registered: RunningSimulator, red: VehicleAccess) -> Car:
    """Return Red as Tesla has it."""
    return registered.world.car_named("Red")


@pytest.fixture
def bobs(link: Link, bob: User) -> TeslaGrant:
    """Return Bob's grant, which sees Red, too."""
    return link(bob)


def kept(registered: RunningSimulator, vin: str) -> Any:
    """Return what the simulated Tesla keeps for a car of ours, None for nothing."""
    return registered.hub.store.configs.get((settings.TESLA_CLIENT_ID, vin))


def pushes(registered: RunningSimulator) -> int:
    """Return how often a configuration was sent."""
    return len(paths(registered, PATH))


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
    send: Send, registered: RunningSimulator, car: Car, there: Destination
) -> None:
    send()
    for _bell in range(3):
        reconciling.reconcile(car.vin, there)
    assert pushes(registered) == 1
    assert reconciling.reconcile("5YJ3E1EA4PF999999", there) is False


def test_car_that_sleeps_is_looked_after_until_it_fetches(
    red: VehicleAccess,
    send: Send,
    row: Row,
    registered: RunningSimulator,
    car: Car,
    there: Destination,
    clock: time_machine.Traveller,
) -> None:
    registered.world.tempo.config_lag_s = 10.0**9
    first = send()
    assert (first.synced_at, first.refusal) == (None, "")
    assert first.next_at == timezone.now() + timedelta(seconds=20)
    pauses = []
    for _look in range(6):
        before = timezone.now()
        due_at = row().next_at
        assert due_at is not None
        clock.move_to(due_at)
        reconciling.reconcile(car.vin, there)
        after = row().next_at
        assert after is not None
        pauses.append((after - before).total_seconds())
    assert pauses == sorted(pauses)
    registered.world.tempo.config_lag_s = 0.0
    car.wake_up()
    due_at = row().next_at
    assert due_at is not None
    clock.move_to(due_at)
    reconciling.reconcile(car.vin, there)
    assert row().synced_at == timezone.now()
    assert pushes(registered) == 1
    # Once it is there, one looks seldom, and the first moment stays.
    synced_at = row().synced_at
    clock.shift(timedelta(days=2))
    reconciling.reconcile(car.vin, there)
    assert row().synced_at == synced_at
    assert row().next_at == timezone.now() + timedelta(hours=6)


def test_changed_wish_is_sent_anew_and_the_newest_counts(
    red: VehicleAccess, send: Send, row: Row, registered: RunningSimulator, car: Car
) -> None:
    send()
    assert send("Soc", "Gear").is_answered
    assert kept(registered, car.vin).config["fields"].keys() == {"Soc", "Gear"}
    assert pushes(registered) == 2


def test_wish_made_while_another_is_sent_has_its_turn_at_once(
    red: VehicleAccess, send: Send, row: Row, there: Destination
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
    assert reconciling.reconcile(red.vehicle.vin, there) is False
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
    red: VehicleAccess, send: Send, registered: RunningSimulator, there: Destination
) -> None:
    send()
    wishes.replace(red, {})
    assert reconciling.reconcile(red.vehicle.vin, there) is False
    assert kept(registered, red.vehicle.vin) is None
    assert not TelemetryConfig.objects.exists()


def test_wish_after_the_removal_is_kept(
    red: VehicleAccess, send: Send, row: Row, there: Destination
) -> None:
    send()
    wishes.remove(red)
    claimed = queue.claim(red.vehicle.vin)
    assert claimed is not None
    wishes.merge(red, {"Gear": None})
    outcome = reconciling._taken_away(claimed, red)  # noqa: SLF001 - a race, by hand
    queue.finish(claimed, outcome.columns, outcome.pause, is_answered=True)
    assert row().confirmed is None
    reconciling.reconcile(red.vehicle.vin, there)
    assert row().confirmed is not None
    assert row().fields.keys() == {"Gear"}


def test_removal_at_tesla_where_there_is_nothing_is_done(
    red: VehicleAccess, registered: RunningSimulator, there: Destination
) -> None:
    wishes.merge(red, {"Soc": None})
    wishes.remove(red)
    registered.faults.add("status", "*/fleet_telemetry_config", status=404)
    reconciling.reconcile(red.vehicle.vin, there)
    assert not TelemetryConfig.objects.exists()


@pytest.mark.parametrize(
    "code", ["missing_key", "unsupported_hardware", "unsupported_firmware"]
)
def test_skipped_car_says_why_and_is_tried_again(
    send: Send,
    row: Row,
    red: VehicleAccess,
    car: Car,
    there: Destination,
    clock: time_machine.Traveller,
    code: str,
) -> None:
    if code == "missing_key":
        car.unpair(signing_keys.public_hex())
    else:
        car.condition.streaming.unsupported = code.removeprefix("unsupported_")
    refused = send()
    assert (refused.refusal, refused.confirmed) == (code, None)
    assert refused.is_answered
    assert refused.next_at == timezone.now() + timedelta(minutes=5)
    car.condition.streaming.unsupported = ""
    car.pair(signing_keys.public_hex(), settings.TESLA_DOMAIN)
    clock.shift(timedelta(minutes=5))
    reconciling.reconcile(car.vin, there)
    assert (row().refusal, row().refused_at) == ("", None)
    assert row().confirmed is not None


def test_key_that_is_there_now_brings_the_wish_its_turn(
    send: Send, row: Row, red: VehicleAccess, car: Car, there: Destination
) -> None:
    car.unpair(signing_keys.public_hex())
    send()
    assert queue.due(there) == []
    Vehicle.objects.update(key_paired=False)
    tasks.sync(str(red.grant_id))
    assert queue.due(there) == []
    car.pair(signing_keys.public_hex(), settings.TESLA_DOMAIN)
    Vehicle.objects.update(fleet_status_at=None)
    tasks.sync(str(red.grant_id))
    assert queue.due(there) == [car.vin]


def test_scope_that_is_granted_now_brings_the_wish_its_turn(
    send: Send, row: Row, red: VehicleAccess, there: Destination
) -> None:
    TeslaGrant.objects.update(scopes=["openid", "vehicle_device_data"])
    refused = send("Location")
    assert refused.refusal == Code.MISSING_SCOPE
    telemetry.try_again_with(red.grant)
    assert queue.due(there) == [red.vehicle.vin]


def test_full_car_is_sent_again_when_a_place_is_free(
    send: Send,
    row: Row,
    registered: RunningSimulator,
    car: Car,
    there: Destination,
    clock: time_machine.Traveller,
) -> None:
    car.condition.streaming.no_slot = True
    refused = send()
    assert (refused.refusal, refused.limit_reached) == (Code.MAX_CONFIGS, True)
    clock.shift(timedelta(minutes=2))
    reconciling.reconcile(car.vin, there)
    assert pushes(registered) == 1
    assert row().next_at == timezone.now() + timedelta(minutes=4)
    # A fault in between changes nothing about that.
    registered.faults.add("html", "*/fleet_telemetry_config")
    clock.shift(timedelta(minutes=4))
    reconciling.reconcile(car.vin, there)
    registered.faults.clear()
    assert (row().refusal, row().limit_reached) == (Code.MAX_CONFIGS, True)
    car.condition.streaming.no_slot = False
    clock.shift(timedelta(minutes=30))
    car.wake_up()
    reconciling.reconcile(car.vin, there)
    assert (row().refusal, row().limit_reached) == ("", False)
    assert row().synced_at is not None


def _answers(registered: RunningSimulator, **response: Any) -> None:
    """Let Tesla say something of its own of a car's configuration."""
    content = {"key_paired": True, "limit_reached": False, **response}
    body = json.dumps({"response": content})
    registered.faults.add("body", "*/fleet_telemetry_config", body=body, status=200)


def test_place_lost_after_tesla_took_it_is_told(
    send: Send, registered: RunningSimulator
) -> None:
    _answers(
        registered, synced=False, config={"fields": {}, "a": 1}, limit_reached=True
    )
    refused = send()
    assert (refused.refusal, refused.limit_reached) == (Code.LIMIT_REACHED, True)
    assert refused.confirmed is not None


def test_config_that_the_car_has_none_of_is_told(
    send: Send, registered: RunningSimulator
) -> None:
    _answers(registered, synced=True, config=None)
    assert send().refusal == Code.NOT_KEPT


def test_config_that_tesla_dropped_is_sent_again(
    send: Send,
    row: Row,
    registered: RunningSimulator,
    car: Car,
    there: Destination,
    clock: time_machine.Traveller,
) -> None:
    send()
    registered.hub.store.remove_config(settings.TESLA_CLIENT_ID, car.vin)
    clock.shift(timedelta(hours=6))
    reconciling.reconcile(car.vin, there)
    assert pushes(registered) == 2
    assert kept(registered, car.vin) is not None


def test_config_is_renewed_before_it_ends(
    send: Send,
    row: Row,
    registered: RunningSimulator,
    car: Car,
    there: Destination,
    clock: time_machine.Traveller,
) -> None:
    first = send().expires_at
    TelemetryConfig.objects.update(
        expires_at=timezone.now() + claims.RENEWED_BEFORE + timedelta(hours=1),
        next_at=timezone.now(),
    )
    reconciling.reconcile(car.vin, there)
    assert pushes(registered) == 1
    clock.shift(timedelta(hours=2))
    reconciling.reconcile(car.vin, there)
    assert pushes(registered) == 2
    renewed = row().expires_at
    assert first is not None
    assert renewed is not None
    assert renewed > first


def test_moved_receiver_has_every_car_told(
    send: Send, row: Row, registered: RunningSimulator, car: Car, there: Destination
) -> None:
    send()
    moved = replace(there, port=444)
    assert queue.due(there) == []
    assert queue.due(moved) == [car.vin]
    reconciling.reconcile(car.vin, moved)
    assert kept(registered, car.vin).config["port"] == 444
    assert queue.due(moved) == []


def test_receiver_outside_the_domain_is_told(
    red: VehicleAccess, row: Row, there: Destination
) -> None:
    wishes.merge(red, {"Soc": None})
    elsewhere = replace(there, hostname="telemetry.example.org")
    reconciling.reconcile(red.vehicle.vin, elsewhere)
    assert row().refusal == Code.WRONG_DOMAIN
    assert "domain" in row().refusal_details
    # Tried again at once where the operator corrects it.
    assert queue.due(there) == [red.vehicle.vin]
    reconciling.reconcile(red.vehicle.vin, there)
    assert row().refusal == ""


def test_receiver_without_a_certificate_is_told(
    red: VehicleAccess, row: Row, there: Destination
) -> None:
    wishes.merge(red, {"Soc": None})
    reconciling.reconcile(red.vehicle.vin, replace(there, ca=""))
    assert row().refusal == Code.BAD_CERTIFICATE


@pytest.mark.parametrize("fault", ["html", "refuse", "rate_limit", "server_error"])
def test_faults_of_tesla_are_weather(
    red: VehicleAccess,
    row: Row,
    registered: RunningSimulator,
    there: Destination,
    clock: time_machine.Traveller,
    fault: str,
) -> None:
    wishes.merge(red, {"Soc": None})
    registered.faults.add(fault, f"*{PATH}")
    reconciling.reconcile(red.vehicle.vin, there)
    assert row().refusal == Code.NO_ANSWER
    assert not row().is_answered
    due_at = row().next_at
    assert due_at is not None
    assert timedelta(seconds=30) <= due_at - timezone.now() <= timedelta(minutes=2)
    registered.faults.clear()
    clock.move_to(due_at)
    reconciling.reconcile(red.vehicle.vin, there)
    assert (row().refusal, row().is_answered) == ("", True)


def test_fault_after_tesla_took_it_loses_nothing(
    send: Send, row: Row, registered: RunningSimulator, car: Car, there: Destination
) -> None:
    registered.faults.add("html", "*/fleet_telemetry_config")
    taken = send()
    assert taken.confirmed is not None
    assert taken.is_answered
    registered.faults.clear()
    TelemetryConfig.objects.update(next_at=timezone.now())
    reconciling.reconcile(car.vin, there)
    assert pushes(registered) == 1
    assert row().synced_at is not None


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"updated_vehicles": 0}, Code.REFUSED),
        ({"updated_vehicles": 0, "skipped_vehicles": None}, Code.REFUSED),
        ([], Code.NO_ANSWER),
    ],
)
def test_strange_answers_are_told(
    red: VehicleAccess,
    row: Row,
    registered: RunningSimulator,
    there: Destination,
    answer: Any,
    code: Code,
) -> None:
    wishes.merge(red, {"Soc": None})
    body = json.dumps({"response": answer})
    registered.faults.add("body", f"*{PATH}", body=body, status=200)
    reconciling.reconcile(red.vehicle.vin, there)
    assert row().refusal == code


def test_strange_state_is_no_answer(send: Send, registered: RunningSimulator) -> None:
    registered.faults.add(
        "body", "*/fleet_telemetry_config", body='{"response":[]}', status=200
    )
    assert send().refusal == Code.NO_ANSWER


def test_car_reports_that_it_does_not_know_the_signature(
    send: Send,
    row: Row,
    registered: RunningSimulator,
    car: Car,
    there: Destination,
) -> None:
    behind = datetime.now(UTC) - registered.clock.now()
    registered.clock.advance(behind.total_seconds())
    car.wake_up()
    registered.world.tempo.config_lag_s = 5.0
    send()
    car.unpair(signing_keys.public_hex())
    registered.clock.advance(10)
    TelemetryConfig.objects.update(next_at=timezone.now())
    reconciling.reconcile(car.vin, there)
    assert "unknown issuer" in row().car_error
    assert row().car_error_at is not None
    # Sent anew, what was complained of before does not count.
    car.pair(signing_keys.public_hex(), settings.TESLA_DOMAIN)
    registered.hub.store.stream_errors.clear()
    assert send("Gear").car_error == ""


def test_errors_that_cannot_be_read_hinder_nothing(
    send: Send, registered: RunningSimulator
) -> None:
    registered.faults.add("html", "*/fleet_telemetry_errors")
    assert send().synced_at is not None


def test_key_that_cannot_be_opened_is_told(
    red: VehicleAccess, row: Row, there: Destination
) -> None:
    wishes.merge(red, {"Soc": None})
    signing_keys._decrypted.clear()  # noqa: SLF001 - as in a new process
    SigningKey.objects.update(private_pem_sealed="v1:t9:nothing")
    reconciling.reconcile(red.vehicle.vin, there)
    assert row().refusal == Code.NO_KEY
    with pytest.raises(crypto.Undecryptable):
        signing_keys.own_private_key()


def test_who_may_know_the_place_asks_for_it(
    bobs: TeslaGrant, red: VehicleAccess, row: Row, there: Destination
) -> None:
    TeslaGrant.objects.filter(pk=bobs.pk).update(
        scopes=[one for one in SCOPES if one != "vehicle_location"]
    )
    access = VehicleAccess.objects.get(grant=bobs, vehicle=red.vehicle)
    wishes.merge(access, {"Soc": None})
    reconciling.reconcile(red.vehicle.vin, there)
    assert row().asked_by_id == bobs.pk
    wishes.merge(red, {"Location": None})
    with pytest.raises(wishes.NotYours):
        wishes.merge(access, {"Gear": None})
    reconciling.reconcile(red.vehicle.vin, there)
    assert row().refusal == ""
    # Neither grant that is left may know it.
    VehicleAccess.objects.filter(pk=red.pk).update(gone_at=timezone.now())
    TelemetryConfig.objects.update(next_at=timezone.now())
    reconciling.reconcile(red.vehicle.vin, there)
    assert row().refusal == Code.MISSING_SCOPE


def test_nobody_left_to_ask_with_is_told(
    red: VehicleAccess, row: Row, there: Destination
) -> None:
    wishes.merge(red, {"Soc": None})
    TeslaGrant.objects.update(state=TeslaGrant.State.NEEDS_RELINK)
    reconciling.reconcile(red.vehicle.vin, there)
    assert row().refusal == Code.RELINK
    VehicleAccess.objects.update(gone_at=timezone.now())
    TelemetryConfig.objects.update(next_at=timezone.now())
    reconciling.reconcile(red.vehicle.vin, there)
    assert row().refusal == Code.NOT_LISTED


def test_token_that_tesla_refuses_is_renewed_soon(
    red: VehicleAccess, row: Row, registered: RunningSimulator, there: Destination
) -> None:
    wishes.merge(red, {"Soc": None})
    registered.faults.add("status", f"*{PATH}", status=401)
    reconciling.reconcile(red.vehicle.vin, there)
    assert row().refusal in {Code.NO_ANSWER, Code.RELINK}
    due_at = TeslaGrant.objects.get().next_refresh_at
    assert due_at is not None
    assert due_at <= timezone.now()


def test_stop_forgets_the_wish_so_that_nobody_sends_it_again(
    send: Send, registered: RunningSimulator, red: VehicleAccess, there: Destination
) -> None:
    send()
    assert telemetry.stop(red.vehicle.vin, grants.client_for(red.grant))
    assert not TelemetryConfig.objects.exists()
    reconciling.reconcile(red.vehicle.vin, there)
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
    red: VehicleAccess, registered: RunningSimulator, there: Destination
) -> None:
    wishes.merge(red, {"Soc": None}, wishes.Options(delivery_policy="no_retry"))
    reconciling.reconcile(red.vehicle.vin, there)
    assert "delivery_policy" not in kept(registered, red.vehicle.vin).config
