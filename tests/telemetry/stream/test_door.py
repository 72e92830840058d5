"""Streams as programs read them: what comes first, what comes then, and its form."""

import json
import socket
import time
from typing import Any

import orjson
import pytest

from accounts.models import User
from events import shapes
from events.event import Event, Topic
from tests.telemetry.stream.conftest import (
    OTHER_VIN,
    SITE,
    VIN,
    Listen,
    MakePerson,
    Person,
)
from tests.telemetry.stream.listening import Line, Server
from vehicles.models import VehicleAccess

AT_MS = 1785233730007
AT = "2026-07-28T10:15:30.007Z"
CAR = (
    shapes.state(VIN, "online", AT_MS),
    shapes.data(VIN, {"Soc": 81.5, "Gear": None}, AT_MS),
    shapes.connectivity(VIN, "wifi", connected=True, at_ms=AT_MS),
    shapes.alerts(VIN, [{"name": "A"}], AT_MS),
    shapes.errors(VIN, [{"name": "E"}], AT_MS),
    shapes.vehicle_data(VIN, {"vin": VIN}, AT_MS),
    shapes.config(VIN, {"fields": {"Soc": {"interval_seconds": 60}}}, AT_MS),
)
HOUSE = (
    shapes.live_status(SITE, {"solar_power": 1}, AT_MS),
    shapes.site_info(SITE, {"site_name": "Home"}, AT_MS),
    shapes.tariff(SITE, None, AT_MS),
    shapes.energy_totals(SITE, "2026-07-28", {"solar_energy_exported": 1.5}, AT_MS),
    shapes.wall_connector_totals(SITE, "2026-07-28", {"DIN": 1}, AT_MS),
)
CREDITS = shapes.credits("command", 2, "flash_lights", 5, 0.12, AT_MS)


@pytest.fixture
def home(person: MakePerson, alice: User) -> Person:
    return person(alice, vins=(VIN, OTHER_VIN), site=SITE)


def state(vin: str = VIN, value: str = "online", **more: Any) -> dict[str, Any]:
    return {"createdAt": AT, "vin": vin, "state": value, **more}


def told(line: Line, count: int) -> list[dict[str, Any]]:
    return [line.event() for _ in range(count)]


def bodies(*events: Event) -> list[dict[str, Any]]:
    return [orjson.loads(event.body) for event in events]


def nothing_more(line: Line, who: Person) -> None:
    """Check that the next that comes is the one that is told now."""
    last = shapes.state(VIN, "asleep", AT_MS + 9)
    who.tell(last)
    assert line.event() == orjson.loads(last.body)


@pytest.mark.parametrize("path", ["/sse", "/sse/", f"/sse/{VIN}", f"/sse/{VIN}/"])
def test_live_events_come_in_one_line_each(
    listen: Listen, home: Person, path: str
) -> None:
    line = listen(path, token=home.token).begin()
    assert line.headers["content-type"] == "text/event-stream"
    assert line.headers["cache-control"] == "no-store"
    assert line.headers["x-accel-buffering"] == "no"
    assert line.headers["transfer-encoding"] == "chunked"
    home.tell(shapes.state(VIN, "online", AT_MS))
    assert line.line() == f'data: {{"createdAt":"{AT}","vin":"{VIN}","state":"online"}}'
    assert line.line() == ""
    # What a car calls itself starts no event of its own.
    home.tell(shapes.data(VIN, {"A\n\ndata: {}": "\r\n\ndata: {}\n\n"}, AT_MS))
    assert line.event()["data"] == {"A\n\ndata: {}": "\r\n\ndata: {}\n\n"}
    nothing_more(line, home)


def test_account_hears_of_everything(listen: Listen, home: Person) -> None:
    line = listen(token=home.token, headers=("X-Library: python teslemetry/1.0",))
    line.begin()
    everything = (*CAR, *HOUSE, CREDITS)
    home.tell(*everything)
    assert told(line, len(everything)) == bodies(*everything)


def test_car_and_site_hear_of_themselves(listen: Listen, home: Person) -> None:
    car = listen(f"/sse/{VIN}", token=home.token).begin()
    site = listen(f"/sse/{SITE}", token=home.token).begin()
    by_id = listen(f"/sse/{home.access().tesla_id}", token=home.token).begin()
    home.tell(*HOUSE, CREDITS, shapes.state(OTHER_VIN, "online", AT_MS), *CAR)
    assert told(car, len(CAR)) == bodies(*CAR)
    assert told(by_id, len(CAR)) == bodies(*CAR)
    assert [sorted(one)[1:] for one in told(site, len(HOUSE))] == [
        sorted(one)[1:] for one in bodies(*HOUSE)
    ]


def test_one_signal_is_heard_alone(listen: Listen, home: Person) -> None:
    home.tell(*CAR)
    line = listen(f"/sse/{VIN}/Soc", token=home.token).begin()
    cached = {"isCache": True, "createdAt": AT, "vin": VIN, "data": {"Soc": 81.5}}
    assert line.event() == cached
    home.tell(
        *CAR,
        shapes.data(VIN, {"Gear": "P"}, AT_MS),
        shapes.data(VIN, {"Soc": None, "Gear": "P"}, AT_MS),
    )
    assert [one["data"] for one in told(line, 2)] == [{"Soc": 81.5}, {"Soc": None}]


@pytest.mark.parametrize(
    ("library", "number"),
    [("python teslemetry/1.0", SITE), ("python", str(SITE)), ("", str(SITE))],
)
def test_site_id_is_what_a_client_compares(
    listen: Listen, home: Person, library: str, number: int | str
) -> None:
    headers = (f"X-Library: {library}",) if library else ()
    home.tell(HOUSE[0], HOUSE[3])
    line = listen(token=home.token, headers=headers).begin()
    first, second = told(line, 2)
    assert (first["site_id"], second["id"]) == (number, number)
    home.tell(HOUSE[0], HOUSE[3], CAR[0])
    first, second, third = told(line, 3)
    assert (first["site_id"], second["id"]) == (number, number)
    assert third == state()


def test_snapshot_tells_what_is_known(listen: Listen, home: Person) -> None:
    home.tell(*CAR, *HOUSE, CREDITS)
    home.tell(shapes.data(VIN, {"Locked": True}, AT_MS + 1))
    home.tell(shapes.state(OTHER_VIN, "asleep", AT_MS))
    line = listen(token=home.token, headers=("X-Library: a/1",)).begin()
    found = told(line, len(CAR) + len(HOUSE) + 2)
    assert all(one.pop("isCache") is True for one in found)
    expected = [*bodies(*CAR, *HOUSE, CREDITS), state(OTHER_VIN, "asleep")]
    expected[1]["data"]["Locked"] = True
    expected[1]["createdAt"] = "2026-07-28T10:15:30.008Z"
    expected[len(CAR) + len(HOUSE)]["credits"] |= {
        "type": "snapshot",
        "cost": 0,
        "name": "snapshot",
    }
    assert sorted(map(str, map(_sorted, found))) == sorted(
        map(str, map(_sorted, expected))
    )
    nothing_more(line, home)


def _sorted(content: Any) -> Any:
    if isinstance(content, dict):
        return sorted((key, _sorted(value)) for key, value in content.items())
    return content


@pytest.mark.parametrize("query", ["cache=false", "?cache=false", "cache=false&x=1"])
def test_snapshot_may_be_left_out(listen: Listen, home: Person, query: str) -> None:
    home.tell(*CAR)
    line = listen(f"/sse?{query}", token=home.token).begin()
    nothing_more(line, home)


def test_query_of_the_typescript_client(listen: Listen, home: Person) -> None:
    home.tell(CAR[0])
    line = listen(f"/sse/??cache=true&token={home.token}").begin()
    assert line.event() == state(isCache=True)


@pytest.mark.parametrize("comma", [",", "%2C"])
def test_topics_choose(listen: Listen, home: Person, comma: str) -> None:
    home.tell(*CAR)
    line = listen(f"/sse?topics=errors{comma}state", token=home.token).begin()
    assert ["errors" in one for one in told(line, 2)] == [False, True]
    home.tell(CAR[1], CAR[4], CAR[0])
    assert told(line, 2) == bodies(CAR[4], CAR[0])


def test_newline_comes_while_nothing_happens(listen: Listen, home: Person) -> None:
    line = listen(token=home.token).begin()
    line.socket.settimeout(15)
    assert line.line(15) == ""
    nothing_more(line, home)


@pytest.mark.parametrize(
    "last", ["' OR 1=1", "-1", "9" * 4000, "0-0", "1785233730007-0"]
)
def test_last_event_id_means_nothing(listen: Listen, home: Person, last: str) -> None:
    home.tell(CAR[0])
    line = listen(token=home.token, headers=(f"Last-Event-ID: {last}",)).begin()
    assert line.event() == state(isCache=True)
    nothing_more(line, home)


def test_stray_end_of_chunks_after_the_request(server: Server, home: Person) -> None:
    # So does the Python client with aiohttp 3.12 and later.
    with server.listen(token=home.token, after=b"0\r\n\r\n") as line:
        line.begin()
        home.tell(CAR[0])
        assert line.event() == state()


def test_stray_end_of_chunks_is_no_request_after_a_refusal(
    server: Server, home: Person
) -> None:
    with server.listen(token=f"{home.token}x", after=b"0\r\n\r\n") as line:
        assert line.head() == 401
        assert line.headers["connection"] == "close"
        line.json()
        assert line.rest() == b""


def test_too_long_data_comes_in_parts(listen: Listen, home: Person) -> None:
    line = listen(token=home.token).begin()
    values = {f"S{number}": "x" * 50_000 for number in range(5)} | {
        "Long": "x" * 140_000
    }
    home.tell(shapes.data(VIN, values, AT_MS))
    found: dict[str, Any] = {}
    while len(found) < 5:
        text = line.line()
        assert len(text) < 128 * 1024
        if text:
            content = json.loads(text[6:])
            assert (content["createdAt"], content["vin"]) == (AT, VIN)
            found |= content["data"]
    assert found == {name: value for name, value in values.items() if name != "Long"}
    # No client could read it: it is counted and logged.
    home.tell(shapes.vehicle_data(VIN, {"x": "x" * 140_000}, AT_MS))
    nothing_more(line, home)
    assert "too long for clients" in server_log(listen)


def server_log(listen: Listen) -> str:
    found: Server = listen.server  # type: ignore[attr-defined]
    return found.log.read_text()


def test_two_accounts_hear_their_own(
    listen: Listen, person: MakePerson, alice: User, bob: User
) -> None:
    first, second = person(alice), person(bob)
    one, other = listen(token=first.token).begin(), listen(token=second.token).begin()
    second.tell(shapes.state(VIN, "asleep", AT_MS))
    first.tell(CAR[0])
    assert one.event() == state()
    assert other.event() == state(value="asleep")


def test_who_leaves_is_forgotten(listen: Listen, home: Person) -> None:
    for _ in range(60):
        line = listen(token=home.token).begin()
        line.socket.shutdown(socket.SHUT_RDWR)
        line.socket.close()
        time.sleep(0.01)
    listen(token=home.token).begin()


def test_account_topic_of_all_names(listen: Listen, home: Person) -> None:
    names = ",".join(topic.value for topic in Topic)
    listen(f"/sse?topics={names}", token=home.token).begin()


@pytest.mark.parametrize("path", ["/sse", f"/sse/{VIN}/Location"])
def test_snapshot_tells_no_place_that_may_not_be_known_any_more(
    listen: Listen, home: Person, path: str
) -> None:
    home.tell(shapes.data(VIN, {"Location": {"latitude": 52.5}}, AT_MS))
    listening = listen(path, token=home.token).begin()
    assert listening.event()["data"] == {"Location": {"latitude": 52.5}}
    VehicleAccess.objects.update(hide_private=True)
    time.sleep(1.1)  # so long a user's reach is kept
    nothing_more(listen(path.replace("/Location", ""), token=home.token).begin(), home)
