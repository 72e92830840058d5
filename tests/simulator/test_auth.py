"""The auth server: sign-in, consent, codes, refresh tokens, keys."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import jwt
import pytest

from simulator.testing import APPLICATION, RunningSimulator
from tests.simulator.doors import NOON, Doors

CLIENT = {"client_id": "test-client", "client_secret": "test-secret"}
REDIRECT = APPLICATION.redirect_uris[0]
SCOPES = ("openid", "offline_access", "vehicle_device_data")


def _address(sim: RunningSimulator, **changes: str) -> str:
    asked = {
        "response_type": "code",
        "client_id": "test-client",
        "redirect_uri": REDIRECT,
        "scope": " ".join(SCOPES),
        "state": "s1",
    }
    return f"{sim.addresses.authorize_url}?{urlencode(asked | changes)}"


def _query(callback: str) -> dict[str, str]:
    return {
        name: values[0] for name, values in parse_qs(urlsplit(callback).query).items()
    }


def _exchange(doors: Doors, callback: str, **changes: str) -> httpx.Response:
    form = {
        "grant_type": "authorization_code",
        "code": _query(callback)["code"],
        "redirect_uri": REDIRECT,
        "audience": doors.sim.addresses.base_urls["na"],
        **CLIENT,
    }
    return doors.ask_token(**(form | changes))


def _refresh(doors: Doors, refresh_token: str) -> httpx.Response:
    return doors.ask_token(
        grant_type="refresh_token",
        client_id="test-client",
        refresh_token=refresh_token,
    )


def _claims(token: str) -> dict[str, Any]:
    return jwt.decode(token, options={"verify_signature": False})


def _sign_in(doors: Doors, email: str, address: str) -> httpx.Response:
    return doors.http.post(address, data={"step": "login", "person": email})


def _error(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]


def test_authorize_returns_code_state_and_extras(doors: Doors) -> None:
    callback = doors.sim.authorize("alice@example.com", SCOPES, state="a b&c")
    query = _query(callback)
    assert callback.startswith(f"{REDIRECT}?")
    assert query.pop("code").startswith("NA_")
    assert query == {
        "state": "a b&c",
        "locale": "en-US",
        "issuer": doors.sim.addresses.issuers[0],
    }


def test_authorize_offers_persons_then_scopes(doors: Doors) -> None:
    address = _address(doors.sim)
    login = doors.http.get(address)
    assert "Alice Moreau" in login.text
    assert "Bob Keller" in login.text
    consent = _sign_in(doors, "alice@example.com", address)
    boxes = [scope for scope in SCOPES if f'value="{scope}" checked' in consent.text]
    assert boxes == list(SCOPES)
    assert "vehicle_location" not in consent.text


def test_authorize_takes_email_and_password(doors: Doors) -> None:
    form = {"step": "login", "email": "alice@example.com", "password": "wrong"}
    refused = doors.http.post(_address(doors.sim), data=form)
    assert (refused.status_code, "could not sign you in" in refused.text) == (401, True)
    accepted = doors.http.post(_address(doors.sim), data=form | {"password": "tesla"})
    assert "Allow Test application access?" in accepted.text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"client_id": "stranger"}, "recognize this client_id"),
        ({"redirect_uri": f"{REDIRECT}/"}, "recognize this redirect_uri"),
    ],
)
def test_authorize_of_stranger_never_redirects(
    doors: Doors, changes: dict[str, str], words: str
) -> None:
    for method in ("GET", "POST"):
        answer = doors.http.request(method, _address(doors.sim, **changes))
        assert (answer.status_code, words in answer.text) == (400, True)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"state": ""}, "invalid_request"),
        ({"scope": "unheard_of"}, "invalid_scope"),
    ],
)
def test_authorize_with_bad_request_goes_back(
    doors: Doors, changes: dict[str, str], error: str
) -> None:
    answer = doors.http.get(_address(doors.sim, **changes))
    assert answer.status_code == 302
    assert _query(answer.headers["Location"])["error"] == error


def test_authorize_denied_goes_back_with_access_denied(doors: Doors) -> None:
    query = _query(doors.sim.authorize("alice@example.com", SCOPES, deny=True))
    assert (query["error"], query["state"]) == ("access_denied", "state")
    assert doors.sim.hub.store.grants == {}


def test_authorize_cancelled_at_login_goes_back(doors: Doors) -> None:
    answer = doors.http.post(_address(doors.sim), data={"step": "cancel"})
    assert _query(answer.headers["Location"])["error"] == "access_denied"


def test_consent_without_sign_in_shows_login(doors: Doors) -> None:
    form = {"step": "consent", "decision": "allow", "scope": "openid"}
    answer = doors.http.post(_address(doors.sim), data=form)
    assert (answer.status_code, "Choose who you are" in answer.text) == (200, True)


def test_consent_without_any_tick_is_asked_again(doors: Doors) -> None:
    address = _address(doors.sim)
    _sign_in(doors, "alice@example.com", address)
    form = {"step": "consent", "decision": "allow"}
    answer = doors.http.post(address, data=form)
    assert (answer.status_code, "at least one" in answer.text) == (400, True)


def test_known_grant_is_reused_and_new_scopes_dropped(doors: Doors) -> None:
    doors.sim.authorize("alice@example.com", SCOPES)
    wider = (*SCOPES, "vehicle_location")
    answered = _exchange(doors, doors.sim.authorize("alice@example.com", wider)).json()
    assert _claims(answered["access_token"])["scp"] == list(SCOPES)


def test_prompt_missing_scopes_offers_the_missing_ones(doors: Doors) -> None:
    doors.sim.authorize("alice@example.com", SCOPES)
    scope = " ".join([*SCOPES, "vehicle_location"])
    address = _address(doors.sim, scope=scope, prompt_missing_scopes="true")
    page = _sign_in(doors, "alice@example.com", address)
    assert page.text.count('type="checkbox"') == 1
    callback = doors.sim.follow(address, "alice@example.com")
    answered = _exchange(doors, callback).json()
    assert set(_claims(answered["access_token"])["scp"]) == {
        *SCOPES,
        "vehicle_location",
    }


def test_require_requested_scopes_refuses_a_part(doors: Doors) -> None:
    address = _address(doors.sim, require_requested_scopes="true")
    _sign_in(doors, "alice@example.com", address)
    form = {"step": "consent", "decision": "allow", "scope": ["openid"]}
    answer = doors.http.post(address, data=form)
    assert (answer.status_code, "needs all" in answer.text) == (400, True)


def test_scope_not_ticked_in_the_portal_vanishes(doors: Doors) -> None:
    narrow = type(APPLICATION)(
        "narrow", "secret", (REDIRECT,), ("https://example.com",), scopes=("openid",)
    )
    doors.sim.add_application(narrow)
    callback = doors.sim.authorize("alice@example.com", SCOPES, client_id="narrow")
    answered = _exchange(doors, callback, client_id="narrow", client_secret="secret")
    assert _claims(answered.json()["access_token"])["scp"] == ["openid"]
    assert "refresh_token" not in answered.json()


def test_browser_stays_signed_in_unless_prompted(doors: Doors) -> None:
    address = _address(doors.sim)
    _sign_in(doors, "alice@example.com", address)
    assert "Allow Test application access?" in doors.http.get(address).text
    again = doors.http.get(_address(doors.sim, prompt="login"))
    assert "Choose who you are" in again.text


def test_another_account_signs_out(doors: Doors) -> None:
    address = _address(doors.sim)
    _sign_in(doors, "alice@example.com", address)
    doors.http.post(address, data={"step": "another"})
    assert "Choose who you are" in doors.http.get(address).text


def test_prompt_consent_replaces_what_was_granted(doors: Doors) -> None:
    doors.sim.authorize("alice@example.com", SCOPES)
    address = _address(doors.sim, prompt="consent", show_keypair_step="true")
    assert "virtual key" in _sign_in(doors, "alice@example.com", address).text
    doors.sim.follow(address, "alice@example.com", scopes=("openid",))
    assert [one.scopes for one in doors.sim.hub.store.grants.values()] == [("openid",)]


def test_code_gives_tokens_that_say_who_and_what(doors: Doors) -> None:
    callback = doors.sim.authorize("alice@example.com", SCOPES, nonce="n1")
    answer = _exchange(doors, callback)
    answered = answer.json()
    alice = doors.sim.world.persons["alice@example.com"]
    assert (answered["expires_in"], answered["token_type"]) == (28800, "Bearer")
    assert answered["refresh_token"].startswith("NA_")
    claims = _claims(answered["access_token"])
    base_urls, issued_at = doors.sim.addresses.base_urls, int(NOON.timestamp())
    assert claims["aud"][:2] == [base_urls["na"], base_urls["eu"]]
    facts = ("iss", "azp", "sub", "ou_code", "scp", "exp")
    assert [claims[one] for one in facts] == [
        doors.sim.addresses.issuers[0],
        "test-client",
        alice.sub,
        "NA",
        list(SCOPES),
        issued_at + 28800,
    ]
    named = _claims(answered["id_token"])
    assert (named["nonce"], named["email"], named["name"], named["aud"]) == (
        "n1",
        "alice@example.com",
        "Alice Moreau",
        "test-client",
    )


def test_tokens_are_signed_by_the_published_key(doors: Doors) -> None:
    token = doors.token()
    keys = jwt.PyJWKSet.from_dict(doors.http.get(doors.sim.addresses.jwks_url).json())
    header = jwt.get_unverified_header(token)
    decoded = jwt.decode(
        token,
        keys[header["kid"]],
        algorithms=["RS256"],
        options={"verify_aud": False, "verify_exp": False, "verify_iat": False},
    )
    assert (header["alg"], decoded["azp"]) == ("RS256", "test-client")
    assert {"-", "_"} & set(token.split(".")[1]) == set()


def test_code_works_once_only(doors: Doors) -> None:
    callback = doors.sim.authorize("alice@example.com", SCOPES)
    assert _exchange(doors, callback).status_code == 200
    assert _error(_exchange(doors, callback)) == (400, "invalid_auth_code")


def test_code_expires(doors: Doors) -> None:
    callback = doors.sim.authorize("alice@example.com", SCOPES)
    doors.sim.clock.advance(301)
    assert _error(_exchange(doors, callback)) == (400, "invalid_auth_code")


def test_code_of_another_application_is_refused(doors: Doors) -> None:
    doors.sim.add_application(type(APPLICATION)("other", "secret", (REDIRECT,)))
    callback = doors.sim.authorize("alice@example.com", SCOPES)
    answer = _exchange(doors, callback, client_id="other", client_secret="secret")
    assert _error(answer) == (400, "invalid_auth_code")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"client_secret": "wrong"}, (401, "unauthorized_client")),
        ({"client_id": "stranger"}, (401, "unauthorized_client")),
        ({"redirect_uri": "http://localhost/"}, (400, "invalid_redirect_url")),
        ({"audience": "https://elsewhere.example"}, (400, "invalid_request")),
        ({"grant_type": "password"}, (400, "unsupported_grant_type")),
    ],
)
def test_exchange_refuses(
    doors: Doors, changes: dict[str, str], expected: tuple[int, str]
) -> None:
    callback = doors.sim.authorize("alice@example.com", SCOPES)
    assert _error(_exchange(doors, callback, **changes)) == expected


def test_token_endpoint_reads_json_too(doors: Doors) -> None:
    address = doors.sim.addresses.token_url
    tokens = doors.sim.link("alice@example.com")
    body = {
        "grant_type": "refresh_token",
        "client_id": "test-client",
        "refresh_token": tokens["refresh_token"],
    }
    assert doors.http.post(address, json=body).status_code == 200
    headers = {"Content-Type": "application/json"}
    for broken in (b"{", b"[]"):
        answer = doors.http.post(address, content=broken, headers=headers)
        assert _error(answer) == (400, "invalid_request")


def test_refresh_rotates_with_one_step_of_grace(doors: Doors) -> None:
    first = doors.sim.link("alice@example.com")["refresh_token"]
    second = _refresh(doors, first).json()["refresh_token"]
    third = _refresh(doors, first).json()["refresh_token"]
    assert len({first, second, third}) == 3
    assert _error(_refresh(doors, second)) == (401, "login_required")
    assert _error(_refresh(doors, first)) == (401, "login_required")
    assert _refresh(doors, third).status_code == 200


def test_refresh_ends_the_token_before_the_previous(doors: Doors) -> None:
    first = doors.sim.link("alice@example.com")["refresh_token"]
    second = _refresh(doors, first).json()["refresh_token"]
    assert _refresh(doors, second).status_code == 200
    assert _error(_refresh(doors, first)) == (401, "login_required")


def test_grace_ends_after_a_day(doors: Doors) -> None:
    first = doors.sim.link("alice@example.com")["refresh_token"]
    _refresh(doors, first)
    doors.sim.clock.advance(timedelta(days=1).total_seconds())
    assert _error(_refresh(doors, first)) == (401, "login_required")


def test_refresh_token_ends_after_three_months(doors: Doors) -> None:
    first = doors.sim.link("alice@example.com")["refresh_token"]
    doors.sim.clock.advance(timedelta(days=91).total_seconds())
    assert _error(_refresh(doors, first)) == (401, "login_required")


def test_second_sign_in_ends_the_first_refresh_token(doors: Doors) -> None:
    first = doors.sim.link("alice@example.com")["refresh_token"]
    doors.sim.link("alice@example.com")
    assert _error(_refresh(doors, first)) == (401, "login_required")


def test_refresh_by_a_stranger_is_refused(doors: Doors) -> None:
    answer = doors.ask_token(
        grant_type="refresh_token", client_id="stranger", refresh_token="x"
    )
    assert _error(answer) == (401, "unauthorized_client")
    assert _error(_refresh(doors, "")) == (401, "login_required")


def test_partner_token_is_for_one_region(doors: Doors) -> None:
    base_url = doors.sim.addresses.base_urls["eu"]
    form = {"grant_type": "client_credentials", "audience": base_url, **CLIENT}
    answered = doors.ask_token(**form, scope="openid vehicle_specs").json()
    claims = _claims(answered["access_token"])
    assert claims["aud"][0] == base_url
    assert (claims["scp"], claims["gty"]) == (
        ["openid", "vehicle_specs"],
        "client-credentials",
    )
    assert set(answered) == {"access_token", "expires_in", "token_type"}


def test_partner_token_needs_audience_and_secret(doors: Doors) -> None:
    form = {"grant_type": "client_credentials", **CLIENT}
    assert _error(doors.ask_token(**form)) == (400, "invalid_request")
    wrong = {**form, "client_secret": "wrong"}
    assert _error(doors.ask_token(**wrong)) == (401, "unauthorized_client")


def _consent_address(doors: Doors, back: str = "") -> str:
    query = urlencode({"revoke_client_id": "test-client", "back_url": back})
    return f"{doors.sim.addresses.consent_url}?{query}"


def test_consent_page_takes_scopes_away(doors: Doors) -> None:
    tokens = doors.sim.link("alice@example.com", SCOPES)
    address = _consent_address(doors, "http://localhost/back")
    page = _sign_in(doors, "alice@example.com", address)
    assert 'value="vehicle_device_data" checked' in page.text
    form = {"step": "save", "scope": ["openid", "offline_access"]}
    saved = doors.http.post(address, data=form)
    assert (saved.status_code, saved.headers["Location"]) == (
        303,
        "http://localhost/back",
    )
    answered = _refresh(doors, tokens["refresh_token"]).json()
    assert _claims(answered["access_token"])["scp"] == ["openid", "offline_access"]


def test_consent_page_revokes_everything(registered: Doors) -> None:
    tokens = registered.sim.link("alice@example.com")
    assert registered.get("users/me", tokens["access_token"]).status_code == 200
    address = _consent_address(registered, "javascript:alert(1)")
    _sign_in(registered, "alice@example.com", address)
    done = registered.http.post(address, data={"step": "revoke"})
    assert (done.status_code, "Your choice is saved" in done.text) == (200, True)
    assert _error(_refresh(registered, tokens["refresh_token"])) == (
        401,
        "login_required",
    )
    assert registered.get("users/me", tokens["access_token"]).status_code == 401
    assert "not given" in registered.http.get(address).text


def test_consent_page_saves_nothing_for_who_granted_nothing(doors: Doors) -> None:
    address = _consent_address(doors)
    _sign_in(doors, "alice@example.com", address)
    doors.http.post(address, data={"step": "save", "scope": "openid"})
    assert doors.sim.hub.store.grants == {}


def test_consent_page_needs_sign_in_and_a_known_application(doors: Doors) -> None:
    address = _consent_address(doors)
    assert "Choose who you are" in doors.http.get(address).text
    assert "Choose who you are" in doors.http.post(address).text
    wrong = _sign_in(doors, "nobody@example.com", address)
    assert wrong.status_code == 401
    stranger = f"{doors.sim.addresses.consent_url}?revoke_client_id=x"
    assert [
        doors.http.request(one, stranger).status_code for one in ("GET", "POST")
    ] == [
        400,
        400,
    ]


def test_password_reset_ends_refresh_but_not_access(registered: Doors) -> None:
    tokens = registered.sim.link("alice@example.com")
    answer = registered.admin("POST", "persons/alice@example.com/password_reset")
    assert answer.json() == {"ok": True}
    refused = _refresh(registered, tokens["refresh_token"])
    assert _error(refused) == (401, "login_required")
    assert registered.get("users/me", tokens["access_token"]).status_code == 200


def test_metadata_names_the_addresses(doors: Doors) -> None:
    path = "auth/oauth2/v3/thirdparty/.well-known/openid-configuration"
    found = doors.http.get(f"{doors.sim.url}/{path}").json()
    addresses = doors.sim.addresses
    assert found["issuer"] == addresses.issuers[0]
    assert found["jwks_uri"] == addresses.jwks_url
    assert found["token_endpoint"] == addresses.token_url


def test_userinfo_names_the_person(doors: Doors) -> None:
    address = f"{doors.sim.url}/auth/oauth2/v3/userinfo"
    headers = {"Authorization": f"Bearer {doors.token()}"}
    found = doors.http.get(address, headers=headers).json()
    assert (found["email"], found["name"]) == ("alice@example.com", "Alice Moreau")
    assert doors.http.get(address).status_code == 401
    doors.sim.clock.advance(28800)
    assert doors.http.get(address, headers=headers).status_code == 401


def test_server_error_switch_is_transient(doors: Doors) -> None:
    tokens = doors.sim.link("alice@example.com")
    doors.sim.faults.add("server_error", "/auth/oauth2/v3/token", count=1)
    refused = _refresh(doors, tokens["refresh_token"])
    assert _error(refused) == (400, "server_error")
    assert refused.json()["error_uri"].startswith(f"{doors.sim.url}/auth/error/")
    assert _refresh(doors, tokens["refresh_token"]).status_code == 200


def test_answer_lost_after_rotation_leaves_the_grace(doors: Doors) -> None:
    first = doors.sim.link("alice@example.com")["refresh_token"]
    doors.sim.faults.add("lost", "/auth/oauth2/v3/token", count=1)
    with pytest.raises(httpx.ReadTimeout):
        doors.http.post(
            doors.sim.addresses.token_url,
            data={
                "grant_type": "refresh_token",
                "client_id": "test-client",
                "refresh_token": first,
            },
            timeout=0.3,
        )
    grant = next(iter(doors.sim.hub.store.grants.values()))
    assert (grant.refresh_token != first, grant.previous_token) == (True, first)
    assert _refresh(doors, first).status_code == 200
