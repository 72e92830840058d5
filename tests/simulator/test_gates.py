"""The gates of the Fleet API, one by one and in their order."""

import time
from typing import Any

import httpx
import pytest

from tests.simulator.doors import Doors

REGIONS_PAGE = "https://developer.tesla.com/docs/fleet-api#regional-requirements"
ALL = ("vehicle_device_data", "vehicle_location", "vehicle_cmds", "user_data")


def _error(answer: httpx.Response) -> tuple[int, str]:
    body = answer.json()
    assert (body["response"], body["error_description"]) == (None, "")
    assert body["txid"] == answer.headers["x-txid"]
    return answer.status_code, body["error"]


def test_status_needs_no_token(doors: Doors) -> None:
    found = [doors.http.get(f"{doors.sim.url}/{one}/status") for one in ("na", "cn")]
    assert [(one.status_code, one.text) for one in found] == [(200, "ok")] * 2


@pytest.mark.parametrize("declared", ["", "text/plain", "application/jsonp"])
def test_post_without_json_type_is_406_before_all_else(
    doors: Doors, declared: str
) -> None:
    headers = {"Content-Type": declared} if declared else {}
    for path in ("vehicles/fleet_status", "no/such/path"):
        answer = doors.call("POST", path, headers=headers, content=b"{}")
        assert answer.status_code == 406


def test_path_of_no_face_is_404_and_noted(doors: Doors) -> None:
    assert doors.http.get(f"{doors.sim.url}/nowhere").status_code == 404
    assert [(one.path, one.status) for one in doors.sim.calls] == [("/nowhere", 404)]


def test_missing_token_is_401_without_body(doors: Doors) -> None:
    answers = [
        doors.get("products"),
        doors.call("GET", "products", headers={"Authorization": "Basic YTpi"}),
        doors.call("GET", "products", headers={"Authorization": "Bearer"}),
    ]
    assert [(one.status_code, one.content) for one in answers] == [(401, b"")] * 3
    assert len({one.headers["x-txid"] for one in answers}) == 3


def test_garbage_token_is_401(doors: Doors) -> None:
    assert _error(doors.get("products", "garbage")) == (401, "invalid bearer token")


def test_token_of_a_removed_application_is_401(doors: Doors) -> None:
    token = doors.sim.link("alice@example.com", ALL, client_id="gone")["access_token"]
    assert _error(doors.get("products", token)) == (401, "invalid bearer token")


def test_id_token_opens_nothing(registered: Doors) -> None:
    id_token = registered.sim.link("alice@example.com")["id_token"]
    answer = registered.get("products", id_token)
    assert _error(answer) == (401, "invalid bearer token")


def test_expired_token_is_401(doors: Doors) -> None:
    token = doors.token()
    doors.sim.clock.advance(8 * 3600)
    assert _error(doors.get("products", token)) == (401, "token expired (401)")


def test_switch_answers_401_without_body(doors: Doors) -> None:
    doors.admin("POST", "switches", {"empty_401": True})
    answer = doors.get("products", "garbage")
    assert (answer.status_code, answer.content) == (401, b"")


def test_other_region_is_421_with_the_right_address(registered: Doors) -> None:
    bob = registered.token("bob@example.com")
    answer = registered.get("products", bob, region="na")
    base_url = registered.sim.addresses.base_urls["eu"]
    assert _error(answer) == (
        421,
        f"user out of region, use base URL: {base_url}, see {REGIONS_PAGE}",
    )
    assert answer.headers["Alt-Svc"] == f"h2={base_url}"
    assert registered.get("products", bob, region="eu").status_code == 200


def test_users_region_answers_anywhere_and_unregistered(doors: Doors) -> None:
    bob, base_urls = doors.token("bob@example.com"), doors.sim.addresses.base_urls
    for region in ("na", "eu"):
        answer = doors.get("users/region", bob, region)
        assert answer.json() == {
            "response": {"region": "eu", "fleet_api_base_url": base_urls["eu"]}
        }


def test_unregistered_application_is_412(doors: Doors) -> None:
    doors.sim.register("04", regions=("eu",))
    status, error = _error(doors.get("products", doors.token()))
    account = doors.sim.hub.config.applications[0].account_id
    assert (status, f"Account {account} must be registered" in error) == (412, True)


def test_missing_scope_is_403_and_named(registered: Doors) -> None:
    token = registered.token("alice@example.com", "openid")
    expected = {
        "vehicles": "vehicle_device_data",
        "users/me": "user_data",
        "energy_sites/1/live_status": "energy_device_data",
        "vehicles/unknown": "vehicle_device_data",
    }
    for path, scope in expected.items():
        answer = registered.get(path, token)
        assert _error(answer) == (403, f"Unauthorized missing scopes {scope}")


def test_location_without_its_scope_fails_the_whole_call(registered: Doors) -> None:
    token = registered.token("alice@example.com", "vehicle_device_data")
    vin = registered.put("Red", "online").vin
    path = f"vehicles/{vin}/vehicle_data?endpoints=charge_state;location_data"
    answer = registered.get(path, token)
    assert _error(answer) == (403, "Unauthorized missing scopes vehicle_location")


@pytest.mark.parametrize(
    ("switch", "value", "expected"),
    [
        ("unknown_users", "alice@example.com", (401, "unknown user")),
        ("locked_users", "alice@example.com", (423, "account is locked")),
        (
            "over_billing_limit",
            "test-client",
            (402, "Payment required: the billing limit has been reached"),
        ),
    ],
)
def test_account_switches_refuse(
    registered: Doors, switch: str, value: str, expected: tuple[int, str]
) -> None:
    token = registered.token()
    assert registered.get("vehicles", token).status_code == 200
    registered.admin("POST", "switches", {switch: [value]})
    assert _error(registered.get("vehicles", token)) == expected


def test_fourth_wake_in_a_minute_is_429_in_plain_text(registered: Doors) -> None:
    token, vin = registered.token(), registered.car("Red").vin
    path = f"vehicles/{vin}/wake_up"
    statuses = [registered.post(path, token).status_code for _ in range(3)]
    registered.sim.clock.advance(18)
    answer = registered.post(path, token)
    assert (statuses, answer.status_code) == ([200] * 3, 429)
    assert answer.text == "Retry in 42 seconds\n"
    assert answer.headers["Content-Type"].startswith("text/plain")
    names = ("limit", "remaining", "reset")
    assert [answer.headers[f"ratelimit-{one}"] for one in names] == ["3", "0", "42"]
    assert answer.headers["retry-after"] == "42"
    registered.sim.clock.advance(42)
    assert registered.post(path, token).status_code == 200


def test_rate_limit_is_per_car_whatever_its_tag(registered: Doors) -> None:
    token, red = registered.token(), registered.car("Red")
    for tag in (red.vin, str(red.id), red.vin):
        registered.post(f"vehicles/{tag}/wake_up", token)
    assert registered.post(f"vehicles/{red.id}/wake_up", token).status_code == 429
    luna = registered.car("Luna").vin
    assert registered.post(f"vehicles/{luna}/wake_up", token).status_code == 200
    registered.admin("POST", "switches", {"rate_limits": False})
    assert registered.post(f"vehicles/{red.id}/wake_up", token).status_code == 200


def test_rate_limit_comes_before_404(registered: Doors) -> None:
    token, path = registered.token(), "vehicles/unknown/wake_up"
    statuses = [registered.post(path, token).status_code for _ in range(4)]
    assert statuses == [404, 404, 404, 429]


def test_stranger_and_unknown_are_404_alike(registered: Doors) -> None:
    token = registered.token("charlie@example.com")
    vin, site = registered.car("Red").vin, next(iter(registered.sim.world.sites))
    paths = [f"vehicles/{vin}", "vehicles/5YJ3E1EA7KF000000", "vehicles/x"]
    paths += [f"energy_sites/{site}/site_info", "energy_sites/1/site_info"]
    paths += ["energy_sites/abc/site_info", "dx/warranty/details?vin=x"]
    answers = [_error(registered.get(path, token)) for path in paths]
    assert answers == [(404, "not_found")] * len(paths)


def test_unknown_path_is_404_and_wrong_method_405(registered: Doors) -> None:
    token = registered.token()
    assert _error(registered.get("nonsense", token)) == (404, "not_found")
    answer = registered.call("DELETE", "products", token)
    assert (_error(answer), answer.headers["Allow"]) == (
        (405, "method not allowed"),
        "GET",
    )
    assert registered.get("nonsense").status_code == 401


@pytest.mark.parametrize("content", [b"{", b"[]", b"[" * 100_000])
def test_unreadable_body_is_400(registered: Doors, content: bytes) -> None:
    answer = registered.call(
        "POST",
        "vehicles/fleet_status",
        registered.token(),
        headers={"Content-Type": "application/json; charset=utf-8"},
        content=content,
    )
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_partner_token_sees_no_user(doors: Doors) -> None:
    doors.sim.register("04")
    token = doors.sim.partner_token("na")
    assert doors.get("partner_accounts/fleet_telemetry_errors", token).json() == {
        "response": {"fleet_telemetry_errors": []}
    }
    assert doors.get("users/region", token).status_code == 401
    eu = doors.get("partner_accounts/fleet_telemetry_errors", token, region="eu")
    assert _error(eu) == (401, "invalid bearer token")


def test_revoked_consent_refuses_even_after_a_new_one(registered: Doors) -> None:
    old = registered.token()
    body = {"client_id": "test-client"}
    registered.admin("POST", "persons/alice@example.com/revoke", body)
    new = registered.token()
    assert registered.get("products", old).status_code == 401
    assert registered.get("products", new).status_code == 200


def _kinds(doors: Doors, kind: str, **facts: Any) -> httpx.Response:
    doors.sim.faults.add(kind, "/na/api/1/users/me", count=1, **facts)
    return doors.get("users/me", doors.token())


def test_weather_spoils_the_answer(registered: Doors) -> None:
    found = _kinds(registered, "status", status=503)
    assert _error(found) == (503, "service unavailable")
    found = _kinds(registered, "status", status=500)
    assert _error(found) == (500, "upstream internal error")
    found = _kinds(registered, "html", status=502)
    assert (found.status_code, found.headers["Content-Type"]) == (
        502,
        "text/html; charset=utf-8",
    )
    found = _kinds(registered, "rate_limit")
    assert (found.status_code, found.text) == (429, "Retry in 42 seconds\n")
    found = _kinds(registered, "redirect", location="https://elsewhere.example/")
    assert (found.status_code, found.headers["Location"]) == (
        302,
        "https://elsewhere.example/",
    )
    found = _kinds(registered, "body", body='{"response": ""}')
    assert (found.status_code, found.json()) == (200, {"response": ""})
    found = _kinds(registered, "huge", size=200_000)
    assert len(found.json()["response"]) == 200_000
    found = _kinds(registered, "truncate")
    assert (found.status_code, found.text[:13], found.text[-1:] == "}") == (
        200,
        '{"response": ',
        False,
    )
    assert registered.get("users/me", registered.token()).status_code == 200


@pytest.mark.parametrize(
    ("kind", "error"),
    [("cut", httpx.RemoteProtocolError), ("refuse", httpx.TransportError)],
)
def test_weather_drops_the_connection(
    registered: Doors, kind: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        _kinds(registered, kind)


def test_weather_hangs_until_released(registered: Doors) -> None:
    registered.sim.faults.add("hang", "*/users/me")
    token = registered.token()
    address = f"{registered.sim.url}/na/api/1/users/me"
    headers = {"Authorization": f"Bearer {token}"}
    with pytest.raises(httpx.ReadTimeout):
        registered.http.get(address, headers=headers, timeout=0.2)
    registered.sim.release()
    assert registered.get("users/me", token).status_code == 200


def test_weather_hangs_for_its_seconds(registered: Doors) -> None:
    with pytest.raises(httpx.TransportError):
        _kinds(registered, "hang", seconds=0.01)


def test_weather_delays(registered: Doors) -> None:
    started = time.monotonic()
    assert _kinds(registered, "latency", seconds=0.1).status_code == 200
    assert time.monotonic() - started >= 0.1


def test_weather_lasts_as_long_as_ordered(registered: Doors) -> None:
    registered.sim.faults.add("status", method="GET", duration_s=60)
    token = registered.token()
    assert registered.get("users/me", token).status_code == 503
    assert registered.post("vehicles/fleet_status", token).status_code == 400
    registered.sim.clock.advance(60)
    assert registered.get("users/me", token).status_code == 200


def test_weather_after_a_refusal_keeps_it(registered: Doors) -> None:
    registered.sim.faults.add("truncate", "*/users/me", count=1)
    assert registered.get("users/me", "garbage").status_code == 401
