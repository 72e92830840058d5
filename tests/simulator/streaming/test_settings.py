"""Pushing, showing and removing settings; what is refused or skipped."""

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from simulator.config import Config
from simulator.hub import Hub
from simulator.streaming.rules import FIELDS as KNOWN
from simulator.testing import APPLICATION, RunningSimulator
from tests.simulator.doors import KEY_HEX, NOON, PRIVATE_KEY, Doors
from tests.simulator.streaming.settings import config, errors, push, shown
from tests.simulator.streaming.signing import point, token

STRANGER = ec.derive_private_key(77, ec.SECP256R1())
NOBODY: dict[str, list[str]] = {
    "missing_key": [],
    "unsupported_hardware": [],
    "unsupported_firmware": [],
    "max_configs": [],
}
JWS = "vehicles/fleet_telemetry_config_jws"


def _response(answer: Any) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()["response"]


def test_settings_are_taken_and_shown_with_issuer_and_audience(
    registered: Doors,
) -> None:
    registered.put("Red", "online")
    assert _response(push(registered)) == {
        "updated_vehicles": 1,
        "skipped_vehicles": NOBODY,
    }
    assert shown(registered) == {
        "synced": True,
        "config": {
            **config(),
            "aud": "com.tesla.fleet.TelemetryClient",
            "iss": b64encode(point(PRIVATE_KEY)).decode(),
        },
        "limit_reached": False,
        "key_paired": True,
    }
    assert errors(registered) == []


def test_a_sleeping_car_fetches_settings_when_it_wakes(registered: Doors) -> None:
    registered.put("Red", "asleep")
    push(registered)
    assert not shown(registered)["synced"]
    registered.put("Red", "online")
    assert shown(registered)["synced"]
    registered.put("Red", "asleep")
    assert shown(registered)["synced"]
    push(registered)
    assert not shown(registered)["synced"]


def test_settings_reach_a_car_after_a_lag(registered: Doors) -> None:
    registered.put("Red", "online")
    registered.admin("POST", "tempo", {"config_lag_s": 5})
    push(registered)
    assert not shown(registered)["synced"]
    registered.sim.clock.advance(5)
    assert shown(registered)["synced"]


def test_settings_are_deleted(registered: Doors) -> None:
    push(registered)
    path = f"vehicles/{registered.car('Red').vin}/fleet_telemetry_config"
    answer = registered.call("DELETE", path, registered.token())
    assert _response(answer) == {"updated_vehicles": 1}
    assert shown(registered)["config"] is None


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"fields": {"Speed": {"interval_seconds": 1}}}, "Unknown field Speed"),
        ({"fields": {"Unknown": {"interval_seconds": 1}}}, "Unknown field Unknown"),
        (
            {"fields": {"Soc": {"interval_seconds": 1, "include_fields": ["Sock"]}}},
            "Unknown field Sock",
        ),
        (
            {"fields": {"Soc": {"interval_seconds": 1, "include_fields": "Gear"}}},
            "include_fields of Soc must be a list",
        ),
        ({"fields": None}, "fields is required"),
        ({"fields": {"Soc": 1}}, "field Soc must be an object"),
        ({"fields": {"Soc": {}}}, "interval_seconds of Soc must be an integer"),
        (
            {"fields": {"Soc": {"interval_seconds": True}}},
            "interval_seconds of Soc must be an integer",
        ),
        (
            {"fields": {"Soc": {"interval_seconds": 0}}},
            "interval_seconds of Soc must be an integer",
        ),
        (
            {"fields": {"Soc": {"interval_seconds": 1, "minimum_delta": "1"}}},
            "minimum_delta of Soc must be a number",
        ),
        (
            {"fields": {"Soc": {"interval_seconds": 1, "resend_interval_seconds": 0}}},
            "resend_interval_seconds of Soc must be an integer",
        ),
        ({"ca": ""}, "ca is not a valid PEM"),
        ({"ca": None}, "ca is not a valid PEM"),
        ({"ca": "-----BEGIN CERTIFICATE-----\nAA\n"}, "ca is not a valid PEM"),
        ({"port": 0}, "port must be an integer"),
        ({"port": 443.5}, "port must be an integer"),
        ({"port": None}, "port must be an integer"),
        ({"hostname": None}, "hostname is required"),
        (
            {"hostname": "telemetry.example.org"},
            "hostname must match the registered domain keys.example.com",
        ),
        ({"exp": int(NOON.timestamp())}, "exp must be a timestamp in the future"),
        ({"exp": "never"}, "exp must be a timestamp in the future"),
        ({"aud": "somebody"}, "aud must be com.tesla.fleet.TelemetryClient"),
        (
            {"alert_types": ["all"]},
            "alert_types must be a list of service, customer, service_fix",
        ),
        ({"iss": "AA"}, "iss is not base64"),
    ],
)
def test_settings_that_tesla_refuses(
    registered: Doors, more: dict[str, Any], words: str
) -> None:
    answer = push(registered, **more)
    assert (answer.status_code, answer.json()["error"]) == (400, words)
    assert shown(registered)["config"] is None


@pytest.mark.parametrize(
    "fields",
    [
        {"Location": {"interval_seconds": 1}},
        {"Soc": {"interval_seconds": 1, "include_fields": ["RouteLine"]}},
    ],
)
def test_positions_need_their_scope(registered: Doors, fields: dict[str, Any]) -> None:
    answer = push(registered, scopes=("vehicle_device_data",), fields=fields)
    assert (answer.status_code, answer.json()["error"]) == (
        403,
        "Unauthorized missing scopes vehicle_location",
    )
    assert push(registered, fields=fields).status_code == 200


def test_settings_need_the_scope_for_data(registered: Doors) -> None:
    answer = push(registered, scopes=("vehicle_location",))
    assert answer.json()["error"] == "Unauthorized missing scopes vehicle_device_data"


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({"vins": ["x"]}, 400, "invalid_request"),
        ({"vins": [], "token": "t"}, 400, "invalid_field"),
        ({"vins": "x", "token": "t"}, 400, "invalid_field"),
        ({"vins": [1], "token": "t"}, 400, "invalid_field"),
        ({"vins": ["5YJ3E1EA0NF000000"], "token": "t"}, 404, "not_found"),
    ],
)
def test_bodies_that_tesla_refuses(
    registered: Doors, body: dict[str, Any], status: int, error: str
) -> None:
    if "token" in body:
        body = {**body, "token": token(PRIVATE_KEY, config())}
    answer = registered.post(JWS, registered.token(), body)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_a_broken_token_is_refused(registered: Doors) -> None:
    body = {"vins": [registered.car("Red").vin], "token": "x"}
    answer = registered.post(JWS, registered.token(), body)
    assert answer.json()["error"] == "the token is not a compact JWS"


def test_cars_are_skipped_for_their_reasons(registered: Doors) -> None:
    red, luna = registered.car("Red"), registered.car("Luna")
    skipped = _response(push(registered, "Luna"))["skipped_vehicles"]
    assert skipped == {**NOBODY, "missing_key": [luna.vin]}
    for facts, reason in (
        ({"unsupported": "hardware"}, "unsupported_hardware"),
        ({"unsupported": "firmware"}, "unsupported_firmware"),
        ({"unsupported": "", "no_slot": True}, "max_configs"),
    ):
        registered.admin("POST", f"cars/{red.vin}/telemetry", facts)
        found = _response(push(registered))
        assert found["updated_vehicles"] == 0
        assert found["skipped_vehicles"] == {**NOBODY, reason: [red.vin]}
    assert shown(registered)["limit_reached"]


@pytest.mark.parametrize(
    ("firmware", "skipped"),
    [("2024.26", False), ("2024.25.9", True), ("2023.44.30.8", True)],
)
def test_old_firmware_cannot_stream(
    registered: Doors, firmware: str, *, skipped: bool
) -> None:
    red = registered.car("Red")
    registered.admin("POST", f"cars/{red.vin}", {"firmware": firmware})
    found = _response(push(registered))["skipped_vehicles"]
    assert bool(found["unsupported_firmware"]) is skipped


def test_five_other_applications_take_all_slots(registered: Doors) -> None:
    red, store = registered.car("Red"), registered.sim.hub.store
    for number in range(4):
        store.configure(f"other-{number}", red.vin, config(), NOON)
    assert _response(push(registered))["updated_vehicles"] == 1
    store.configure("other-4", red.vin, config(), NOON)
    assert shown(registered)["limit_reached"]
    # Who holds a slot may change what is in it.
    assert _response(push(registered))["updated_vehicles"] == 1


def test_a_car_without_keychain_streams_when_its_screen_allows(
    registered: Doors,
) -> None:
    granny = registered.put("Granny", "online")
    missing = _response(push(registered, "Granny"))["skipped_vehicles"]["missing_key"]
    assert missing == [granny.vin]
    path = f"cars/{granny.vin}/telemetry"
    assert registered.admin("POST", path, {"streaming_toggle": True}).is_success
    assert _response(push(registered, "Granny"))["updated_vehicles"] == 1
    assert shown(registered, "Granny")["synced"]
    assert errors(registered, "Granny") == []
    assert registered.sim.hub.store.configs[APPLICATION.client_id, granny.vin].takes


@pytest.mark.parametrize(
    ("key", "signer", "problem"),
    [
        (STRANGER, STRANGER, "unknown issuer"),
        (PRIVATE_KEY, STRANGER, "verification error"),
    ],
)
def test_wrong_signatures_are_synced_and_the_car_complains(
    registered: Doors,
    key: ec.EllipticCurvePrivateKey,
    signer: ec.EllipticCurvePrivateKey,
    problem: str,
) -> None:
    red = registered.put("Red", "online")
    assert _response(push(registered, key=key, signer=signer))["updated_vehicles"] == 1
    assert shown(registered)["synced"]
    (error,) = errors(registered)
    assert len(error.pop("txID")) == 32
    assert error == {
        "created_at": "2026-06-15T19:00:00Z",
        "error": f"error loading config file: InvalidSignature: {problem}",
        "error_name": "config_manager_error",
        "name": "test-client",
        "vin": red.vin,
    }
    partner = registered.sim.partner_token()
    path = "partner_accounts/fleet_telemetry_error"
    assert _response(registered.get(f"{path}s", partner)) == {
        "fleet_telemetry_errors": errors(registered)
    }
    assert _response(registered.get(f"{path}_vins", partner)) == {
        "fleet_telemetry_error_vins": [red.vin]
    }
    eu = registered.sim.partner_token("eu")
    assert _response(registered.get(f"{path}_vins", eu, region="eu")) == {
        "fleet_telemetry_error_vins": []
    }


def test_a_token_that_was_saved_broken_is_the_cars_complaint(
    registered: Doors,
) -> None:
    red = registered.put("Red", "asleep")
    told = registered.sim.hub.store.configure("test-client", red.vin, {}, NOON)
    told.token = "x.y.z"
    registered.put("Red", "online")
    assert shown(registered)["synced"]
    assert errors(registered)[0]["error"].endswith("malformed token")


def test_revoked_consent_removes_settings(registered: Doors) -> None:
    push(registered)
    body = {"client_id": "test-client"}
    registered.admin("POST", "persons/alice@example.com/revoke", body)
    assert shown(registered)["config"] is None


def test_a_billing_limit_removes_settings_for_good(registered: Doors) -> None:
    push(registered)
    registered.admin("POST", "switches", {"over_billing_limit": ["test-client"]})
    registered.admin("POST", "switches", {"over_billing_limit": []})
    assert shown(registered)["config"] is None


def test_positions_stay_hidden_from_whom_the_owner_hides_them(
    registered: Doors,
) -> None:
    red, bob = registered.car("Red"), registered.sim.world.persons["bob@example.com"]
    registered.sim.register(KEY_HEX)
    red.hide_from(bob)
    body = {"vins": [red.vin], "token": token(PRIVATE_KEY, config())}
    bearer = registered.token("bob@example.com")
    _response(registered.post(JWS, bearer, body, region="eu"))
    assert registered.sim.hub.store.configs["test-client", red.vin].hides_location


def test_settings_and_errors_outlive_a_restart(tmp_path: Path) -> None:
    given = Config("", (APPLICATION,), folder=tmp_path)
    with RunningSimulator(config=given, at=NOON) as sim:
        sim.register(KEY_HEX)
        doors = Doors(sim)
        doors.put("Red", "online")
        push(doors, key=STRANGER)
        before, told = shown(doors), errors(doors)
        doors.http.close()
    hub = Hub(given)
    (kept,) = hub.store.configs.values()
    assert kept.config == before["config"]
    assert (kept.synced_at, kept.takes) == (NOON, False)
    assert [one.as_json() for one in hub.store.stream_errors] == told


def test_what_an_older_simulator_saved_is_read(tmp_path: Path) -> None:
    given = Config("", (APPLICATION,), folder=tmp_path)
    with RunningSimulator(config=given, at=NOON) as sim:
        sim.stream(next(iter(sim.world.cars)))
        sim.hub.save()
    saved = json.loads((tmp_path / "simulator.json").read_text())
    del saved["store"]["stream_errors"]
    for name in ("token", "hides_location", "synced_at", "takes"):
        del saved["store"]["configs"][0][name]
    (tmp_path / "simulator.json").write_text(json.dumps(saved))
    assert [one.takes for one in Hub(given).store.configs.values()] == [False]


def test_every_field_of_the_catalog_can_be_asked_for() -> None:
    catalog = json.loads(Path("fleet/streamed_fields.json").read_text())
    assert set(catalog) - set(KNOWN) == set()
