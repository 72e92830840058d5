"""Sign-in: addresses, codes, refreshes, the application's own token."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from fleet import oauth
from fleet.errors import (
    InvalidIDToken,
    InvalidRequest,
    LoginRequired,
    Refused,
)
from fleet.hosts import TESLA, Hosts
from fleet.oauth import Application
from fleet.regions import Region
from fleet.scopes import ASKED
from simulator.testing import ASKED as ALL_SCOPES, RunningSimulator
from tests.fleet.loopback import Loopback, hosts_at, http

OURS = Application("our-client", "our-secret", "https://console.example/callback")
GOOD = {"access_token": "an-access-token", "expires_in": 28800}


@pytest.fixture
def linked(
    tesla: RunningSimulator, hosts: Hosts, app: Application
) -> oauth.TeslaTokens:
    """Return the tokens of Alice's sign-in, gone through as a browser does."""
    address = oauth.authorize_url(hosts, app, state="our-state", nonce="our-nonce")
    callback = parse_qs(urlsplit(tesla.follow(address, "alice@example.com")).query)
    assert callback["state"] == ["our-state"]
    return oauth.exchange_code(
        hosts, app, callback["code"][0], audience=hosts.base_urls["na"]
    )


def test_authorize_url_asks_for_everything_that_tesla_wants() -> None:
    address = oauth.authorize_url(TESLA, OURS, state="s&t=1", nonce="n/1")

    split = urlsplit(address)
    assert f"{split.scheme}://{split.netloc}{split.path}" == TESLA.authorize_url
    assert dict(parse_qsl(split.query)) == {
        "response_type": "code",
        "client_id": "our-client",
        "redirect_uri": "https://console.example/callback",
        "scope": " ".join(ASKED),
        "state": "s&t=1",
        "nonce": "n/1",
        "prompt_missing_scopes": "true",
    }
    assert "our-secret" not in address


def test_authorize_url_takes_language_and_another_account() -> None:
    address = oauth.authorize_url(
        TESLA,
        OURS,
        state="s",
        nonce="n",
        locale="de-DE",
        prompt_missing_scopes=False,
        prompt_login=True,
    )

    query = dict(parse_qsl(urlsplit(address).query))
    assert query["locale"] == "de-DE"
    assert query["prompt"] == "login"
    assert "prompt_missing_scopes" not in query


def test_consent_url_leads_to_teslas_page_and_back() -> None:
    address = oauth.consent_url(TESLA, OURS, "https://console.example/scopes?x=1")

    assert address == (
        "https://auth.tesla.com/user/revoke/consent?revoke_client_id=our-client"
        "&back_url=https%3A%2F%2Fconsole.example%2Fscopes%3Fx%3D1"
    )


@pytest.mark.parametrize(
    ("domain", "vin", "address"),
    [
        ("keys.example.com", "", "https://tesla.com/_ak/keys.example.com"),
        (
            "keys.example.com",
            "5YJ3E1EA0LF000001",
            "https://tesla.com/_ak/keys.example.com?vin=5YJ3E1EA0LF000001",
        ),
        ("a/../b", "", "https://tesla.com/_ak/a%2F..%2Fb"),
    ],
)
def test_pairing_url_names_domain_and_car(domain: str, vin: str, address: str) -> None:
    assert oauth.pairing_url(TESLA, domain, vin) == address


def test_code_is_traded_for_tokens_that_prove_who_signed_in(
    linked: oauth.TeslaTokens, tesla: RunningSimulator, hosts: Hosts, app: Application
) -> None:
    keys = oauth.fetch_jwks(hosts)
    claims = oauth.read_claims(linked.access_token)
    person = tesla.world.persons["alice@example.com"]

    assert claims.sub == person.sub
    assert claims.region is Region.NA
    assert set(ASKED) <= set(claims.scopes)
    assert linked.refresh_token
    assert linked.refresh_token.startswith("NA_")
    life = linked.expires_at - datetime.now(UTC)
    assert timedelta(hours=7, minutes=59) < life <= timedelta(hours=8)
    signed_in = oauth.verify_id_token(
        hosts, app, linked.id_token or "", "our-nonce", keys
    )
    assert (signed_in.sub, signed_in.email) == (person.sub, person.email)


def test_identity_of_another_sign_in_proves_nothing(
    linked: oauth.TeslaTokens, hosts: Hosts, app: Application
) -> None:
    with pytest.raises(InvalidIDToken):
        oauth.verify_id_token(
            hosts, app, linked.id_token or "", "another", oauth.fetch_jwks(hosts)
        )


def test_code_of_before_or_of_nobody_is_refused(
    tesla: RunningSimulator, hosts: Hosts, app: Application
) -> None:
    callback = tesla.authorize("alice@example.com", ALL_SCOPES)
    code = parse_qs(urlsplit(callback).query)["code"][0]
    audience = hosts.base_urls["na"]
    oauth.exchange_code(hosts, app, code, audience=audience)

    for stale in (code, "NA_never-issued"):
        with pytest.raises(InvalidRequest) as caught:
            oauth.exchange_code(hosts, app, stale, audience=audience)
        assert caught.value.code == "invalid_auth_code"


def test_wrong_secret_is_the_operators_to_mend(
    tesla: RunningSimulator, hosts: Hosts, app: Application
) -> None:
    callback = tesla.authorize("alice@example.com", ALL_SCOPES)
    code = parse_qs(urlsplit(callback).query)["code"][0]
    wrong = Application(app.client_id, "wrong-secret", app.redirect_uri)

    with pytest.raises(Refused) as caught:
        oauth.exchange_code(hosts, wrong, code, audience=hosts.base_urls["na"])

    assert caught.value.code == "unauthorized_client"


def test_refresh_gives_a_new_pair_and_ends_in_login_required(
    linked: oauth.TeslaTokens, hosts: Hosts, app: Application
) -> None:
    first = linked.refresh_token or ""
    second = oauth.refresh(hosts, app, first).refresh_token or ""
    third = oauth.refresh(hosts, app, second).refresh_token or ""

    assert len({first, second, third}) == 3
    with pytest.raises(LoginRequired) as caught:
        oauth.refresh(hosts, app, first)
    assert (caught.value.status, caught.value.api_status) == (401, 503)


def test_partner_token_is_the_applications_own(
    tesla: RunningSimulator, hosts: Hosts, app: Application
) -> None:
    tokens = oauth.partner_token(hosts, app, Region.EU)

    assert tokens.access_token
    assert tokens.refresh_token is None
    assert tokens.id_token is None


def test_token_requests_send_what_tesla_documents() -> None:
    with Loopback(http(GOOD)) as server:
        hosts = hosts_at(server.url)
        oauth.exchange_code(hosts, OURS, "NA_code", audience="https://na.example")
        oauth.refresh(hosts, OURS, "NA_refresh")
        oauth.partner_token(hosts, OURS, "na")

    forms = [dict(parse_qsl(asked.body.decode())) for asked in server.asked]
    assert forms == [
        {
            "grant_type": "authorization_code",
            "client_id": "our-client",
            "client_secret": "our-secret",
            "code": "NA_code",
            "audience": "https://na.example",
            "redirect_uri": "https://console.example/callback",
        },
        {
            "grant_type": "refresh_token",
            "client_id": "our-client",
            "refresh_token": "NA_refresh",
        },
        {
            "grant_type": "client_credentials",
            "client_id": "our-client",
            "client_secret": "our-secret",
            "audience": server.url,
            "scope": "openid vehicle_device_data vehicle_cmds vehicle_charging_cmds",
        },
    ]
    assert {asked.target for asked in server.asked} == {"/token"}
    assert {asked.headers["content-type"] for asked in server.asked} == {
        "application/x-www-form-urlencoded"
    }
