"""What the gateway tells of a car from its last reading, and how it reads it anew."""

import time
from typing import Any

import pytest
import redis
from django.utils import timezone

from accounts.models import User
from events import channel, shapes
from events.event import Entry, Event
from fleet.pictures import picture_url
from tests.api.conftest import MakePerson, Person
from vehicles.models import Vehicle, VehicleAccess

PLATFORM = ("vehicle_config", "image", "auto", "refresh")


def vin_of(name: str) -> str:
    return Vehicle.objects.get(name=name).vin


def test_refresh_reads_keeps_and_answers(
    ask: Any, alices: Person, registered: Any
) -> None:
    registered.world.car_named("Red").wake_up()
    registered.clock.advance(120)
    vin = vin_of("Red")
    answer = ask(alices.access_token, f"/api/refresh/{vin}")
    assert answer.status == 200
    assert "latitude" in answer.json["response"]["drive_state"]
    access = VehicleAccess.objects.get(vehicle__vin=vin)
    assert access.vehicle_data == answer.json["response"]
    assert access.vehicle.state == "online"
    config = ask(alices.access_token, f"/api/vehicle_config/{vin}").json
    assert config == answer.json["response"]["vehicle_config"]
    assert registered.billed()["data"] == 1


def test_refresh_keeps_a_reading_with_signs_that_the_database_cannot_hold(
    ask: Any, alices: Person, registered: Any
) -> None:
    vin = vin_of("Red")
    body = (
        '{"response": {"a\\u0000": ["b\\u0000c", "\\ud800d", NaN, Infinity, 1.5],'
        ' "display_name": "\\ud83d\\ude97", "big": 1' + "0" * 30 + "}}"
    )
    registered.faults.add("body", f"*/vehicles/{vin}/vehicle_data", body=body)
    answer = ask(alices.access_token, f"/api/refresh/{vin}")
    assert answer.status == 200
    assert VehicleAccess.objects.get(vehicle__vin=vin).vehicle_data == {
        "a": ["bc", "d", None, None, 1.5],
        "display_name": "\N{AUTOMOBILE}",
        "big": 10**30,
    }


def test_refresh_of_a_sleeping_car_is_its_record(
    ask: Any, alices: Person, registered: Any
) -> None:
    answer = ask(alices.access_token, f"/api/refresh/{vin_of('Luna')}")
    assert (answer.status, answer.json["response"]["state"]) == (408, "asleep")
    assert VehicleAccess.objects.get(vehicle__name="Luna").vehicle_data is None


def test_refresh_without_the_location_scope_asks_for_none(
    ask: Any, alices: Person, registered: Any
) -> None:
    alices.grant.scopes.remove("vehicle_location")
    alices.grant.save(update_fields=["scopes"])
    ask(alices.access_token, f"/api/refresh/{vin_of('Luna')}")
    assert "location_data" not in registered.calls[0].query


def test_vehicle_config_is_unknown_before_the_first_reading(
    ask: Any, alices: Person
) -> None:
    answer = ask(alices.access_token, f"/api/vehicle_config/{vin_of('Red')}")
    assert (answer.status, answer.error) == (404, "not_found")


def test_image_leads_to_a_picture_of_such_a_car(ask: Any, alices: Person) -> None:
    vin = vin_of("Red")
    answer = ask(alices.access_token, f"/api/image/{vin}")
    assert answer.status == 302
    assert answer.headers["location"] == picture_url(vin, {})


@pytest.mark.parametrize(
    ("vin", "config", "part"),
    [
        ("5YJ3E1EA7NF123456", {}, "model=m3"),
        ("7SAYGDEF1NA000001", {"exterior_color": "UltraRed"}, "options=%24PR01"),
        ("7SAYGDEF1NA000001", {"exterior_color": "Plaid"}, "options=%24PPSW"),
        ("5YJSA1E26MF000001", {}, "model=ms"),
    ],
)
def test_picture_follows_model_and_paint(
    vin: str, config: dict[str, str], part: str
) -> None:
    assert part in picture_url(vin, config)


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_polling_is_never_on(
    ask: Any, alices: Person, registered: Any, method: str
) -> None:
    answer = ask(alices.access_token, f"/api/auto/{vin_of('Red')}", method=method)
    assert (answer.status, answer.json) == (200, {"response": False})
    assert registered.calls == []


def test_telemetry_tells_what_changed_since(ask: Any, alices: Person) -> None:
    path = f"/api/1/vehicles/{vin_of('Red')}/telemetry"
    first = ask(alices.access_token, path).json["response"]
    assert first["state"] in {"online", "asleep"}
    assert first["cursor"] > 0
    query = f"cursor={first['cursor']}".encode()
    assert ask(alices.access_token, path, query=query).json["response"] == {
        "cursor": first["cursor"]
    }
    other = ask(alices.access_token, path, query=b"topics=data;alerts")
    assert other.json["response"].keys() == {"cursor"}
    wrong = ask(alices.access_token, path, query=b"topics=weather")
    assert (wrong.status, wrong.error) == (400, "invalid_field")


def test_telemetry_tells_what_streams_told(
    ask: Any, alices: Person, settings: Any
) -> None:
    vin = vin_of("Red")
    path = f"/api/1/vehicles/{vin}/telemetry"
    before = ask(alices.access_token, path).json["response"]
    at_ms = before["cursor"] + 1
    with redis.Redis.from_url(settings.REDIS_URL) as client:

        def tell(*told: Event) -> None:
            channel.publish(client, [Entry(alices.user.pk, event) for event in told])

        tell(
            shapes.state(vin, "asleep", at_ms),
            shapes.data(vin, {"Soc": 80.5, "Gear": None}, at_ms),
            shapes.connectivity(vin, "wifi", connected=True, at_ms=at_ms),
            shapes.alerts(vin, [{"name": "A"}], at_ms),
        )
        told = ask(alices.access_token, path).json["response"]
        cursor = told.pop("cursor")
        assert cursor > before["cursor"]
        told.pop("vehicle_data", None)
        assert told == {
            "state": "asleep",
            "data": {"Soc": 80.5, "Gear": None},
            "connectivity": {"networkInterface": "wifi", "status": "CONNECTED"},
            "alerts": [{"name": "A"}],
        }
        # Older than what is known, but new to who asks.
        tell(shapes.data(vin, {"Odometer": 5, "Soc": 1}, at_ms - 1))
    query = f"cursor={cursor}".encode()
    since = ask(alices.access_token, path, query=query).json["response"]
    assert since.pop("cursor") > cursor
    assert since == {"data": {"Odometer": 5}}
    chosen = ask(alices.access_token, path, query=b"topics=state").json["response"]
    assert sorted(chosen) == ["cursor", "state"]


def test_telemetry_tells_no_place_that_may_not_be_known_any_more(
    ask: Any, alices: Person, settings: Any
) -> None:
    vin = vin_of("Red")
    path = f"/api/1/vehicles/{vin}/telemetry"
    drive = {"latitude": 52.5, "speed": 1}
    mine = VehicleAccess.objects.filter(vehicle__vin=vin)
    mine.update(vehicle_data={"drive_state": drive}, vehicle_data_at=timezone.now())
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        event = shapes.data(vin, {"Soc": 1, "Location": {"latitude": 52.5}}, 5)
        channel.publish(client, [Entry(alices.user.pk, event)])
    before = ask(alices.access_token, path).json["response"]
    assert before["data"]["Location"] == {"latitude": 52.5}
    assert before["vehicle_data"]["drive_state"] == drive
    mine.update(hide_private=True)
    time.sleep(1.1)  # so long a user's reach is kept
    after = ask(alices.access_token, path).json["response"]
    assert after["data"] == {"Soc": 1}
    assert after["vehicle_data"]["drive_state"] == {"speed": 1}


@pytest.mark.usefixtures("redis_away")
def test_telemetry_without_redis_tells_what_was_read(ask: Any, alices: Person) -> None:
    path = f"/api/1/vehicles/{vin_of('Red')}/telemetry"
    assert ask(alices.access_token, path).json["response"]["cursor"] > 0


def test_strangers_car_is_answered_like_an_unknown_one(
    ask: Any, alices: Person, charlie: User, person: MakePerson
) -> None:
    vin = vin_of("Red")
    stranger = person(charlie).access_token
    for name in PLATFORM:
        unknown = ask(stranger, f"/api/{name}/5YJ3E1EA0NF999999")
        assert (unknown.status, unknown.error) == (404, "not_found")
        assert ask(stranger, f"/api/{name}/{vin}").body == unknown.body


def test_car_that_was_just_removed_is_not_found(
    play: Any, alices: Person, registered: Any
) -> None:
    vin = vin_of("Red")

    async def story(program: Any) -> Any:
        await program.call(f"/api/auto/{vin}")
        await program.door.threads.quickly(VehicleAccess.objects.all().delete)
        return await program.call(f"/api/image/{vin}")

    answer = play(story, alices.access_token)
    assert (answer.status, answer.error) == (404, "not_found")


@pytest.mark.parametrize(
    "path",
    [
        "dx/vehicles/options",
        "dx/warranty/details",
        "dx/vehicles/subscriptions/eligible",
        "dx/charging/history",
    ],
)
def test_car_in_the_query_must_be_ones_own(
    ask: Any, alices: Person, registered: Any, path: str
) -> None:
    red = f"vin={vin_of('Red')}".encode()
    assert ask(alices.access_token, f"/api/1/{path}", query=red).status == 200
    calls = len(registered.calls)
    for vin, status in ((b"5YJ3E1EA0NF999999", 404), (b"RED", 400)):
        answer = ask(alices.access_token, f"/api/1/{path}", query=b"vin=" + vin)
        assert answer.status == status
    assert len(registered.calls) == calls


def test_streaming_configuration_is_for_ones_own_cars(
    ask: Any, alices: Person, bob: User, person: MakePerson, registered: Any
) -> None:
    path = "/api/1/vehicles/fleet_telemetry_config_jws"
    body = f'{{"vins":["{vin_of("Red")}","5YJ3E1EA0NF999999"],"token":"a.b.c"}}'
    answer = ask(alices.access_token, path, method="POST", body=body.encode())
    assert (answer.status, answer.error) == (404, "not_found")
    assert registered.calls == []


@pytest.mark.parametrize(
    "query", [b"code={code}", b"{code}={code}"], ids=["named", "unnamed"]
)
@pytest.mark.parametrize("path", ["invitations", "vehicles/invitations"])
def test_invitation_is_redeemed_by_a_code_in_the_query(
    ask: Any,
    alices: Person,
    charlie: User,
    person: MakePerson,
    registered: Any,
    query: bytes,
    path: str,
) -> None:
    vin = vin_of("Luna")
    made = ask(
        alices.access_token, f"/api/1/vehicles/{vin}/invitations", method="POST"
    ).json["response"]
    answer = ask(
        person(charlie).access_token,
        f"/api/1/{path}/redeem",
        method="POST",
        query=query.replace(b"{code}", made["code"].encode()),
    )
    assert (answer.status, answer.json["response"]["vin"]) == (200, vin)


def test_gateway_that_refuses_is_passed_on(
    ask: Any, alices: Person, registered: Any
) -> None:
    site = registered.world.site_named("Home").id
    path = f"/api/1/energy_sites/{site}/command/remove_authorized_client"
    body = b'{"public_key":"AAAA"}'
    answer = ask(alices.access_token, path, method="POST", body=body)
    assert answer.status == 540
