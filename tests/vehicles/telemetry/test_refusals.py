"""Wishes that Tesla or a car refuses, and faults between: told, and tried again."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.utils import timezone

from accounts import crypto
from simulator.testing import RunningSimulator
from simulator.world.cars.car import Car
from tests.factories import SCOPES
from tests.vehicles.telemetry.conftest import (
    CONFIG,
    PATH,
    Bring,
    Row,
    Send,
    pushes,
)
from tokens.models import SigningKey, TeslaGrant
from tokens.services import grants, signing_keys
from vehicles import tasks
from vehicles.models import TelemetryConfig, Vehicle, VehicleAccess
from vehicles.services import telemetry
from vehicles.services.telemetry import Destination, claims, queue, reconciling, wishes
from vehicles.services.telemetry.refusals import Code


@pytest.mark.parametrize(
    "code", ["missing_key", "unsupported_hardware", "unsupported_firmware"]
)
def test_skipped_car_says_why_and_is_tried_again(
    send: Send,
    row: Row,
    car: Car,
    clock: time_machine.Traveller,
    code: str,
    bring: Bring,
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
    bring()
    assert (row().refusal, row().refused_at) == ("", None)
    assert row().confirmed is not None


def test_key_that_is_there_now_brings_the_wish_its_turn(
    send: Send, red: VehicleAccess, car: Car, there: Destination
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
    send: Send, red: VehicleAccess, there: Destination
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
    clock: time_machine.Traveller,
    bring: Bring,
) -> None:
    car.condition.streaming.no_slot = True
    refused = send()
    assert (refused.refusal, refused.limit_reached) == (Code.MAX_CONFIGS, True)
    clock.shift(timedelta(minutes=2))
    bring()
    assert pushes(registered) == 1
    assert row().next_at == timezone.now() + timedelta(minutes=4)
    # A fault in between changes nothing about that.
    registered.faults.add("html", f"*{CONFIG}")
    clock.shift(timedelta(minutes=4))
    bring()
    registered.faults.clear()
    assert (row().refusal, row().limit_reached) == (Code.MAX_CONFIGS, True)
    car.condition.streaming.no_slot = False
    clock.shift(timedelta(minutes=30))
    car.wake_up()
    bring()
    assert (row().refusal, row().limit_reached) == ("", False)
    assert row().synced_at is not None


def _answers(
    registered: RunningSimulator, response: object, path: str = CONFIG
) -> None:
    """Let Tesla say something of its own where it is told or asked of wishes."""
    body = json.dumps({"response": response})
    registered.faults.add("body", f"*{path}", body=body, status=200)


def _says(registered: RunningSimulator, **response: object) -> None:
    """Let Tesla say something of its own of a car's configuration."""
    _answers(registered, {"key_paired": True, "limit_reached": False, **response})


def test_place_lost_after_tesla_took_it_is_told(
    send: Send, registered: RunningSimulator
) -> None:
    _says(registered, synced=False, config={"fields": {}, "a": 1}, limit_reached=True)
    refused = send()
    assert (refused.refusal, refused.limit_reached) == (Code.LIMIT_REACHED, True)
    assert refused.confirmed is not None


@pytest.mark.parametrize("synced", [True, False])
def test_config_that_tesla_does_not_keep_is_told_and_not_sent_in_a_hurry(
    send: Send, row: Row, registered: RunningSimulator, look: Bring, *, synced: bool
) -> None:
    _says(registered, synced=synced, config=None)
    refused = send()
    assert refused.refusal == Code.NOT_KEPT
    assert _pauses(row, look) == [10, 20, 40]
    assert pushes(registered) == 4
    registered.faults.clear()
    look()
    assert (row().refusal, row().attempts) == ("", 0)


def test_config_that_tesla_shows_otherwise_is_not_sent_in_a_hurry(
    send: Send, row: Row, registered: RunningSimulator, look: Bring
) -> None:
    other = {"fields": {"Soc": {"interval_seconds": 7}}}
    _says(registered, synced=False, config=other)
    sent = send()
    assert (sent.refusal, sent.is_answered) == ("", True)
    assert _pauses(row, look) == [10, 20, 40]
    assert pushes(registered) == 4
    registered.faults.clear()
    look()
    assert pushes(registered) == 4
    assert row().attempts == 0


def _pauses(row: Row, look: Bring) -> list[float]:
    """Return how many minutes are waited after each of three looks."""
    found = []
    for _look in range(3):
        look()
        due_at = row().next_at
        assert due_at is not None
        found.append((due_at - timezone.now()).total_seconds() / 60)
    return found


def test_receiver_outside_the_domain_is_told(
    red: VehicleAccess, row: Row, there: Destination, bring: Bring
) -> None:
    wishes.merge(red, {"Soc": None})
    elsewhere = replace(there, hostname="telemetry.example.org")
    bring(elsewhere)
    assert row().refusal == Code.WRONG_DOMAIN
    assert "domain" in row().refusal_details
    # Tried again at once where the operator corrects it.
    assert queue.due(there) == [red.vehicle.vin]
    bring()
    assert row().refusal == ""


def test_receiver_without_a_certificate_is_told(
    red: VehicleAccess, row: Row, there: Destination, bring: Bring
) -> None:
    wishes.merge(red, {"Soc": None})
    bring(replace(there, ca=""))
    assert row().refusal == Code.BAD_CERTIFICATE


@pytest.mark.parametrize("fault", ["html", "refuse", "rate_limit", "server_error"])
def test_faults_of_tesla_are_weather(
    send: Send,
    row: Row,
    registered: RunningSimulator,
    clock: time_machine.Traveller,
    fault: str,
    look: Bring,
) -> None:
    registered.faults.add(fault, f"*{PATH}")
    sent = send()
    assert sent.refusal == Code.NO_ANSWER
    assert not sent.is_answered
    assert sent.next_at is not None
    pause = sent.next_at - timezone.now()
    assert timedelta(seconds=30) <= pause <= timedelta(minutes=2)
    registered.faults.clear()
    look()
    assert (row().refusal, row().is_answered) == ("", True)


def test_fault_after_tesla_took_it_loses_nothing(
    send: Send, row: Row, registered: RunningSimulator, bring_now: Bring
) -> None:
    registered.faults.add("html", f"*{CONFIG}")
    taken = send()
    assert taken.confirmed is not None
    assert taken.is_answered
    registered.faults.clear()
    bring_now()
    assert pushes(registered) == 1
    assert row().synced_at is not None


@pytest.mark.parametrize("before", ["missing_key", "max_configs"])
def test_old_refusal_ends_when_tesla_takes_the_wish(
    send: Send,
    row: Row,
    red: VehicleAccess,
    there: Destination,
    before: str,
) -> None:
    send()
    refused_at = timezone.now()
    TelemetryConfig.objects.update(
        refusal=before, refusal_details="400: before", refused_at=refused_at
    )
    wishes.merge(red, {"Gear": None})
    claimed = queue.claim(red.vehicle.vin)
    assert claimed is not None
    client = grants.client_for(red.grant)
    config = claims.config_of(claimed, there)
    reconciling._push(client, claimed, config, refused_at)  # noqa: SLF001 - and no more
    assert row().is_answered
    assert (row().refusal, row().refusal_details) == ("", "")
    assert row().refused_at is None


def test_full_car_that_took_it_is_not_full_after_a_fault(
    send: Send, row: Row, registered: RunningSimulator, bring_now: Bring
) -> None:
    send()
    TelemetryConfig.objects.update(refusal="max_configs", confirmed_digest="")
    only_once = {"synced": False, "config": {"fields": {}}, "limit_reached": False}
    body = json.dumps({"response": only_once})
    registered.faults.add("body", f"*{CONFIG}", body=body, status=200, count=1)
    registered.faults.add("html", f"*{CONFIG}")
    bring_now()
    assert pushes(registered) == 2
    assert row().refusal == Code.NO_ANSWER


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"updated_vehicles": 0}, Code.REFUSED),
        ({"updated_vehicles": 0, "skipped_vehicles": None}, Code.REFUSED),
        ([], Code.NO_ANSWER),
    ],
)
def test_strange_answers_are_told(
    send: Send, registered: RunningSimulator, answer: Any, code: Code
) -> None:
    _answers(registered, answer, PATH)
    assert send().refusal == code


def test_strange_state_is_no_answer(send: Send, registered: RunningSimulator) -> None:
    _answers(registered, [])
    assert send().refusal == Code.NO_ANSWER


def test_car_reports_that_it_does_not_know_the_signature(
    send: Send, row: Row, registered: RunningSimulator, car: Car, bring_now: Bring
) -> None:
    behind = datetime.now(UTC) - registered.clock.now()
    registered.clock.advance(behind.total_seconds())
    car.wake_up()
    registered.world.tempo.config_lag_s = 5.0
    send()
    car.unpair(signing_keys.public_hex())
    registered.clock.advance(10)
    bring_now()
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


def test_key_that_cannot_be_opened_is_told(send: Send) -> None:
    signing_keys._decrypted.clear()  # noqa: SLF001 - as in a new process
    SigningKey.objects.update(private_pem_sealed="v1:t9:nothing")
    assert send().refusal == Code.NO_KEY
    with pytest.raises(crypto.Undecryptable):
        signing_keys.own_private_key()


def test_who_may_know_the_place_asks_for_it(
    bobs: TeslaGrant, red: VehicleAccess, row: Row, bring: Bring, bring_now: Bring
) -> None:
    TeslaGrant.objects.filter(pk=bobs.pk).update(
        scopes=[one for one in SCOPES if one != "vehicle_location"]
    )
    access = VehicleAccess.objects.get(grant=bobs, vehicle=red.vehicle)
    wishes.merge(access, {"Soc": None})
    bring()
    assert row().asked_by_id == bobs.pk
    wishes.merge(red, {"Location": None})
    with pytest.raises(wishes.NotYours):
        wishes.merge(access, {"Gear": None})
    bring()
    assert row().refusal == ""
    # Neither grant that is left may know it.
    VehicleAccess.objects.filter(pk=red.pk).update(gone_at=timezone.now())
    bring_now()
    assert row().refusal == Code.MISSING_SCOPE


def test_nobody_left_to_ask_with_is_told(
    send: Send, row: Row, bring_now: Bring
) -> None:
    TeslaGrant.objects.update(state=TeslaGrant.State.NEEDS_RELINK)
    assert send().refusal == Code.RELINK
    VehicleAccess.objects.update(gone_at=timezone.now())
    bring_now()
    assert row().refusal == Code.NOT_LISTED


def test_token_that_tesla_refuses_is_renewed_soon(
    send: Send, registered: RunningSimulator
) -> None:
    registered.faults.add("status", f"*{PATH}", status=401)
    assert send().refusal in {Code.NO_ANSWER, Code.RELINK}
    due_at = TeslaGrant.objects.get().next_refresh_at
    assert due_at is not None
    assert due_at <= timezone.now()
