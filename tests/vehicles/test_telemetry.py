"""The page of a car's streaming: presets, cost, fields, lights and values."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from events import channel, shapes
from events.event import Entry, Event
from fleet.endpoints import Price
from tests.factories import SCOPES, make_bare_grant, make_vehicle
from tokens.models import TeslaGrant, Usage
from vehicles.models import TelemetryConfig, VehicleAccess
from vehicles.services.telemetry import refusals, wishes
from vehicles.streaming.presets import BY_NAME

ClientOf = Callable[[User], Client]
Rung = Callable[[], list[tuple[str, list[object]]]]
Commits = Callable[..., Any]
VIN = "5YJ3E1EA4PF000001"
PAGE = f"/console/vehicle/{VIN}/telemetry"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def car(alice: User) -> VehicleAccess:
    """Return Alice's access to a car with recent software."""
    return make_vehicle(make_bare_grant(alice), vin=VIN, firmware="2025.44.25.6 abc")


@pytest.fixture
def streaming(car: VehicleAccess) -> TelemetryConfig:
    """Return the row of a car that Tesla and the car have taken two fields for."""
    wishes.merge(car, {"Soc": None, "Locked": None})
    now = timezone.now()
    row = TelemetryConfig.objects.get()
    TelemetryConfig.objects.update(
        confirmed={"fields": row.fields},
        confirmed_at=now,
        answered_generation=row.generation,
        synced_at=now,
        looked_at=now,
        expires_at=now + timedelta(days=330),
    )
    row.refresh_from_db()
    return row


@pytest.fixture
def tell(alice: User) -> Callable[[Event], None]:
    """Return a function that tells Alice an event; what was told before is forgotten."""
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        for key in client.scan_iter("keyfob:*"):
            client.delete(key)

    def do(event: Event) -> None:
        with redis.Redis.from_url(settings.REDIS_URL) as client:
            channel.publish(client, [Entry(alice.pk, event)])

    return do


def now_ms() -> int:
    """Return this moment in milliseconds since 1970."""
    return int(timezone.now().timestamp() * 1000)


def lights_of(page: str) -> dict[str, str]:
    """Return the state of each light of a page, by its name."""
    found = re.findall(r'<li class="(\w+)" id="light-(\w+)">', page)
    return {name: state for state, name in found}


def read(client: Client, path: str = PAGE, **headers: Any) -> str:
    """Return a page's text."""
    response = client.get(path, headers=headers or None)
    assert response.status_code == 200
    return response.content.decode()


def test_page_of_a_car_that_streams_nothing_teaches(
    car: VehicleAccess, client_of: ClientOf, alice: User
) -> None:
    page = read(client_of(alice))
    assert "This car streams nothing yet" in page
    assert lights_of(page) == {}
    assert 'hx-trigger="every' not in page
    assert "Remove the streaming" not in page
    for title in ("Charging", "Location", "Climate", "Everything cheap"):
        assert f"<h3>{title}</h3>" in page
    assert 'href="/console/vehicle/' + VIN + '/telemetry"' in read(
        client_of(alice), f"/console/vehicle/{VIN}"
    )
    assert "Telemetry of Red" in read(client_of(alice), "/console/")


def test_preset_ticks_its_fields_and_tells_the_cost(
    car: VehicleAccess, client_of: ClientOf, alice: User
) -> None:
    page = read(client_of(alice), f"{PAGE}?preset=charging")
    assert 'value="BatteryLevel" checked' in page
    assert 'name="delta.BatteryLevel" value="1"' in page
    assert 'value="InsideTemp" checked' not in page
    assert re.search(r"about \$\d+\.\d\d", page)
    assert not TelemetryConfig.objects.exists()


def test_every_preset_can_be_sent_as_it_is(
    car: VehicleAccess, client_of: ClientOf, alice: User
) -> None:
    client = client_of(alice)
    for name in ("charging", "location", "climate", "cheap"):
        page = read(client, f"{PAGE}?preset={name}")
        ticked = re.findall(r'name="on" value="(\w+)" checked', page)
        typed = dict(
            re.findall(r'name="((?:interval|delta)\.\w+)" value="([^"]*)"', page)
        )
        answer = client.post(PAGE, {"do": "send", "on": ticked, **typed})
        assert answer.status_code == 302
        assert set(ticked) <= TelemetryConfig.objects.get().fields.keys()
        assert len(ticked) > 9


def test_fields_are_sent_with_interval_and_least_change(
    car: VehicleAccess,
    client_of: ClientOf,
    alice: User,
    rung: Rung,
    django_capture_on_commit_callbacks: Commits,
) -> None:
    form = {
        "do": "send",
        "on": ["Soc", "Gear"],
        "interval.Soc": "30",
        "delta.Soc": "0,5",
        "interval.Gear": "",
    }
    with django_capture_on_commit_callbacks(execute=True):
        answer = client_of(alice).post(PAGE, form)
    assert (answer.status_code, answer["Location"]) == (302, PAGE)
    row = TelemetryConfig.objects.get()
    assert row.fields == {
        "Soc": {"interval_seconds": 30, "minimum_delta": 0.5},
        "Gear": {"interval_seconds": 1},
    }
    assert row.asked_by_id == car.grant_id
    assert rung() == [(wishes.RECONCILE, [VIN])]


def test_only_what_was_ticked_before_is_taken_away(
    car: VehicleAccess, client_of: ClientOf, alice: User
) -> None:
    wishes.merge(car, {"Soc": {"resend_interval_seconds": 600}, "Gear": None})
    # A program has added this one since the form was made.
    wishes.merge(car, {"Locked": None})
    form = {"do": "send", "on": ["Soc"], "was": "Soc,Gear", "interval.Soc": "60"}
    client_of(alice).post(PAGE, form)
    row = TelemetryConfig.objects.get()
    assert row.fields.keys() == {"Soc", "Locked"}
    assert row.fields["Soc"]["resend_interval_seconds"] == 600


@pytest.mark.parametrize("value", ["often", "0", "-3", "nan", "1e9"])
def test_wrong_numbers_are_told_above_the_button(
    car: VehicleAccess, client_of: ClientOf, alice: User, value: str
) -> None:
    form = {"do": "send", "on": ["Soc"], "interval.Soc": value}
    page = client_of(alice).post(PAGE, form).content.decode()
    assert 'role="alert"' in page
    assert not TelemetryConfig.objects.exists()
    part = client_of(alice).post(PAGE, {**form, "do": "reckon"}, headers=HTMX)
    assert 'role="alert"' in part.content.decode()


WHOLE_SECONDS = "whole seconds, without a comma or a point"


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        *(
            ("interval.Soc", value, WHOLE_SECONDS)
            for value in ("3,600", "3.600", "3 600", "1.5", "2,0")
        ),
        ("delta.Soc", "much", "least change as a plain number"),
    ],
)
def test_numbers_are_typed_as_the_page_says(
    car: VehicleAccess,
    client_of: ClientOf,
    alice: User,
    field: str,
    value: str,
    words: str,
) -> None:
    form = {"do": "send", "on": ["Soc"], field: value}
    page = client_of(alice).post(PAGE, form).content.decode()
    assert words in page
    assert not TelemetryConfig.objects.exists()


def test_cost_is_reckoned_before_anything_is_sent(
    car: VehicleAccess, client_of: ClientOf, alice: User
) -> None:
    form = {"do": "reckon", "on": ["VehicleSpeed"], "interval.VehicleSpeed": "1"}
    part = client_of(alice).post(PAGE, form, headers=HTMX).content.decode()
    # 30 h of driving, a value each second, $1 for 150,000 of them.
    assert "108000 values" in part
    assert "about $0.72" in part
    page = client_of(alice).post(PAGE, form).content.decode()
    assert 'value="VehicleSpeed" checked' in page
    assert "Reckoned for a month with" in page
    assert not TelemetryConfig.objects.exists()


def test_values_that_were_counted_are_told(
    car: VehicleAccess, client_of: ClientOf, alice: User
) -> None:
    assert "Really counted" not in read(client_of(alice))
    Usage.objects.create(
        user=alice,
        day_date=timezone.now().date(),
        access_token_key="00000000-0000-0000-0000-000000000000",
        subject=VIN,
        price_class=Price.STREAMING,
        billed=300_000,
    )
    assert "300000 values, $2.00" in read(client_of(alice))


def test_search_keeps_the_rows_that_hold_the_words(
    car: VehicleAccess, client_of: ClientOf, alice: User
) -> None:
    page = read(client_of(alice), f"{PAGE}?q=tpms+pressure+fl")
    assert 'value="TpmsPressureFl"' in page
    assert 'value="Soc"' not in page
    assert "No field of this car holds" in read(client_of(alice), f"{PAGE}?q=warp")


def test_fields_of_other_models_and_newer_software_are_marked(
    client_of: ClientOf, alice: User
) -> None:
    make_vehicle(make_bare_grant(alice), vin=VIN, firmware="2024.26.1")
    page = read(client_of(alice))
    assert "SemitruckTpmsPressureRe1L0" not in page
    assert "needs software 2025.2.6" in page


def test_places_need_the_scope(client_of: ClientOf, alice: User) -> None:
    scopes = tuple(one for one in SCOPES if one != "vehicle_location")
    make_vehicle(make_bare_grant(alice, scopes=scopes), vin=VIN)
    client = client_of(alice)
    assert 'value="Location" disabled' in read(client)
    page = client.post(PAGE, {"do": "send", "on": ["Location"]}).content.decode()
    assert "Places need the scope vehicle_location" in page
    assert not TelemetryConfig.objects.exists()


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"scopes": ["openid"]}, "A scope is missing"),
        ({"state": TeslaGrant.State.NEEDS_RELINK}, "must be linked again"),
    ],
)
def test_who_cannot_set_it_is_told_why(
    car: VehicleAccess,
    client_of: ClientOf,
    alice: User,
    columns: dict[str, Any],
    words: str,
) -> None:
    TeslaGrant.objects.update(**columns)
    assert words in read(client_of(alice))
    client_of(alice).post(PAGE, {"do": "send", "on": ["Soc"]})
    client_of(alice).post(f"{PAGE}/again")
    assert not TelemetryConfig.objects.exists()


@pytest.fixture
def sold(streaming: TelemetryConfig, bob: User) -> TelemetryConfig:
    """Return the row of a car that Alice sold to Bob, who has it stream Gear."""
    VehicleAccess.objects.update(gone_at=timezone.now() - timedelta(days=2))
    wishes.replace(make_vehicle(make_bare_grant(bob), vin=VIN), {"Gear": None})
    TelemetryConfig.objects.update(
        car_error="words of the car", car_error_at=timezone.now()
    )
    streaming.refresh_from_db()
    return streaming


def test_gone_car_s_page_shows_nothing_of_what_it_does_now(
    sold: TelemetryConfig, client_of: ClientOf, alice: User, bob: User
) -> None:
    theirs = read(client_of(bob))
    assert "words of the car" in theirs
    assert 'value="Gear" checked' in theirs
    client, there = client_of(alice), f"/console/vehicle/{VIN}"
    for path in (PAGE, f"{PAGE}?preset=charging", f"{PAGE}/live"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["Location"]) == (302, there)
        answer = client.get(path, headers=HTMX)
        assert (answer.headers["HX-Redirect"], answer.content) == (there, b"")
    page = read(client, there)
    assert "Tesla no longer lists this car" in page
    assert "words of the car" not in page


def test_gone_car_can_not_be_set(
    sold: TelemetryConfig, client_of: ClientOf, alice: User, rung: Rung
) -> None:
    client, there = client_of(alice), f"/console/vehicle/{VIN}"
    for path, do in (
        (PAGE, "send"),
        (PAGE, "reckon"),
        (f"{PAGE}/again", ""),
        (f"{PAGE}/remove", ""),
    ):
        answer = client.post(path, {"do": do, "on": ["Soc"]})
        assert (answer.status_code, answer.headers["Location"]) == (302, there)
        answer = client.post(path, {"do": do, "on": ["Soc"]}, headers=HTMX)
        assert (answer.headers["HX-Redirect"], answer.content) == (there, b"")
    assert TelemetryConfig.objects.get().generation == sold.generation
    assert rung() == []


def test_strangers_see_nothing(
    streaming: TelemetryConfig, client_of: ClientOf, charlie: User
) -> None:
    client = client_of(charlie)
    for path in (PAGE, f"{PAGE}/live"):
        assert client.get(path, headers=HTMX).status_code == 404
    for path in (PAGE, f"{PAGE}/again", f"{PAGE}/remove"):
        assert client.post(path, {"do": "send"}).status_code == 404
    assert TelemetryConfig.objects.get().generation == streaming.generation


def test_lights_come_on_one_by_one(
    car: VehicleAccess,
    client_of: ClientOf,
    alice: User,
    tell: Callable[[Event], None],
) -> None:
    client = client_of(alice)

    def live() -> dict[str, str]:
        return lights_of(read(client, f"{PAGE}/live", **HTMX))

    wishes.merge(car, {"Soc": None})
    row = TelemetryConfig.objects.get()
    states = dict.fromkeys(("accepted", "slot", "fetched", "connected", "value"), "off")
    assert live() == states | {"accepted": "waiting"}
    now = timezone.now()
    TelemetryConfig.objects.update(
        confirmed={"fields": row.fields}, confirmed_at=now, looked_at=now
    )
    states |= {"accepted": "lit", "slot": "lit", "fetched": "waiting"}
    assert live() == states
    TelemetryConfig.objects.update(synced_at=now)
    states |= {"fetched": "lit", "connected": "waiting"}
    assert live() == states
    tell(shapes.connectivity(VIN, "wifi", True, now_ms()))  # noqa: FBT003
    states |= {"connected": "lit", "value": "waiting"}
    assert live() == states
    tell(shapes.data(VIN, {"Soc": 81.5}, now_ms()))
    assert live() == dict.fromkeys(states, "lit")
    tell(shapes.connectivity(VIN, "wifi", False, now_ms() + 1))  # noqa: FBT003
    assert live()["connected"] == "waiting"


def test_what_was_heard_before_the_wish_lights_nothing(
    streaming: TelemetryConfig,
    client_of: ClientOf,
    alice: User,
    tell: Callable[[Event], None],
) -> None:
    client = client_of(alice)

    def live() -> list[str]:
        return list(lights_of(read(client, f"{PAGE}/live", **HTMX)).values())

    before_ms = now_ms() - 3_600_000
    tell(shapes.connectivity(VIN, "wifi", True, before_ms))  # noqa: FBT003
    tell(shapes.data(VIN, {"Soc": 81.5}, before_ms))
    now = timezone.now()
    TelemetryConfig.objects.update(wanted_at=now - timedelta(days=1), synced_at=now)
    assert live() == ["lit"] * 5
    wishes.merge(VehicleAccess.objects.get(), {"Gear": None})
    assert live() == ["waiting", "off", "off", "off", "off"]
    fields = TelemetryConfig.objects.get().fields
    TelemetryConfig.objects.update(confirmed={"fields": fields}, confirmed_at=now)
    assert live() == ["lit", "lit", "lit", "lit", "waiting"]
    tell(shapes.data(VIN, {"Gear": "P"}, now_ms()))
    assert live() == ["lit"] * 5


def test_values_stand_with_their_age_and_where_the_stream_writes(
    streaming: TelemetryConfig,
    client_of: ClientOf,
    alice: User,
    tell: Callable[[Event], None],
) -> None:
    tell(shapes.data(VIN, {"Soc": 81.5, "Locked": True}, now_ms()))
    page = read(client_of(alice))
    soc = r'data-live-signal="Soc" data-live-form="number"[^<]*>82</span> <small>%<'
    assert re.search(soc, page)
    assert re.search(r'data-live-signal="Locked" data-live-form="word"[^<]*>Yes<', page)
    places = {"Location": {"latitude": 52.5, "longitude": 13.4}, "Gear": None}
    wishes.merge(VehicleAccess.objects.get(), dict.fromkeys(places))
    tell(shapes.data(VIN, {**places, "Trim": "P74D"}, now_ms()))
    page = read(client_of(alice))
    assert "52.50000, 13.40000" in page
    assert "The car has no value for this now." in page
    wishes.merge(VehicleAccess.objects.get(), {"Trim": None, "DoorState": None})
    tell(shapes.data(VIN, {"DoorState": {"DriverFront": True}}, now_ms()))
    page = read(client_of(alice))
    assert "P74D" in page
    assert re.search(r'data-live-form="set"[^<]*>Driver front<', page)


def test_fragment_is_204_while_nothing_changes(
    streaming: TelemetryConfig,
    client_of: ClientOf,
    alice: User,
    tell: Callable[[Event], None],
) -> None:
    client = client_of(alice)
    found = re.search(r'hx-get="([^"]+/live[^"]*)" hx-trigger="every 2s"', read(client))
    assert found
    assert client.get(found.group(1), headers=HTMX).status_code == 204
    tell(shapes.data(VIN, {"Soc": 3}, now_ms()))
    assert client.get(found.group(1), headers=HTMX).status_code == 200
    assert client.get(found.group(1))["Location"] == PAGE


def test_redis_away_is_said(
    streaming: TelemetryConfig, client_of: ClientOf, alice: User, settings: Any
) -> None:
    settings.REDIS_URL = "unix:///nowhere/telemetry.sock"
    page = read(client_of(alice))
    assert lights_of(page)["connected"] == "unknown"
    assert lights_of(page)["value"] == "unknown"
    assert "Values are not known now" in page


@pytest.mark.parametrize("code", list(refusals.Code))
def test_every_refusal_is_explained(
    streaming: TelemetryConfig, client_of: ClientOf, alice: User, code: str
) -> None:
    TelemetryConfig.objects.update(
        refusal=code,
        refusal_details="Tesla's own <words>",
        refused_at=timezone.now(),
        limit_reached=code in refusals.FULL,
        confirmed=None,
        confirmed_at=None,
        synced_at=None,
    )
    page = read(client_of(alice))
    reason = refusals.reason_of(code)
    assert reason.title.replace("'", "&#x27;") in page
    assert "<words>" not in page
    states = lights_of(page)
    assert states["accepted"] != "lit"
    assert "bad" in states.values() or code == refusals.Code.NO_ANSWER
    ways = {
        refusals.Step.PAIR: 'href="/key"',
        refusals.Step.SCOPES: 'href="/console/scopes"',
        refusals.Step.RELINK: "Link the Tesla account again",
        refusals.Step.SEND: f"{PAGE}/again",
        refusals.Step.FIELDS: 'href="#fields"',
    }
    assert ways.get(reason.step, "") in page


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("InvalidSignature: unknown issuer", "does not trust the signature"),
        ("invalid mailbox public key", "could not open the settings"),
        (
            "x509: certificate signed by unknown authority",
            "does not trust the receiver",
        ),
        ("config expired", "say that the settings have expired"),
        ("strange", "The car reports an error"),
    ],
)
def test_errors_of_the_car_are_explained(
    streaming: TelemetryConfig,
    client_of: ClientOf,
    alice: User,
    tell: Callable[[Event], None],
    error: str,
    words: str,
) -> None:
    TelemetryConfig.objects.update(car_error=error, car_error_at=timezone.now())
    page = read(client_of(alice))
    assert lights_of(page)["connected"] == "bad"
    assert words.removeprefix("say ") in page
    # A car that connected since has got over it.
    tell(shapes.connectivity(VIN, "wifi", True, now_ms() + 1000))  # noqa: FBT003
    assert lights_of(read(client_of(alice)))["connected"] == "lit"


def test_switch_in_the_car_is_named_where_it_is_off(
    streaming: TelemetryConfig,
    client_of: ClientOf,
    alice: User,
    tell: Callable[[Event], None],
) -> None:
    streaming.vehicle.safety_screen_streaming_toggle = False
    streaming.vehicle.protocol_required = False
    streaming.vehicle.save()
    assert "Streaming is off in the car" in read(client_of(alice))
    TelemetryConfig.objects.update(refusal="missing_key", refused_at=timezone.now())
    page = read(client_of(alice))
    assert "Streaming is off in the car" in page
    assert "Pair the key" not in page


def test_wish_that_nobody_picks_up_is_told(
    car: VehicleAccess, client_of: ClientOf, alice: User
) -> None:
    wishes.merge(car, {"Soc": None})
    assert "A worker is bringing this" in read(client_of(alice))
    TelemetryConfig.objects.update(wanted_at=timezone.now() - timedelta(minutes=1))
    assert "No worker has picked this up yet" in read(client_of(alice))


def test_send_again_and_remove(
    streaming: TelemetryConfig,
    client_of: ClientOf,
    alice: User,
    rung: Rung,
    django_capture_on_commit_callbacks: Commits,
) -> None:
    client = client_of(alice)
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(f"{PAGE}/again")["Location"] == PAGE
    row = TelemetryConfig.objects.get()
    assert row.generation == streaming.generation + 1
    assert row.confirmed_digest == ""
    with django_capture_on_commit_callbacks(execute=True):
        page = client.post(f"{PAGE}/remove", follow=True).content.decode()
    assert "Streaming is being taken away at Tesla." in page
    assert "This car streams nothing yet" in page
    assert TelemetryConfig.objects.get().fields == {}
    assert len(rung()) == 2
    with django_capture_on_commit_callbacks(execute=True):
        client.post(f"{PAGE}/remove")
        client.post(f"{PAGE}/again")
    assert len(rung()) == 2


def test_page_costs_the_same_queries_with_many_fields(
    car: VehicleAccess,
    client_of: ClientOf,
    alice: User,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    client = client_of(alice)
    wishes.merge(car, {"Soc": None})
    read(client)
    with CaptureQueriesContext(connection) as one:
        read(client)
    queries = len(one)
    names = list(json.loads(client.get("/fields.json").content))
    wishes.merge(car, dict.fromkeys(names))
    with django_assert_num_queries(queries):
        read(client)


def test_everything_cheap_asks_seldom_for_times() -> None:
    found = BY_NAME["cheap"].choose(["TpmsLastSeenPressureTimeFl", "Locked"])
    assert found["TpmsLastSeenPressureTimeFl"] == {"interval_seconds": 1800}
    assert found["Locked"]["interval_seconds"] < 1800
