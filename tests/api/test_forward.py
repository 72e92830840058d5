"""Calls that go to Tesla: by which grant, with what, and what comes back."""

import json
from typing import Any

import pytest

from accounts.models import User
from tests.api.conftest import MakePerson, Person, sync
from tests.factories import SCOPES
from tokens.models import TeslaGrant
from tokens.services import access_tokens
from vehicles.models import VehicleAccess


def vin_of(someone: Person, name: str) -> str:
    """Return the VIN of the car of this name."""
    access = VehicleAccess.objects.get(grant=someone.grant, vehicle__name=name)
    return access.vehicle.vin


def test_vehicle_is_found_by_vin_and_by_id(
    ask: Any, alice: User, person: MakePerson
) -> None:
    someone = person(alice)
    vin = vin_of(someone, "Red")
    by_vin = ask(someone.access_token, f"/api/1/vehicles/{vin}")
    record = by_vin.json["response"]
    assert (by_vin.status, record["vin"]) == (200, vin)
    for tag in (record["id"], record["id_s"]):
        by_id = ask(someone.access_token, f"/api/1/vehicles/{tag}")
        assert (by_id.status, by_id.json["response"]["vin"]) == (200, vin)


def test_answer_carries_only_headers_that_may_pass(
    ask: Any, alice: User, person: MakePerson
) -> None:
    someone = person(alice)
    answer = ask(someone.access_token, f"/api/1/vehicles/{vin_of(someone, 'Red')}")
    assert answer.headers.pop("x-txid")
    assert answer.headers == {
        "content-type": "application/json; charset=utf-8",
        "content-length": str(len(answer.body)),
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
    }


@pytest.mark.parametrize("tag", ["5YJ3E1EA7NF12345", "red", "IOQ3E1EA7NF123456", "1a"])
def test_malformed_vehicle_name_gets_400(
    ask: Any, alice: User, person: MakePerson, tag: str
) -> None:
    answer = ask(person(alice).access_token, f"/api/1/vehicles/{tag}/vehicle_data")
    assert (answer.status, answer.error) == (400, "invalid_request")


def test_strangers_car_is_answered_like_an_unknown_one(
    ask: Any, alice: User, charlie: User, person: MakePerson, registered: Any
) -> None:
    owner, stranger = person(alice), person(charlie)
    access = VehicleAccess.objects.get(grant=owner.grant, vehicle__name="Red")
    unknown = ask(stranger.access_token, "/api/1/vehicles/5YJ3E1EA0NF999999")
    assert (unknown.status, unknown.error) == (404, "not_found")
    for tag in (access.vehicle.vin, access.tesla_id):
        for rest in ("", "/vehicle_data"):
            answer = ask(stranger.access_token, f"/api/1/vehicles/{tag}{rest}")
            assert (answer.status, answer.body) == (404, unknown.body)
    assert registered.calls == []


def test_driver_reads_the_shared_car_with_his_own_grant(
    ask: Any, alice: User, bob: User, person: MakePerson, registered: Any
) -> None:
    red = vin_of(person(alice), "Red")
    driver = person(bob)
    answer = ask(driver.access_token, f"/api/1/vehicles/{red}")
    assert answer.json["response"]["access_type"] == "DRIVER"
    assert [call.person for call in registered.calls] == ["bob@example.com"]


def test_vehicle_data_of_an_awake_car(
    ask: Any, alice: User, person: MakePerson, registered: Any
) -> None:
    someone = person(alice)
    vin = vin_of(someone, "Red")
    registered.world.cars[vin].wake_up()
    registered.clock.advance(120)
    answer = ask(
        someone.access_token,
        f"/api/1/vehicles/{vin}/vehicle_data",
        query=b"endpoints=charge_state%3Blocation_data&use_cache=false&colour=red",
    )
    assert answer.status == 200
    assert {"charge_state", "drive_state"} <= set(answer.json["response"])
    looked, call = registered.calls
    assert (looked.path.endswith(vin), looked.query) == (True, "")
    assert call.query == "endpoints=charge_state%3Blocation_data"


def test_vehicle_data_of_a_sleeping_car_is_its_summary(
    ask: Any, alice: User, person: MakePerson, registered: Any
) -> None:
    someone = person(alice)
    vin = vin_of(someone, "Luna")
    answer = ask(someone.access_token, f"/api/1/vehicles/{vin}/vehicle_data")
    assert answer.status == 408
    assert answer.json["response"]["vin"] == vin
    assert answer.json["response"]["state"] == "asleep"
    assert "wake_up" not in " ".join(call.path for call in registered.calls)


def test_wake_up_answers_the_record_and_wakes(
    ask: Any, alice: User, person: MakePerson, registered: Any
) -> None:
    someone = person(alice)
    vin = vin_of(someone, "Luna")
    answer = ask(someone.access_token, f"/api/1/vehicles/{vin}/wake_up", method="POST")
    assert (answer.status, answer.json["response"]["vin"]) == (200, vin)
    registered.clock.advance(120)
    after = ask(someone.access_token, f"/api/1/vehicles/{vin}")
    assert after.json["response"]["state"] == "online"


def test_location_without_its_scope_is_refused_before_tesla_bills_it(
    ask: Any, alice: User, person: MakePerson, registered: Any
) -> None:
    scopes = tuple(scope for scope in SCOPES if scope != "vehicle_location")
    someone = person(alice, scopes=scopes)
    vin = vin_of(someone, "Red")
    answer = ask(
        someone.access_token,
        f"/api/1/vehicles/{vin}/vehicle_data",
        query=b"endpoints=charge_state;location_data",
    )
    assert answer.status == 403
    assert answer.error == "Unauthorized missing scopes vehicle_location"
    assert registered.calls == []


def test_missing_scope_is_refused(
    ask: Any, alice: User, person: MakePerson, registered: Any
) -> None:
    someone = person(alice)
    site = next(iter(someone.grant.site_accesses.all())).site.site_id
    TeslaGrant.objects.update(scopes=["openid", "vehicle_device_data"])
    answer = ask(someone.access_token, f"/api/1/energy_sites/{site}/live_status")
    assert answer.status == 403
    assert answer.error == "Unauthorized missing scopes energy_device_data"
    assert registered.calls == []


def test_products_of_two_tesla_accounts_are_joined_and_the_shared_car_stands_once(
    ask: Any, alice: User, person: MakePerson, make_grant: Any, registered: Any
) -> None:
    someone = person(alice)
    sync(make_grant(alice, "bob@example.com"))
    answer = ask(someone.access_token, "/api/1/products")
    products = answer.json["response"]
    assert answer.json["count"] == len(products)
    cars = {one["display_name"]: one for one in products if "vin" in one}
    assert sorted(cars) == ["Blitz", "Charger", "Granny", "Luna", "Nimbus", "Red"]
    assert cars["Red"]["access_type"] == "OWNER"
    assert len([one for one in products if "energy_site_id" in one]) == 3
    listed = ask(someone.access_token, "/api/1/vehicles").json["response"]
    assert {one["vin"] for one in listed} == {one["vin"] for one in cars.values()}


def test_list_is_never_silently_a_part(
    ask: Any, alice: User, person: MakePerson, make_grant: Any, registered: Any
) -> None:
    someone = person(alice)
    make_grant(alice, "bob@example.com")
    registered.faults.add("status", "/eu/api/1/products", status=503)
    answer = ask(someone.access_token, "/api/1/products")
    assert answer.status == 503


def test_fleet_status_names_nobody_elses_car(
    ask: Any, alice: User, bob: User, person: MakePerson, registered: Any
) -> None:
    owner, other = person(alice), person(bob)
    red, luna = vin_of(owner, "Red"), vin_of(owner, "Luna")
    blitz = vin_of(other, "Blitz")
    answer = ask(
        owner.access_token,
        "/api/1/vehicles/fleet_status",
        method="POST",
        body=json.dumps({"vins": [red, luna, blitz]}).encode(),
    )
    content = answer.json["response"]
    assert content["key_paired_vins"] == [red]
    assert content["unpaired_vins"] == [luna]
    assert set(content["vehicle_info"]) == {red, luna}


def test_user_and_region(ask: Any, bob: User, person: MakePerson) -> None:
    token = person(bob).access_token
    me = ask(token, "/api/1/users/me").json["response"]
    assert me["email"] == "bob@example.com"
    region = ask(token, "/api/1/users/region").json["response"]
    assert region["region"] == "eu"


@pytest.mark.parametrize(
    ("rest", "query"),
    [
        ("site_info", b""),
        ("live_status", b""),
        ("calendar_history", b"kind=energy&period=day"),
        (
            "telemetry_history",
            b"kind=charge&start_date=2026-11-01T00%3A00%3A00Z&end_date=2026-11-20T00%3A00%3A00Z",
        ),
    ],
)
def test_energy_site_is_read(
    ask: Any, alice: User, person: MakePerson, rest: str, query: bytes
) -> None:
    someone = person(alice)
    site = someone.grant.site_accesses.all()[0].site.site_id
    answer = ask(
        someone.access_token, f"/api/1/energy_sites/{site}/{rest}", query=query
    )
    assert answer.status == 200
    assert isinstance(answer.json["response"], dict)


def test_strangers_site_is_answered_like_an_unknown_one(
    ask: Any, alice: User, charlie: User, person: MakePerson
) -> None:
    site = person(alice).grant.site_accesses.all()[0].site.site_id
    token = person(charlie).access_token
    unknown = ask(token, "/api/1/energy_sites/12345/live_status")
    assert (unknown.status, unknown.error) == (404, "not_found")
    answer = ask(token, f"/api/1/energy_sites/{site}/live_status")
    assert (answer.status, answer.body) == (404, unknown.body)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/1/nothing"),
        ("GET", "/api/1/products/"),
        ("GET", "/api/1/vehicles/5YJ3E1EA7NF123456/command"),
        ("GET", "/api/2/products"),
    ],
)
def test_address_that_is_not_served_gets_404(
    ask: Any,
    alice: User,
    person: MakePerson,
    registered: Any,
    method: str,
    path: str,
) -> None:
    answer = ask(person(alice).access_token, path, method=method)
    assert (answer.status, answer.error) == (404, "not_found")
    assert registered.calls == []


def test_no_linked_account_is_said_plainly(
    ask: Any, transactional_db: None, charlie: User
) -> None:
    _, token = access_tokens.issue(charlie, "early")
    answer = ask(token, "/api/1/products")
    assert (answer.status, answer.error) == (404, "not_found")
    assert "No Tesla account is linked" in answer.json["error_description"]
