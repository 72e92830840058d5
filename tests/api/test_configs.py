"""What cars stream, set by programs: read, merge, replace, take away."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
import redis
from django.conf import settings
from django.utils import timezone

from accounts.models import User
from events import latest
from events.event import Topic
from fleet import streamed
from telemetry import tasks
from tests.api.conftest import Answer, MakePerson, Person, Play, Program
from tests.factories import SCOPES
from vehicles.models import TelemetryConfig, VehicleAccess
from vehicles.services.telemetry import wishes

Ask = Callable[..., Answer]
Rung = Callable[[], list[tuple[str, list[object]]]]
NO_PLACE = tuple(scope for scope in SCOPES if scope != "vehicle_location")
TAKEN = {"answered_generation": 1, "confirmed_at": timezone.now()}


@pytest.fixture
def send(ask: Ask, alices: Person, vin: str) -> Callable[..., Answer]:
    """Return a function that sends Alice's wish for Red."""

    def do(method: str, body: Any = None) -> Answer:
        text = b"" if body is None else json.dumps(body).encode()
        path = f"/api/config/{vin}"
        return ask(alices.access_token, path, method=method, body=text)

    return do


def fields_of(vin: str) -> dict[str, Any]:
    """Return the fields that a car is wanted to stream."""
    row = wishes.find(vin)
    return row.fields if row else {}


def test_config_that_nobody_set_is_404(send: Callable[..., Answer]) -> None:
    answer = send("GET")
    assert (answer.status, answer.error) == (404, "not_found")


def test_patch_merges_and_null_means_the_default_interval(
    send: Callable[..., Answer], vin: str, rung: Rung
) -> None:
    answer = send("PATCH", {"fields": {"BatteryLevel": None, "Gear": {}}})
    assert (answer.status, answer.json) == (200, {"updated_vehicles": 1})
    assert rung() == [(wishes.RECONCILE, [vin])]
    defaults = {
        "BatteryLevel": {"interval_seconds": 60},
        "Gear": {"interval_seconds": 1},
    }
    assert fields_of(vin) == defaults
    send("PATCH", {"fields": {"Gear": {"interval_seconds": 9.5}}})
    send("PATCH", {"fields": {"Soc": {"interval_seconds": 0.2, "minimum_delta": 1}}})
    # Who only enables a field leaves the interval that somebody chose.
    send("PATCH", {"fields": {"Gear": None}})
    assert fields_of(vin) == {
        "BatteryLevel": {"interval_seconds": 60},
        "Gear": {"interval_seconds": 10},
        "Soc": {"interval_seconds": 1, "minimum_delta": 1},
    }


def test_get_is_flat_and_has_no_null(send: Callable[..., Answer], vin: str) -> None:
    send("PATCH", {"fields": {"Soc": None}, "delivery_policy": "no_retry"})
    expected: dict[str, Any] = {
        "fields": {"Soc": {"interval_seconds": 60}},
        "alert_types": ["service"],
        "delivery_policy": "no_retry",
        "prefer_typed": True,
        "pending": True,
    }
    assert send("GET").json == expected
    confirmed = {
        "hostname": "t.example.com",
        "port": 4443,
        "ca": "PEM",
        "exp": 1_800_000,
    }
    TelemetryConfig.objects.update(
        confirmed=confirmed, synced_at=timezone.now(), answered_generation=1
    )
    assert send("GET").json == {**expected, **confirmed, "pending": False}
    # A new wish is pending until Tesla has answered to it.
    send("PATCH", {"fields": {"Gear": None}})
    assert send("GET").json["pending"] is True


def test_post_replaces_the_whole_set(send: Callable[..., Answer], vin: str) -> None:
    send("PATCH", {"fields": {"Soc": {"interval_seconds": 5}, "Gear": None}})
    answer = send("POST", {"fields": {"Soc": None}, "prefer_typed": False})
    assert answer.json == {"updated_vehicles": 1}
    assert fields_of(vin) == {"Soc": {"interval_seconds": 60}}
    assert TelemetryConfig.objects.get().prefer_typed is False
    # Without fields there is nothing to replace them by.
    send("POST", {"delivery_policy": "no_retry"})
    assert fields_of(vin) == {"Soc": {"interval_seconds": 60}}
    assert send("POST", {"fields": {}}).json == {"updated_vehicles": 1}
    assert send("GET").status == 404
    assert TelemetryConfig.objects.get().fields == {}


def test_delete_is_wrapped_and_is_done_once(
    send: Callable[..., Answer], vin: str
) -> None:
    assert send("DELETE").json == {"response": {"updated_vehicles": 0}}
    send("PATCH", {"fields": {"Soc": None}})
    assert send("DELETE").json == {"response": {"updated_vehicles": 1}}
    assert send("GET").status == 404
    assert send("DELETE").json == {"response": {"updated_vehicles": 0}}


def test_wish_without_a_body_changes_nothing(send: Callable[..., Answer]) -> None:
    for method in ("PATCH", "POST"):
        assert send(method).json == {"updated_vehicles": 0}
    assert not TelemetryConfig.objects.exists()


def test_unknown_signal_is_refused_and_changes_nothing(
    send: Callable[..., Answer], vin: str
) -> None:
    answer = send("PATCH", {"fields": {"Soc": None, "Warp": None}})
    assert (answer.status, answer.error) == (400, "fst_err_validation")
    assert answer.json["messages"].keys() == {"Warp"}
    assert fields_of(vin) == {}


def test_retired_signal_is_named_and_left_out(
    send: Callable[..., Answer], vin: str
) -> None:
    answer = send("PATCH", {"fields": {"Deprecated_1": None}})
    assert answer.json == {"updated_vehicles": 0, "ignoredFields": ["Deprecated_1"]}
    answer = send("PATCH", {"fields": {"Experimental_3": {}, "Soc": None}})
    assert answer.json == {"updated_vehicles": 1, "ignoredFields": ["Experimental_3"]}
    assert fields_of(vin) == {"Soc": {"interval_seconds": 60}}
    # Such names alone replace nothing.
    answer = send("POST", {"fields": {"Deprecated_1": None}})
    assert answer.json == {"updated_vehicles": 1, "ignoredFields": ["Deprecated_1"]}
    assert fields_of(vin) == {"Soc": {"interval_seconds": 60}}
    send("POST", {"fields": {"Deprecated_1": None, "Gear": None}})
    assert fields_of(vin) == {"Gear": {"interval_seconds": 1}}


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"fields": []}, "invalid_field"),
        ({"prefer_typed": "yes"}, "invalid_field"),
        ({"delivery_policy": "newest"}, "invalid_field"),
        ({"fields": {"Soc": 60}}, "fst_err_validation"),
        ({"fields": {"Soc": {"interval_seconds": "60"}}}, "fst_err_validation"),
        ({"fields": {"Soc": {"interval_seconds": True}}}, "fst_err_validation"),
        ({"fields": {"Soc": {"interval_seconds": 0}}}, "fst_err_validation"),
        ({"fields": {"Soc": {"interval_seconds": 10**400}}}, "fst_err_validation"),
        ({"fields": {"Soc": {"minimum_delta": -1}}}, "fst_err_validation"),
        ({"fields": {"Gear": {"minimum_delta": 1}}}, "fst_err_validation"),
        ({"fields": {"Soc": {"include_fields": []}}}, "fst_err_validation"),
        ({"fields": {"x" * 500: None}}, "fst_err_validation"),
    ],
)
def test_bad_wishes_are_refused(
    send: Callable[..., Answer], body: Any, error: str
) -> None:
    answer = send("PATCH", body)
    assert (answer.status, answer.error) == (400, error)
    assert not TelemetryConfig.objects.exists()


def test_every_field_of_the_catalog_is_taken_at_once(
    send: Callable[..., Answer], vin: str
) -> None:
    wanted = dict.fromkeys(streamed.fields())
    assert send("PATCH", {"fields": wanted}).json == {"updated_vehicles": 1}
    assert fields_of(vin).keys() == streamed.fields().keys()


@pytest.mark.parametrize("name", sorted(streamed.LOCATION_SIGNALS))
def test_fields_of_places_need_the_scope(
    alice: User, person: MakePerson, ask: Ask, vin: str, name: str
) -> None:
    token = person(alice, scopes=NO_PLACE).access_token
    for method in ("PATCH", "POST"):
        body = json.dumps({"fields": {"Soc": None, name: None}}).encode()
        answer = ask(token, f"/api/config/{vin}", method=method, body=body)
        assert answer.status == 403
        assert answer.error == "Unauthorized missing scopes vehicle_location"
    assert not TelemetryConfig.objects.exists()


def test_strangers_cars_are_404(
    ask: Ask, charlie: User, person: MakePerson, vin: str
) -> None:
    token = person(charlie).access_token
    for method in ("GET", "PATCH", "POST", "DELETE"):
        answer = ask(token, f"/api/config/{vin}", method=method)
        assert (answer.status, answer.error) == (404, "not_found")


def test_gone_car_is_404(
    ask: Ask, send: Callable[..., Answer], alices: Person, vin: str
) -> None:
    send("PATCH", {"fields": {"Soc": None}})
    assert send("GET").status == 200
    path = f"/api/1/vehicles/{vin}/telemetry"
    assert ask(alices.access_token, path).status == 200
    generation = TelemetryConfig.objects.get().generation
    VehicleAccess.objects.update(gone_at=timezone.now())
    # What a token opens is looked up again within a second.
    time.sleep(1.1)
    for method, body in (
        ("GET", None),
        ("PATCH", {"fields": {"Gear": None}}),
        ("POST", {"fields": {"Gear": None}}),
        ("DELETE", None),
    ):
        assert send(method, body).status == 404
    assert ask(alices.access_token, path).status == 404
    assert TelemetryConfig.objects.get().generation == generation


@pytest.mark.parametrize("code", ["missing_key", "unsupported_firmware", "max_configs"])
def test_car_that_tesla_skipped_is_named(
    send: Callable[..., Answer], vin: str, code: str
) -> None:
    send("PATCH", {"fields": {"Soc": None}})
    TelemetryConfig.objects.update(answered_generation=1, refusal=code)
    answer = send("PATCH", {"fields": {"Soc": None}})
    assert answer.json["updated_vehicles"] == 0
    assert answer.json["skipped_vehicles"] == {
        "missing_key": [],
        "unsupported_hardware": [],
        "unsupported_firmware": [],
        "max_configs": [],
        code: [vin],
    }


def test_other_refusals_of_tesla_are_explained(
    send: Callable[..., Answer], vin: str
) -> None:
    send("PATCH", {"fields": {"Soc": None}})
    TelemetryConfig.objects.update(
        answered_generation=1, refusal="wrong_domain", refusal_details="400: no match"
    )
    answer = send("PATCH", {"fields": {"Soc": None}})
    assert (answer.status, answer.error) == (422, "wrong_domain")
    assert "TELEMETRY_HOSTNAME" in answer.json["error_description"]
    assert "400: no match" in answer.json["error_description"]
    # A new wish has not been answered yet; Tesla's silence is no refusal either.
    assert send("PATCH", {"fields": {"Gear": None}}).json == {"updated_vehicles": 1}
    TelemetryConfig.objects.update(answered_generation=2, refusal="no_answer")
    assert send("PATCH", {"fields": {"Gear": None}}).json == {"updated_vehicles": 1}


def test_certificate_files_that_cannot_be_read_are_told(
    send: Callable[..., Answer], vin: str, settings: Any
) -> None:
    settings.TELEMETRY_CERTIFICATE_FILE = "/nowhere/certificate.pem"
    settings.TELEMETRY_CA_FILE = "/nowhere/ca.pem"
    send("PATCH", {"fields": {"Soc": None}})
    tasks.reconcile(vin)
    answer = send("PATCH", {"fields": {"Soc": None}})
    assert (answer.status, answer.error) == (422, "unreadable_certificate")
    assert "TELEMETRY_CA_FILE" in answer.json["error_description"]
    assert "/nowhere" not in answer.json["error_description"]


def test_answer_waits_for_tesla_a_moment(
    play: Play, alices: Person, vin: str, settings: Any
) -> None:
    settings.TELEMETRY_ANSWER_WITHIN_S = 10

    async def story(program: Program) -> Answer:
        body = json.dumps({"fields": {"Soc": None}}).encode()
        asking = asyncio.ensure_future(
            program.call(f"/api/config/{vin}", method="PATCH", body=body)
        )
        rows = TelemetryConfig.objects.filter(generation=1)
        refused = {"answered_generation": 1, "refusal": "missing_key"}
        for _look in range(500):
            done = lambda: rows.update(**refused)  # noqa: E731 - a thread calls it
            if await program.door.threads.quickly(done):
                break
            await asyncio.sleep(0.01)
        return await asking

    answer = play(story, alices.access_token)
    assert answer.json["skipped_vehicles"]["missing_key"] == [vin]


def test_each_change_is_told_to_everybody_who_sees_the_car(
    send: Callable[..., Answer], alices: Person, bob: User, person: MakePerson, vin: str
) -> None:
    person(bob)
    send("PATCH", {"fields": {"Soc": None}})

    def told(user: User) -> Any:
        with redis.Redis.from_url(settings.REDIS_URL) as client:
            others = latest.snapshot(client, user.pk, vin).others
        return json.loads(others[Topic.CONFIG].body)["config"]

    for user in (alices.user, bob):
        assert told(user) == send("GET").json
    send("DELETE")
    assert told(bob) == {"fields": {}}


def test_wish_is_kept_while_redis_is_away(
    send: Callable[..., Answer], vin: str, redis_away: None
) -> None:
    assert send("PATCH", {"fields": {"Soc": None}}).json == {"updated_vehicles": 1}
    assert fields_of(vin) == {"Soc": {"interval_seconds": 60}}


def test_driver_changes_fields_but_does_not_take_all_away(
    ask: Ask, send: Callable[..., Answer], bob: User, person: MakePerson, vin: str
) -> None:
    send("POST", {"fields": {"Soc": None, "Locked": None}})
    bobs = person(bob)
    path = f"/api/config/{vin}"
    for method, body in (("DELETE", b""), ("POST", b'{"fields": {"Odometer": null}}')):
        no = ask(bobs.access_token, path, method=method, body=body)
        assert (no.status, no.error) == (403, "not_owner")
    assert set(fields_of(vin)) == {"Soc", "Locked"}
    body = b'{"fields": {"Odometer": null}}'
    assert ask(bobs.access_token, path, method="PATCH", body=body).status == 200
    assert set(fields_of(vin)) == {"Soc", "Locked", "Odometer"}
