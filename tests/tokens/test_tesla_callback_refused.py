"""Ways back from Tesla that are refused: foreign, late, denied, forged, broken."""

import base64
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.test import Client

from accounts.models import User
from simulator.testing import RunningSimulator
from tests.tokens.helpers import TOKEN_PATH, fresh_client, token_calls
from tokens.models import TeslaGrant

CALLBACK = "/accounts/tesla/callback"


Rung = Callable[[], list[tuple[str, list[object]]]]


@pytest.fixture(autouse=True)
def _tesla(registered: RunningSimulator) -> None:
    """Have a Tesla that knows our application."""


def _go(client: Client, purpose: str = "sign_in", **fields: str) -> str:
    """Set out; return the address at Tesla."""
    fields["purpose"] = purpose
    location: str = client.post("/accounts/tesla/sign-in", fields)["Location"]
    return location


def _callback(
    simulator: RunningSimulator,
    client: Client,
    person: str = "alice@example.com",
    *,
    purpose: str = "sign_in",
    **more: Any,
) -> str:
    """Set out and agree at Tesla; return path and query of the way back."""
    back = urlsplit(simulator.follow(_go(client, purpose), person, **more))
    assert back.path == CALLBACK
    return f"{back.path}?{back.query}"


def _says(answer: Any, status: int, title: str) -> None:
    assert answer.status_code == status
    assert f"<h1>{title}</h1>" in answer.content.decode()
    assert TeslaGrant.objects.count() == 0


@pytest.mark.parametrize(
    "query", ["", "code=NA_x", "code=NA_x&state=foreign", "state="]
)
def test_callback_without_our_state_is_refused(
    simulator: RunningSimulator, query: str
) -> None:
    client = Client()
    _go(client)
    before = len(token_calls(simulator))
    answer = client.get(f"{CALLBACK}?{query}")
    _says(answer, 400, "This sign-in was not started here")
    assert len(token_calls(simulator)) == before


def test_callback_of_another_browser_is_refused(simulator: RunningSimulator) -> None:
    attacker, victim = Client(), Client()
    _go(victim)
    back = _callback(simulator, attacker)
    _says(victim.get(back), 400, "This sign-in was not started here")
    assert "_auth_user_id" not in victim.session


def test_state_works_once(simulator: RunningSimulator, alice: User) -> None:
    client = fresh_client(alice)
    back = _callback(simulator, client, purpose="link")
    assert client.get(back).status_code == 302
    before = len(token_calls(simulator))
    assert client.get(back).status_code == 400
    assert len(token_calls(simulator)) == before


def test_state_works_for_ten_minutes(simulator: RunningSimulator) -> None:
    client = Client()
    back = _callback(simulator, client)
    with time_machine.travel(time.time() + 601, tick=True):
        answer = client.get(back)
    _says(answer, 400, "This sign-in was not started here")


def test_state_of_a_signed_out_browser_does_not_link_to_a_later_user(
    simulator: RunningSimulator, alice: User
) -> None:
    client = Client()
    back = _callback(simulator, client)
    client.force_login(
        alice, backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    _says(client.get(back), 400, "This sign-in was not started here")


def test_denial_is_told_in_plain_words(simulator: RunningSimulator) -> None:
    client = Client()
    answer = client.get(_callback(simulator, client, deny=True))
    _says(answer, 403, "You did not agree at Tesla")
    assert b"access_denied" in answer.content


def test_denial_with_odd_words_is_shown_as_text(simulator: RunningSimulator) -> None:
    client = Client()
    state = parse_qs(urlsplit(_go(client)).query)["state"][0]
    query = urlencode({"state": state, "error": "<script>x</script>\n" + "y" * 500})
    answer = client.get(f"{CALLBACK}?{query}")
    _says(answer, 403, "You did not agree at Tesla")
    assert b"<script>x" not in answer.content
    assert b"&lt;script&gt;x" in answer.content
    assert b"y" * 101 not in answer.content


@pytest.mark.parametrize("code", ["", "x" * 4097])
def test_callback_without_a_usable_code_is_refused(
    simulator: RunningSimulator, code: str
) -> None:
    client = Client()
    state = parse_qs(urlsplit(_go(client)).query)["state"][0]
    answer = client.get(f"{CALLBACK}?{urlencode({'state': state, 'code': code})}")
    _says(answer, 400, "This sign-in was not started here")


def test_code_that_tesla_does_not_know_is_refused(simulator: RunningSimulator) -> None:
    client = Client()
    state = parse_qs(urlsplit(_go(client)).query)["state"][0]
    answer = client.get(f"{CALLBACK}?{urlencode({'state': state, 'code': 'NA_0'})}")
    assert answer.status_code == 400
    assert b"invalid_auth_code" in answer.content
    assert TeslaGrant.objects.count() == 0


@pytest.mark.parametrize("kind", ["server_error", "html", "huge", "truncate", "cut"])
def test_trouble_at_the_exchange_is_a_safe_page_and_can_be_retried(
    simulator: RunningSimulator, alice: User, kind: str
) -> None:
    client = fresh_client(alice)
    back = _callback(simulator, client, purpose="link")
    simulator.faults.add(kind, TOKEN_PATH)
    answer = client.get(back)
    assert answer.status_code == 502
    assert b"Start again" in answer.content
    assert TeslaGrant.objects.count() == 0
    simulator.release()
    answer = client.get(_callback(simulator, client, purpose="link"))
    assert answer.status_code == 302
    assert TeslaGrant.objects.count() == 1


def _forged(given: str, case: str, jwks: dict[str, Any]) -> str:
    """Return an identity token that is like Tesla's but for one thing."""
    claims = jwt.decode(given, options={"verify_signature": False})
    kid = jwt.get_unverified_header(given)["kid"]
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    if case == "alg none":
        return jwt.encode(claims, "", algorithm="none", headers={"kid": kid})
    if case == "alg HS256 with the public key":
        head = _part({"alg": "HS256", "typ": "JWT", "kid": kid})
        key = json.dumps(jwks["keys"][0]).encode()
        signed = f"{head}.{_part(claims)}"
        mac = jwt.get_algorithm_by_name("HS256").sign(signed.encode(), key)
        return f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"
    return jwt.encode(claims, other, algorithm="RS256", headers={"kid": kid})


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "case", ["alg none", "alg HS256 with the public key", "another key"]
)
def test_forged_identity_is_refused(simulator: RunningSimulator, case: str) -> None:
    client = Client()
    back = _callback(simulator, client)
    given = simulator.link("alice@example.com", client_id=settings.TESLA_CLIENT_ID)
    jwks = {"keys": [{"kty": "RSA"}]}
    given["id_token"] = _forged(given["id_token"], case, jwks)
    simulator.faults.add("body", TOKEN_PATH, status=200, body=json.dumps(given))
    _says(
        client.get(back),
        400,
        "Tesla's proof of who you are does not hold".replace("'", "&#x27;"),
    )


def test_identity_of_another_sign_in_is_refused(simulator: RunningSimulator) -> None:
    # Everything is genuine, but the nonce is not the one of this attempt.
    client = Client()
    back = _callback(simulator, client)
    given = simulator.link("alice@example.com", client_id=settings.TESLA_CLIENT_ID)
    simulator.faults.add("body", TOKEN_PATH, status=200, body=json.dumps(given))
    answer = client.get(back)
    assert answer.status_code == 400
    assert TeslaGrant.objects.count() == 0


def test_logs_hold_no_code_and_no_state(
    simulator: RunningSimulator, caplog: pytest.LogCaptureFixture
) -> None:
    client = Client()
    back = _callback(simulator, client)
    simulator.faults.add("server_error", TOKEN_PATH)
    client.get(back)
    query = parse_qs(urlsplit(back).query)
    assert "Sign-in with Tesla failed" in caplog.text
    assert query["code"][0] not in caplog.text
    assert query["state"][0] not in caplog.text
