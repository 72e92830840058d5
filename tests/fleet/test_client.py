"""The client of pages and workers: verbs, regions, odd answers, secrets."""

import json
import logging
import traceback
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from fleet.client import Client, render_path, shared_http
from fleet.endpoints import BY_NAME
from fleet.errors import (
    FleetError,
    MissingScopes,
    NotFound,
    NotRegistered,
    OutOfRegion,
    RateLimited,
    Refused,
    ServerFault,
    Unauthorized,
    Unreachable,
    Unreadable,
    VehicleUnavailable,
)
from fleet.hosts import Hosts
from fleet.regions import Region
from simulator.testing import DOMAIN, RunningSimulator
from tests.fleet.conftest import PUBLIC_KEY_HEX
from tests.fleet.loopback import Loopback, cut, http

ClientAs = Callable[..., Client]
TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.our-tesla-access-token"
VIN = "5YJ3E1EA0LF000001"


def _car(tesla: RunningSimulator, name: str) -> str:
    return next(vin for vin, car in tesla.world.cars.items() if car.spec.name == name)


def _at(server: Loopback, **more: Any) -> Client:
    return Client(server.url, TOKEN, **more)


def test_verbs_give_what_tesla_answers(
    client_as: ClientAs, tesla: RunningSimulator
) -> None:
    client = client_as()
    vin = _car(tesla, "Red")
    tesla.world.cars[vin].wake_up()
    tesla.clock.advance(120)

    assert vin in {product.get("vin") for product in client.products()}
    assert client.vehicle(vin)["vin"] == vin
    data = client.vehicle_data(vin, ("charge_state", "climate_state"))
    assert {"charge_state", "climate_state"} <= data.keys()
    assert "vehicle_state" not in data
    status = client.fleet_status([vin])
    assert vin in status["key_paired_vins"]
    assert client.users_me()["email"] == "alice@example.com"
    assert client.users_region() == {
        "region": "na",
        "fleet_api_base_url": client.base_url,
    }
    site_id = next(
        product["energy_site_id"]
        for product in client.products()
        if "energy_site_id" in product
    )
    assert client.site_info(site_id)["site_name"] == "Home"
    assert "solar_power" in client.live_status(site_id)


def _sleeping_car(tesla: RunningSimulator) -> str:
    """Let time pass until one of Alice's cars sleeps, and return its VIN."""
    alice = tesla.world.persons["alice@example.com"]
    for _ in range(200):
        for car, _access in tesla.world.cars_of(alice):
            if car.state == "asleep":
                return car.vin
        tesla.clock.advance(900)
    raise AssertionError("no car ever sleeps")


def test_only_wake_up_wakes_a_car(client_as: ClientAs, tesla: RunningSimulator) -> None:
    vin = _sleeping_car(tesla)
    client = client_as()

    client.vehicle(vin)
    client.fleet_status([vin])
    with pytest.raises(VehicleUnavailable):
        client.vehicle_data(vin)
    tesla.clock.advance(120)

    assert tesla.world.cars[vin].state == "asleep"
    assert tesla.billed().get("wakes", 0) == 0

    assert client.wake_up(vin)["vin"] == vin
    tesla.clock.advance(120)

    assert tesla.world.cars[vin].state == "online"
    assert tesla.billed()["wakes"] == 1


def test_a_strangers_car_and_no_car_are_not_found_alike(
    client_as: ClientAs, tesla: RunningSimulator
) -> None:
    charlie = client_as("charlie@example.com")

    for vin in (_car(tesla, "Red"), VIN):
        with pytest.raises(NotFound) as caught:
            charlie.vehicle(vin)
        assert caught.value.code == "not_found"
    assert charlie.products() == []


def test_missing_scope_is_named(client_as: ClientAs, tesla: RunningSimulator) -> None:
    client = client_as(scopes=("openid", "vehicle_device_data"))
    vin = _car(tesla, "Red")
    tesla.world.cars[vin].wake_up()
    tesla.clock.advance(120)

    with pytest.raises(MissingScopes) as caught:
        client.vehicle_data(vin, ("location_data",))

    assert caught.value.scopes == ("vehicle_location",)


def test_dead_token_is_unauthorized(hosts: Hosts) -> None:
    with pytest.raises(Unauthorized):
        Client(hosts.base_urls["na"], TOKEN).products()


def test_region_is_followed_once_and_remembered(
    client_as: ClientAs, tesla: RunningSimulator, hosts: Hosts
) -> None:
    heard: list[Region] = []
    client = client_as("bob@example.com", on_region=heard.append)

    client.products()
    client.products()

    assert client.base_url == hosts.base_urls["eu"]
    assert heard == [Region.EU]
    assert [call.status for call in tesla.calls][-3:] == [421, 200, 200]


def test_region_is_followed_without_anybody_listening(client_as: ClientAs) -> None:
    client = client_as("bob@example.com")

    assert client.products()


@pytest.mark.parametrize(
    "claimed", ["https://evil.example", "http://127.0.0.1:9/eu", "{url}"]
)
def test_region_is_not_followed_to_a_stranger_or_in_a_circle(
    claimed: str, hosts: Hosts
) -> None:
    with Loopback(b"") as server:
        said = f"user out of region, use base URL: {claimed.format(url=server.url)}"
        server.answers = [http({"response": None, "error": said}, 421)]
        known = {"na": server.url, "eu": f"{server.url}/eu"}
        ours = Hosts(
            hosts.authorize_url,
            hosts.token_url,
            hosts.jwks_url,
            hosts.issuers,
            hosts.consent_url,
            hosts.pairing_url,
            known,
        )
        client = _at(server, hosts=ours)

        with pytest.raises(OutOfRegion):
            client.products()

        assert len(server.asked) == 1
        assert client.base_url == server.url


def test_region_is_not_followed_twice(hosts: Hosts) -> None:
    with Loopback(b"") as server:
        said = f"use base URL: {server.url}/eu,"
        server.answers = [http({"response": None, "error": said}, 421)]
        ours = Hosts(
            hosts.authorize_url,
            hosts.token_url,
            hosts.jwks_url,
            hosts.issuers,
            hosts.consent_url,
            hosts.pairing_url,
            {"na": server.url, "eu": f"{server.url}/eu"},
        )

        with pytest.raises(OutOfRegion):
            _at(server, hosts=ours).products()

        assert [asked.target for asked in server.asked] == [
            "/api/1/products",
            "/eu/api/1/products",
        ]


def test_region_is_not_followed_without_hosts() -> None:
    said = {"response": None, "error": "use base URL: https://eu.example"}
    with Loopback(http(said, 421)) as server, pytest.raises(OutOfRegion) as caught:
        _at(server).products()

    assert caught.value.base_url == "https://eu.example"


def test_partner_is_registered_with_its_own_key(
    tesla: RunningSimulator, hosts: Hosts
) -> None:
    client = Client(hosts.base_urls["na"], tesla.partner_token())

    assert client.partner_public_key(DOMAIN) == PUBLIC_KEY_HEX
    with pytest.raises(NotFound):
        client.partner_public_key("another.example.com")
    with pytest.raises(FleetError) as caught:
        client.register_partner("console.elsewhere.example")
    assert caught.value.status == 412


def test_unregistered_application_is_told_so(
    tesla: RunningSimulator, client_as: ClientAs
) -> None:
    client = client_as()
    tesla.hub.store.registrations.clear()

    with pytest.raises(NotRegistered):
        client.products()


def test_call_sends_query_body_and_headers() -> None:
    with Loopback(http({"response": "ok"})) as server:
        client = _at(server)
        query = {"count": 3, "detail": True, "radius": None, "x": "a b;c"}
        client.call(BY_NAME["nearby_charging_sites"], {"vehicle_tag": VIN}, query)
        client.call(BY_NAME["honk_horn"], {"vehicle_tag": VIN})
        client.call(
            BY_NAME["backup"], {"site_id": 7}, body={"backup_reserve_percent": 20}
        )
        client.call(
            BY_NAME["remove_driver"], {"vehicle_tag": VIN}, {"share_user_id": "1"}
        )

    assert [(asked.method, asked.target, asked.body) for asked in server.asked] == [
        (
            "GET",
            f"/api/1/vehicles/{VIN}/nearby_charging_sites?count=3&detail=true&x=a+b%3Bc",
            b"",
        ),
        ("POST", f"/api/1/vehicles/{VIN}/command/honk_horn", b"{}"),
        ("POST", "/api/1/energy_sites/7/backup", b'{"backup_reserve_percent": 20}'),
        ("DELETE", f"/api/1/vehicles/{VIN}/drivers?share_user_id=1", b"{}"),
    ]
    assert {asked.headers["authorization"] for asked in server.asked} == {
        f"Bearer {TOKEN}"
    }
    assert [asked.headers.get("content-type") for asked in server.asked] == [
        None,
        "application/json",
        "application/json",
        "application/json",
    ]
    assert server.connections == 1


@pytest.mark.parametrize(
    "value", ["", ".", "..", "a/b", "a%2fb", "a;b", "a\\b", "a?b", "a\r\nb", "é"]
)
def test_path_takes_no_value_that_would_change_it(value: str) -> None:
    with pytest.raises(ValueError, match="vehicle_tag cannot be part of a path"):
        render_path(BY_NAME["vehicle"], {"vehicle_tag": value})


def test_path_needs_all_its_values() -> None:
    with pytest.raises(ValueError, match="vehicle needs vehicle_tag"):
        render_path(BY_NAME["vehicle"], {})


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
