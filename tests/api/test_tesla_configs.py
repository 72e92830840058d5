"""What cars stream, changed at Tesla's own addresses: by the rules of Keyfob's."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from simulator.testing import RunningSimulator
from tests.api.conftest import Answer, MakePerson, Person
from vehicles.models import TelemetryConfig
from vehicles.services.telemetry import wishes

Ask = Callable[..., Answer]
Rung = Callable[[], list[tuple[str, list[object]]]]
JWS = "/api/1/vehicles/fleet_telemetry_config_jws"


@pytest.fixture
def path(vin: str) -> str:
    """Return Tesla's address of Red's configuration."""
    return f"/api/1/vehicles/{vin}/fleet_telemetry_config"


@pytest.fixture
def wished(ask: Ask, alices: Person, vin: str) -> TelemetryConfig:
    """Return what Alice wants Red to stream; it is not due for an hour."""
    body = b'{"fields": {"Soc": null}}'
    ask(alices.access_token, f"/api/config/{vin}", method="POST", body=body)
    TelemetryConfig.objects.update(next_at=timezone.now() + timedelta(hours=1))
    return TelemetryConfig.objects.get()


def _next_at() -> Any:
    return TelemetryConfig.objects.get().next_at


def test_owner_takes_the_wish_away(
    ask: Ask,
    alices: Person,
    wished: TelemetryConfig,
    path: str,
    vin: str,
    rung: Rung,
    registered: RunningSimulator,
) -> None:
    answer = ask(alices.access_token, path, method="DELETE")
    assert (answer.status, answer.json) == (200, {"response": {"updated_vehicles": 1}})
    assert wishes.find(vin) is None
    assert rung()[-1] == (wishes.RECONCILE, [vin])
    # A worker tells Tesla.
    assert registered.calls == []


def test_configuration_without_a_wish_is_deleted_at_tesla(
    ask: Ask, alices: Person, path: str, registered: RunningSimulator
) -> None:
    answer = ask(alices.access_token, path, method="DELETE")
    assert (answer.status, answer.json) == (200, {"response": {"updated_vehicles": 0}})
    assert [(call.method, call.path.endswith(path)) for call in registered.calls] == [
        ("DELETE", True)
    ]


def test_driver_takes_nothing_away_while_the_owner_is_here(
    ask: Ask,
    alices: Person,
    bob: User,
    person: MakePerson,
    path: str,
    vin: str,
    registered: RunningSimulator,
) -> None:
    bobs = person(bob)
    no = ask(bobs.access_token, path, method="DELETE")
    assert (no.status, no.error) == (403, "not_owner")
    body = b'{"fields": {"Soc": null}}'
    ask(alices.access_token, f"/api/config/{vin}", method="POST", body=body)
    no = ask(bobs.access_token, path, method="DELETE")
    own = ask(bobs.access_token, f"/api/config/{vin}", method="DELETE")
    assert (no.status, no.json) == (own.status, own.json)
    assert wishes.find(vin) is not None
    assert registered.calls == []


def test_stranger_takes_nothing_away(
    ask: Ask, charlie: User, person: MakePerson, path: str, registered: RunningSimulator
) -> None:
    no = ask(person(charlie).access_token, path, method="DELETE")
    assert (no.status, no.error) == (404, "not_found")
    assert registered.calls == []


def test_configuration_that_went_to_tesla_has_the_car_looked_at(
    ask: Ask,
    alices: Person,
    wished: TelemetryConfig,
    vin: str,
    rung: Rung,
    registered: RunningSimulator,
) -> None:
    luna = registered.world.car_named("Luna").vin
    body = json.dumps({"vins": [vin, luna], "token": "a.b.c"}).encode()
    before = rung()
    registered.faults.add("status", f"*{JWS[4:]}", status=400, count=1)
    assert ask(alices.access_token, JWS, method="POST", body=body).status == 400
    assert (_next_at(), rung()) == (wished.next_at, before)
    told = json.dumps({"response": {"updated_vehicles": 2}})
    registered.faults.add("body", f"*{JWS[4:]}", body=told, status=200)
    answer = ask(alices.access_token, JWS, method="POST", body=body)
    assert answer.json == json.loads(told)
    assert _next_at() <= timezone.now()
    # Luna has no wish that could have been sent over.
    assert rung() == [*before, (wishes.RECONCILE, [vin])]
