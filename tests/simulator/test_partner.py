"""Partner endpoints: registration really fetches the key."""

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from simulator.config import Config
from simulator.public_keys import key_url
from simulator.testing import DOMAIN
from tests.simulator.doors import KEY_HEX, Doors, KeyServer


def _pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def test_register_fetches_the_key_and_tells_it(
    doors: Doors, key_server: KeyServer
) -> None:
    token = doors.sim.partner_token()
    answer = doors.post("partner_accounts", token, {"domain": DOMAIN})
    record = answer.json()["response"]
    assert answer.status_code == 200
    assert (record["public_key"], record["domain"]) == (KEY_HEX, DOMAIN)
    assert record["account_id"] == doors.sim.hub.config.applications[0].account_id
    assert set(record) == {
        *("client_id", "name", "description", "domain", "ca", "created_at"),
        *("updated_at", "enterprise_tier", "account_id", "issuer", "csr"),
        *("csr_updated_at", "public_key", "public_key_hash"),
    }
    shown = doors.get(f"partner_accounts/public_key?domain={DOMAIN}", token)
    assert shown.json() == {"response": {"public_key": KEY_HEX}}
    assert doors.get("products", doors.token()).status_code == 200


def test_register_is_per_region(doors: Doors, key_server: KeyServer) -> None:
    doors.post("partner_accounts", doors.sim.partner_token(), {"domain": DOMAIN})
    eu = doors.sim.partner_token("eu")
    path = f"partner_accounts/public_key?domain={DOMAIN}"
    assert doors.get(path, eu, "eu").status_code == 404
    assert (
        doors.get("products", doors.token("bob@example.com"), "eu").status_code == 412
    )


def test_register_again_updates_the_key(doors: Doors, key_server: KeyServer) -> None:
    token = doors.sim.partner_token()
    body = {"domain": DOMAIN}
    first = doors.post("partner_accounts", token, body).json()["response"]
    key_server.body = _pem(ec.generate_private_key(ec.SECP256R1()))
    doors.sim.clock.advance(60)
    second = doors.post("partner_accounts", token, body).json()["response"]
    assert second["public_key"] != first["public_key"]
    assert second["created_at"] == first["created_at"] != second["updated_at"]


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (_pem(rsa.generate_private_key(65537, 2048)), 200, "too large"),
        (_pem(ec.generate_private_key(ec.SECP384R1())), 200, "prime256v1"),
        (b"<html>", 200, "not a PEM"),
        (b"x" * 5000, 200, "too large"),
        (b"", 404, "status 404"),
        (b"", 302, "status 302"),
    ],
)
def test_register_with_an_unusable_key_is_424(
    doors: Doors, key_server: KeyServer, body: bytes, status: int, words: str
) -> None:
    key_server.body, key_server.status = body, status
    token = doors.sim.partner_token()
    answer = doors.post("partner_accounts", token, {"domain": DOMAIN})
    error = answer.json()["error"]
    assert answer.status_code == 424
    assert error.startswith("Public key download failed")
    assert words in error


def test_register_with_nobody_listening_is_424(doors: Doors) -> None:
    doors.sim.key_urls[DOMAIN] = "http://127.0.0.1:1"
    token = doors.sim.partner_token()
    answer = doors.post("partner_accounts", token, {"domain": DOMAIN})
    assert answer.status_code == 424


def test_register_outside_allowed_origins_is_412(doors: Doors) -> None:
    token = doors.sim.partner_token()
    answer = doors.post("partner_accounts", token, {"domain": "keys.example.org"})
    assert answer.status_code == 412
    assert answer.json()["error"].startswith(
        "Root domain example.org must match registered allowed origin"
    )


@pytest.mark.parametrize(
    "domain", [None, 1, "", "https://example.com", "example.com:80", "a b.example.com"]
)
def test_register_with_a_bad_domain_is_400(doors: Doors, domain: object) -> None:
    token = doors.sim.partner_token()
    answer = doors.post("partner_accounts", token, {"domain": domain})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_field")


def test_register_with_a_user_token_is_403(doors: Doors) -> None:
    answer = doors.post("partner_accounts", doors.token(), {"domain": DOMAIN})
    assert answer.status_code == 403


def test_streaming_errors_are_empty_lists(registered: Doors) -> None:
    token = registered.sim.partner_token()
    vins = registered.get("partner_accounts/fleet_telemetry_error_vins", token)
    assert vins.json() == {"response": {"fleet_telemetry_error_vins": []}}


def test_key_url_is_the_domain_unless_mapped() -> None:
    config = Config("", key_urls={"a.example": "http://127.0.0.1:9/key.pem"})
    path = "/.well-known/appspecific/com.tesla.3p.public-key.pem"
    assert str(key_url(config, "b.example")) == f"https://b.example{path}"
    assert str(key_url(config, "a.example")) == "http://127.0.0.1:9/key.pem"
