"""The client of pages and workers: odd answers, bad weather, secrets."""

import json
import logging
import traceback
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from fleet.client import Client, shared_http
from fleet.endpoints import BY_NAME
from fleet.errors import (
    FleetError,
    RateLimited,
    Refused,
    ServerFault,
    Unreachable,
    Unreadable,
    VehicleUnavailable,
)
from simulator.testing import RunningSimulator
from tests.fleet.loopback import Loopback, cut, http

ClientAs = Callable[..., Client]
TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.our-tesla-access-token"
VIN = "5YJ3E1EA0LF000001"


def _at(server: Loopback, **more: Any) -> Client:
    return Client(server.url, TOKEN, **more)


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        (http({"response": None}), None),
        (http({"response": {"a": 1}, "error": ""}), {"a": 1}),
        (http({"fleet_telemetry_errors": []}), {"fleet_telemetry_errors": []}),
        (http([1]), [1]),
    ],
)
def test_call_takes_the_answer_out_of_its_envelope(answer: bytes, value: Any) -> None:
    with Loopback(answer) as server:
        assert _at(server).call(BY_NAME["users_orders"]) == value


def test_call_gives_bytes_and_text_where_there_is_no_json() -> None:
    with Loopback(http(b"%PDF-1.7"), http(b" ok\n")) as server:
        client = _at(server)

        assert client.call(BY_NAME["charging_invoice"], {"content_id": "a-1"}) == (
            b"%PDF-1.7"
        )
        assert client.call(BY_NAME["status"]) == "ok"

    assert server.asked[0].headers["accept"] == "*/*"


@pytest.mark.parametrize(
    ("answer", "kind", "status"),
    [
        (http(b"<html>Welcome</html>"), Unreadable, 200),
        (http(b'{"response": {"cut'), Unreadable, 200),
        (http(b""), Unreadable, 200),
        (http(b"x" * (8 * 1024 * 1024 + 1)), Unreadable, 200),
        (http(b"<html>Bad Gateway</html>", 502), ServerFault, 502),
        (http(b"", 304), Unreadable, 304),
        (http(b"", 302, Location="https://evil.example"), Unreadable, 302),
        (
            http({"response": None, "error": "vehicle unavailable: asleep"}),
            VehicleUnavailable,
            200,
        ),
        (http({"response": None, "error": "odd"}), Refused, 200),
        (http({"response": "text"}), Unreadable, None),
        (http(b"Retry in 42 seconds\n", 429), RateLimited, 429),
        (cut(), Unreachable, None),
        (cut(http({"response": []})[:-3]), Unreachable, None),
    ],
)
def test_bad_answer_has_its_error(
    answer: Any, kind: type[FleetError], status: int | None
) -> None:
    with Loopback(answer) as server, pytest.raises(FleetError) as caught:
        _at(server).products()

    assert type(caught.value) is kind
    assert caught.value.status == status


def test_products_leave_out_what_is_no_object() -> None:
    with Loopback(http({"response": [{"vin": VIN}, None, "odd"]})) as server:
        assert _at(server).products() == [{"vin": VIN}]


def test_verb_refuses_a_list_where_an_object_belongs() -> None:
    with Loopback(http({"response": []})) as server, pytest.raises(Unreadable):
        _at(server).vehicle(VIN)


@pytest.mark.parametrize("fault", ["hang", "truncate", "html", "huge", "cut", "refuse"])
def test_simulated_bad_weather_becomes_an_error(
    fault: str, client_as: ClientAs, tesla: RunningSimulator
) -> None:
    client = client_as()
    tesla.faults.add(kind=fault, path="*/products", count=2, seconds=1.0)

    with pytest.raises(FleetError):
        client.products()


def test_shared_client_is_one_and_keeps_no_cookies() -> None:
    answer = http({"response": []}, Set_Cookie="person=alice; Path=/")
    with Loopback(answer) as server:
        _at(server).products()
        _at(server).products()

        assert "cookie" not in server.asked[1].headers
        assert server.connections == 1
    assert shared_http() is shared_http()
    assert not shared_http().follow_redirects


def test_own_client_is_used_where_one_is_given() -> None:
    with (
        Loopback(http({"response": []})) as server,
        httpx.Client(headers={"X-Mark": "own"}, trust_env=False) as own,
    ):
        assert _at(server, http=own).products() == []

    assert server.asked[0].headers["x-mark"] == "own"


@pytest.mark.parametrize(
    "answer",
    [
        http({"error": TOKEN, "error_description": f"Bearer {TOKEN}"}, 401),
        http(TOKEN.encode(), 500),
        http(TOKEN.encode()),
        http({"response": None, "error": TOKEN}),
        http(b"", 302, Location=f"https://evil.example/?token={TOKEN}"),
        cut(TOKEN.encode()),
        cut(),
    ],
)
def test_errors_and_logs_never_contain_the_token(
    answer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("httpx", "httpcore"):
        assert logging.getLogger(name).level == logging.WARNING

    with Loopback(answer) as server, pytest.raises(FleetError) as caught:
        _at(server).vehicle(VIN)

    told = [
        "".join(traceback.format_exception(caught.value)),
        repr(caught.value),
        repr(vars(caught.value)),
        caplog.text,
    ]
    assert TOKEN not in json.dumps(told)
    assert server.url not in caplog.text


def test_client_does_not_show_its_token() -> None:
    assert repr(Client("https://na.example/", TOKEN)) == "Client('https://na.example')"
