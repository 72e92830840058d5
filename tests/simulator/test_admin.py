"""The admin pages and the admin API: levers for people and for tests."""

from typing import Any

import httpx
import pytest

from simulator.testing import DOMAIN
from tests.simulator.doors import KEY_HEX, Doors

ALICE = "alice@example.com"


def _order(doors: Doors, verb: str, **form: str) -> httpx.Response:
    return doors.http.post(f"{doors.sim.url}/admin/{verb}", data=form)


def _page(doors: Doors) -> str:
    return doors.http.get(f"{doors.sim.url}/admin").text


def test_page_shows_people_cars_and_bill(registered: Doors) -> None:
    token, vin = registered.token(), registered.put("Red", "online").vin
    registered.get(f"vehicles/{vin}/vehicle_data", token)
    page = _page(registered)
    for words in ("Alice Moreau", "Charlie", vin, "$0.002", DOMAIN, "test-client"):
        assert words in page
    front = registered.http.get(registered.sim.url)
    assert (front.status_code, front.headers["Location"]) == (302, "/admin")


def test_page_and_style_run_without_script(doors: Doors) -> None:
    answer = doors.http.get(f"{doors.sim.url}/admin")
    assert "<script" not in answer.text
    assert "style=" not in answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert policy == "default-src 'none'; style-src 'self'; img-src 'self'"
    style = doors.http.get(f"{doors.sim.url}/static/simulator.css")
    assert style.headers["Content-Type"] == "text/css"


def test_page_moves_cars(doors: Doors) -> None:
    luna = doors.car("Luna")
    moved = _order(doors, "car", vin=luna.vin, state="offline")
    assert (moved.status_code, luna.state) == (303, "offline")
    assert (
        "Luna is offline."
        in doors.http.get(f"{doors.sim.url}{moved.headers['Location']}").text
    )
    blitz = doors.car("Blitz")
    busy = _order(doors, "car", vin=blitz.vin, state="asleep")
    assert "in%20use" in busy.headers["Location"]


def test_page_takes_a_car_from_a_list_and_gives_it_back(registered: Doors) -> None:
    token, luna = registered.token(), registered.car("Luna")

    def listed() -> list[str]:
        found = registered.get("products", token).json()["response"]
        return [one["vin"] for one in found if "vin" in one]

    before = listed()
    taken = _order(registered, "take_car", vin=luna.vin, email=ALICE)
    assert taken.status_code == 303
    assert "gone%20from%20the%20list" in taken.headers["Location"]
    assert listed() == [vin for vin in before if vin != luna.vin]
    assert registered.get(f"vehicles/{luna.vin}", token).status_code == 404
    assert f"Give Luna back to {ALICE}" in _page(registered)
    assert _order(registered, "take_car", vin=luna.vin, email=ALICE).status_code == 400
    _order(registered, "give_car_back", vin=luna.vin, email=ALICE)
    assert listed() == before
    assert f"Take Luna from {ALICE}" in _page(registered)


def test_api_takes_a_car_from_one_person_alone(registered: Doors) -> None:
    red, path = registered.car("Red"), f"cars/{registered.car('Red').vin}"
    registered.admin("POST", path, {"take_from": ALICE})
    assert [one.person.email for one in red.accesses] == ["bob@example.com"]
    assert red.remove_driver(red.accesses[0].person.user_id) is True
    for email in (ALICE, "bob@example.com"):
        registered.admin("POST", path, {"give_back": email})
    assert [one.access_type for one in red.accesses] == ["OWNER", "DRIVER"]


def test_page_revokes_and_resets(doors: Doors) -> None:
    doors.sim.link(ALICE)
    assert _order(doors, "reset_password", email=ALICE).status_code == 303
    grant = doors.sim.hub.store.grant("test-client", ALICE)
    assert grant is not None
    assert grant.refresh_token == ""
    _order(doors, "revoke", email=ALICE, client_id="test-client")
    assert doors.sim.hub.store.grant("test-client", ALICE) is None


def test_page_turns_weather_and_time(doors: Doors) -> None:
    before = doors.sim.clock.now()
    _order(doors, "advance", advance_s="60")
    assert (doors.sim.clock.now() - before).total_seconds() == 60
    _order(doors, "add_fault", kind="status", path="*/status", count="2", status="504")
    assert doors.http.get(f"{doors.sim.url}/na/status").status_code == 504
    assert "*/status" in _page(doors)
    _order(doors, "clear_faults")
    assert doors.http.get(f"{doors.sim.url}/na/status").status_code == 200
    assert len(doors.sim.calls) == 2
    _order(doors, "clear_calls")
    assert doors.sim.calls == []


@pytest.mark.parametrize(
    ("verb", "form", "status"),
    [
        ("fly", {}, 404),
        ("car", {"vin": "x", "state": "online"}, 400),
        ("advance", {"advance_s": "soon"}, 400),
        ("add_fault", {"kind": "earthquake"}, 400),
    ],
)
def test_page_says_what_is_wrong(
    doors: Doors, verb: str, form: dict[str, str], status: int
) -> None:
    assert _order(doors, verb, **form).status_code == status


def test_api_overview_and_calls(registered: Doors) -> None:
    registered.get("products?x=1", registered.token())
    found = registered.admin("GET", "overview").json()
    assert [one["name"] for one in found["cars"]][:2] == ["Red", "Luna"]
    assert found["cars"][0]["keys"] == [DOMAIN]
    assert [one["access_type"] for one in found["cars"][0]["access"]] == [
        "OWNER",
        "DRIVER",
    ]
    calls = registered.admin("GET", "calls").json()["calls"]
    facts = ("method", "path", "query", "status", "price", "person", "billable")
    assert [calls[0][one] for one in facts] == [
        *("GET", "/na/api/1/products", "x=1", 200, "free", ALICE, False),
    ]
    assert registered.admin("DELETE", "calls").json() == {"ok": True}
    assert registered.sim.calls == []


def test_api_faults_come_and_go(doors: Doors) -> None:
    body = {"kind": "latency", "path": "*/token", "seconds": 2, "duration_s": 60}
    made = doors.admin("POST", "faults", body).json()
    assert (made["kind"], made["count"], made["until"][:4]) == ("latency", None, "2026")
    assert doors.admin("GET", "faults").json() == {"faults": [made]}
    path = f"faults/{made['number']}"
    assert doors.admin("DELETE", path).json() == {"ok": True}
    assert doors.admin("DELETE", path).status_code == 404
    doors.admin("POST", "faults", body)
    doors.admin("DELETE", "faults")
    assert doors.sim.faults.orders == []


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("faults", {"kind": "earthquake"}, 400),
        ("faults", {"kind": "hang", "wrong": 1}, 400),
        ("faults", [], 400),
        ("clock", {"advance_s": "soon"}, 400),
        ("clock", {"advance_s": -1}, 400),
        ("clock", {"advance_s": True}, 400),
        ("cars/unknown", {"state": "online"}, 404),
        ("cars/unknown", {}, 404),
        ("cars/unknown", {"unpair": "x"}, 404),
        ("cars/unknown", {"pair": "x"}, 404),
        ("cars/unknown", {"take_from": ALICE}, 404),
        ("cars/unknown", {"give_back": ALICE}, 404),
        ("persons/nobody@example.com/password_reset", {}, 404),
        (f"persons/{ALICE}/revoke", {"client_id": "x"}, 404),
        (f"persons/{ALICE}/scopes", {"client_id": "x", "scopes": []}, 404),
        ("switches", {"wrong": True}, 400),
        ("switches", {"empty_401": "yes"}, 400),
        ("switches", {"locked_users": True}, 400),
        ("tempo", {"wrong": 1}, 400),
        ("tempo", {"wake_delay_s": "soon"}, 400),
    ],
)
def test_api_says_what_is_wrong(
    doors: Doors, path: str, body: Any, status: int
) -> None:
    answer = doors.admin("POST", path, body)
    assert (answer.status_code, set(answer.json())) == (status, {"error"})


def test_api_refuses_an_unknown_state_and_broken_json(doors: Doors) -> None:
    path = f"cars/{doors.car('Red').vin}"
    assert doors.admin("POST", path, {"state": "flying"}).status_code == 400
    answer = doors.http.post(f"{doors.sim.url}/admin/api/clock", content=b"{")
    assert answer.status_code == 400


def test_api_moves_time_and_tempo(doors: Doors) -> None:
    now = doors.admin("POST", "clock", {"advance_s": 3600}).json()["now"]
    assert now == doors.sim.clock.now().isoformat()
    luna = doors.put("Luna", "asleep")
    assert doors.admin("POST", "tempo", {"wake_delay_s": 0}).json() == {"ok": True}
    woken = doors.admin("POST", f"cars/{luna.vin}", {"wake_up": True}).json()
    assert woken["state"] == "online"


def test_api_pairs_and_unpairs(registered: Doors) -> None:
    luna = registered.car("Luna")
    registered.admin("POST", f"cars/{luna.vin}", {"pair": DOMAIN})
    assert list(luna.paired_keys) == [KEY_HEX]
    luna.pair("04", "other.example.org")
    registered.admin("POST", f"cars/{luna.vin}", {"unpair": DOMAIN})
    assert list(luna.paired_keys) == ["04"]


def test_api_changes_scopes_of_the_next_token(registered: Doors) -> None:
    token = registered.token()
    path = f"persons/{ALICE}/scopes"
    body: dict[str, Any] = {"client_id": "test-client", "scopes": ["openid"]}
    assert registered.admin("POST", path, body).json() == {"ok": True}
    grant = registered.sim.hub.store.grant("test-client", ALICE)
    assert grant is not None
    assert grant.scopes == ("openid",)
    assert registered.get("users/me", token).status_code == 200
    body["scopes"] = ["unheard_of"]
    assert registered.admin("POST", path, body).status_code == 400


def test_api_switches_are_shown(doors: Doors) -> None:
    assert doors.admin("GET", "switches").json() == {
        "empty_401": False,
        "rate_limits": True,
        "asleep_is_503": False,
        "unknown_users": [],
        "locked_users": [],
        "over_billing_limit": [],
    }


def test_api_reset_forgets_everything(registered: Doors) -> None:
    registered.sim.link(ALICE)
    registered.admin("POST", "tempo", {"wake_delay_s": 1})
    assert registered.admin("POST", "reset").json() == {"ok": True}
    hub = registered.sim.hub
    assert (hub.store.grants, hub.store.registrations) == ({}, {})
    assert hub.ledger.calls == []
