"""The question whether a program may act in somebody's name."""

import re
import time
from urllib.parse import quote, urlsplit

import pytest
from django.core import mail
from django.test import Client
from pytest_django import Settings

from accounts.models import AuditEntry, Letter, User
from accounts.services.members import prove_address
from tests.factories import PASSWORD
from tests.tokens.connecting import CALLBACK, MY, Installation, public, told
from tests.tokens.helpers import fresh_client
from tokens.models import MOST_ACCESS_TOKENS, AccessToken, ConnectCode
from tokens.services import access_tokens

POLICY = "Content-Security-Policy"


def _form_action(policy: str) -> str:
    found = re.search(r"form-action ([^;]*);", policy)
    assert found is not None
    return found.group(1)


def test_address_that_programs_know_leads_to_our_own_name(db: None) -> None:
    one = Installation()
    answer = Client().get(one.address("/connect"))
    assert answer.status_code == 302
    assert answer["Location"] == public(one.address())
    assert Client().post(one.address("/connect")).status_code == 405


def test_address_that_programs_know_works_behind_a_proxy_that_ends_tls(
    settings: Settings, db: None
) -> None:
    settings.PUBLIC_URL = "https://keyfob.example.com"
    settings.ALLOWED_HOSTS = ["keyfob.example.com"]
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    one, proxied = Installation(), {"X-Forwarded-Proto": "https"}
    program = Client(headers={"Host": "keyfob.example.com"})
    answer = program.get(one.address("/connect"), headers=proxied)
    assert answer["Location"] == "https://keyfob.example.com" + one.address()
    for headers in (proxied, {}):
        answer = program.post("/oauth/token", {}, headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert program.get(one.address("/console/connect")).status_code == 301


def test_stranger_signs_in_first_and_comes_back(alice: User) -> None:
    one, browser = Installation(), Client()
    prove_address(alice)
    answer = browser.get(one.address())
    assert answer["Location"] == f"/accounts/login/?next={quote(one.address())}"
    form = {"login": alice.email, "password": PASSWORD, "next": one.address()}
    answer = browser.post(answer["Location"], form)
    assert (answer.status_code, answer["Location"]) == (302, one.address())
    assert browser.get(one.address()).status_code == 200


def test_page_says_who_asks_for_what_and_where_one_goes(alices_client: Client) -> None:
    answer = alices_client.get(Installation(name="Haus <am> See").address())
    page = answer.content.decode()
    assert "Connect Home Assistant?" in page
    assert "Home Assistant · Haus &lt;am&gt; See" in page
    assert 'Is <span class="mono">homeassistant.local:8123</span> your own' in page
    assert "alice@example.com" in page
    assert "Access tokens" in page
    assert ConnectCode.objects.count() == 0


def test_page_cannot_be_framed_or_told_on_and_its_form_ends_at_the_program_alone(
    alices_client: Client,
) -> None:
    answer = alices_client.get(Installation().address())
    assert answer["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in answer[POLICY]
    assert answer["Referrer-Policy"] == "same-origin"
    assert "no-store" in answer["Cache-Control"]
    there = "http://homeassistant.local:8123"
    assert _form_action(answer[POLICY]).split()[-1] == there
    answer = alices_client.get(Installation(MY).address())
    assert _form_action(answer[POLICY]).endswith(" https://my.home-assistant.io")
    answer = alices_client.get("/console/tokens")
    assert there not in _form_action(answer[POLICY])


def test_allow_sends_a_code_back_and_keeps_its_digest(
    alice: User, alices_client: Client
) -> None:
    one = Installation()
    answer = alices_client.post(one.address())
    assert answer.status_code == 302
    assert answer["Location"].startswith(f"{CALLBACK}?code=kfc_")
    got = told(answer["Location"])
    assert got.keys() == {"code", "state"}
    assert got["state"] == one.state
    row = ConnectCode.objects.get()
    assert (row.user, row.digest) == (alice, access_tokens.digest(got["code"]))
    assert (row.client_id, row.redirect_uri) == ("homeassistant", CALLBACK)
    assert row.name == str(row) == "Home Assistant · Home"
    assert got["code"] not in str(dict(alices_client.session))
    assert AccessToken.objects.count() == 0


def test_allow_is_told_by_letter_and_in_the_trail(
    alices_client: Client, settings: Settings
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    Installation().allowed(alices_client)
    entry = AuditEntry.objects.get(action="program.allowed")
    assert (entry.about, entry.detail) == ("Home Assistant", {})
    (letter,) = mail.outbox
    assert letter.subject == "Keyfob: A program was connected"
    assert "you were sent back to homeassistant.local:8123" in letter.body
    assert "kfc_" not in letter.body
    page = alices_client.get("/console/account/activity").content.decode()
    assert "Program allowed to connect" in page


def test_cancel_tells_the_program(alices_client: Client) -> None:
    one = Installation()
    answer = alices_client.post(one.address(), {"cancel": "yes"})
    got = told(answer["Location"])
    assert answer["Location"].startswith(f"{CALLBACK}?")
    assert (got["error"], got["state"]) == ("access_denied", one.state)
    assert ConnectCode.objects.count() == 0


def test_allow_wants_a_csrf_token_and_a_page_of_ours(alice: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(
        alice, backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    address = Installation().address()
    assert strict.post(address).status_code == 403
    foreign = fresh_client(alice).post(
        address, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert foreign.status_code == 403
    assert ConnectCode.objects.count() == 0


def test_old_sign_in_is_proved_first(alices_client: Client) -> None:
    session = alices_client.session
    (record,) = session["account_authentication_methods"]
    record["at"] = time.time() - 301
    session["account_authentication_methods"] = [record]
    session.save()
    address = Installation().address()
    for ask in (alices_client.get, alices_client.post):
        answer = ask(address)
        assert answer.status_code == 302
        place = urlsplit(answer["Location"])
        assert place.path == "/accounts/reauthenticate/"
        assert told(answer["Location"]) == {"next": address}
    back = alices_client.post(
        "/accounts/reauthenticate/", {"password": PASSWORD, "next": address}
    )
    assert back["Location"] == address
    assert ConnectCode.objects.count() == 0


@pytest.mark.parametrize(
    "redirect_uri",
    [
        MY,
        CALLBACK,
        "https://192.168.1.5:8123/auth/external/callback",
        "http://[fd00::5]:8123/auth/external/callback",
        "https://ha_1.example.com/auth/external/callback",
        "http://home_assistant:8123/auth/external/callback",
        "http://homeassistant.local.:8123/auth/external/callback",
        "http://home..local:8123/auth/external/callback",
    ],
)
def test_addresses_of_home_assistant_are_taken(
    alices_client: Client, redirect_uri: str
) -> None:
    answer = alices_client.get(Installation(redirect_uri).address())
    assert answer.status_code == 200
    where = _form_action(answer[POLICY]).split()[-1]
    assert redirect_uri.startswith(where)
    # A policy cannot write an IPv6 address, nor a name that no host should have.
    is_odd = any(sign in redirect_uri for sign in ("[", "_", ".."))
    assert (where == f"{urlsplit(redirect_uri).scheme}:") == is_odd


def test_question_without_a_state_gets_none_back(alices_client: Client) -> None:
    answer = alices_client.post(Installation().address(state=None))
    assert told(answer["Location"]).keys() == {"code"}


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("", "Home Assistant"),
        ("  ", "Home Assistant"),
        ("Haus\u202e\r\nam See", "Home Assistant · Hausam See"),
        ("é" * 500, "Home Assistant · " + "é" * 60),
    ],
)
def test_name_is_one_printable_line(
    alices_client: Client, name: str, title: str
) -> None:
    one = Installation(name=name)
    one.allowed(alices_client)
    assert ConnectCode.objects.get().name == title


def test_full_list_says_what_to_do_and_loses_nothing(
    alice: User, alices_client: Client
) -> None:
    for number in range(MOST_ACCESS_TOKENS):
        access_tokens.issue(alice, str(number))
    one = Installation()
    for ask in (alices_client.get, alices_client.post):
        answer = ask(one.address())
        page = answer.content.decode()
        assert answer.status_code == 409
        assert "You have 10 access tokens" in page
        assert one.address().replace("&", "&amp;") in page
        assert "Allow</button>" not in page
    assert ConnectCode.objects.count() == 0
    access_tokens.remove(AccessToken.objects.all()[0])
    assert one.connect(alices_client)["token_type"] == "Bearer"
    assert AccessToken.objects.count() == MOST_ACCESS_TOKENS


def test_page_tells_of_an_earlier_connection_of_the_same_name(
    alices_client: Client,
) -> None:
    assert (
        b"connected already" not in alices_client.get(Installation().address()).content
    )
    Installation().connect(alices_client)
    assert b"connected already" in alices_client.get(Installation().address()).content
    other = Installation(name="Cabin").address()
    assert b"connected already" not in alices_client.get(other).content


def test_list_shows_a_connection_as_one_token_and_removes_it(
    alice: User, charlie: User, alices_client: Client
) -> None:
    tokens = Installation().connect(alices_client)
    row = AccessToken.objects.get()
    page = alices_client.get("/console/tokens").content.decode()
    assert "Home Assistant · Home" in page
    assert "1 of 10" in page
    address = f"/console/tokens/{row.pk}/remove"
    assert fresh_client(charlie).post(address).status_code == 404
    assert b"Remove the connection" in alices_client.get(address).content
    alices_client.post(address)
    assert AccessToken.objects.count() == 0
    trail = AuditEntry.objects.filter(action__startswith="program")
    assert sorted(trail.values_list("action", flat=True)) == [
        "program.allowed",
        "program.connected",
        "program.removed",
    ]
    for text in (tokens["access_token"], tokens["refresh_token"]):
        assert text not in page
        assert text not in str(list(AuditEntry.objects.values()))
        assert text not in str(list(Letter.objects.values()))
