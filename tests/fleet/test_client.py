"""The client of pages and workers: verbs, regions, requests."""

from collections.abc import Callable
from typing import Any

import pytest

from fleet.client import Client, render_path
from fleet.endpoints import BY_NAME
from fleet.errors import (
    FleetError,
    MissingScopes,
    NotFound,
    NotRegistered,
    OutOfRegion,
    Unauthorized,
    VehicleUnavailable,
)
from fleet.hosts import Hosts
from fleet.regions import Region
from simulator.testing import DOMAIN, RunningSimulator
from tests.fleet.conftest import PUBLIC_KEY_HEX
from tests.fleet.loopback import Loopback, http

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
