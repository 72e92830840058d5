"""Signing in and out: wrong passwords, limits, fixation, where it leads."""

import pytest
from django.contrib.auth.hashers import make_password
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from console.settings import PASSWORD_HASHERS
from tests.accounts.signing_in import (
    CONSOLE,
    LOGIN,
    error_words,
    make_member,
    sign_in,
    signed_in,
)
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db

LOCKED = ["Too many failed login attempts. Try again later."]
WRONG = "wrong password"


@pytest.fixture
def member() -> User:
    """Return a member who can sign in by password."""
    return make_member("alice@example.com")


def test_login_leads_to_the_console(client: Client, member: User) -> None:
    response = sign_in(client, "Alice@Example.com")
    assert (response.status_code, response["Location"]) == (302, CONSOLE)
    assert signed_in(client)


def test_login_page_offers_tesla_by_post(client: Client, owner: User) -> None:
    page = client.get(LOGIN, {"next": "/console/tokens"}).content.decode()
    assert '<form class="form" method="post" action="/accounts/tesla/sign-in">' in page
    assert '<input type="hidden" name="next" value="/console/tokens">' in page
    assert "no owner yet" not in page


def test_login_page_tells_where_the_owner_begins(client: Client) -> None:
    page = client.get(LOGIN).content.decode()
    assert "no owner yet" in page
    assert 'href="/welcome"' in page


@pytest.mark.parametrize("email", ["alice@example.com", "nobody@example.com"])
def test_login_with_a_wrong_password_tells_nothing_of_the_account(
    client: Client, member: User, email: str
) -> None:
    response = sign_in(client, email, WRONG)
    assert error_words(response) == [
        "The email address and/or password you specified are not correct."
    ]
    assert PASSWORD not in response.content.decode()
    assert WRONG not in response.content.decode()


def test_login_is_locked_after_five_wrong_passwords(
    client: Client, member: User
) -> None:
    other = make_member("bob@example.com")
    for _ in range(6):
        sign_in(client, "alice@example.com", WRONG)
    assert error_words(sign_in(client, "alice@example.com")) == LOCKED
    assert not signed_in(client)
    sign_in(client, str(other.email))
    assert signed_in(client)


def test_login_lock_holds_for_every_spelling_of_the_address(
    client: Client, member: User
) -> None:
    for number in range(5):
        spelling = "alice@example.com"[:number].upper() + "alice@example.com"[number:]
        sign_in(client, spelling, WRONG)
    assert error_words(sign_in(client, "alice@example.com")) == LOCKED


def test_login_lock_holds_for_every_name_of_the_host(
    client: Client, member: User, settings: Settings
) -> None:
    settings.ALLOWED_HOSTS = ["localhost", "other.example.com"]
    for number in range(5):
        host = ("localhost", "other.example.com")[number % 2]
        sign_in(client, "alice@example.com", WRONG, headers={"Host": host})
    assert (
        error_words(sign_in(client, "alice@example.com", headers={"Host": "localhost"}))
        == LOCKED
    )


def _wrong_of_many(client: Client, count: int, header: str) -> list[list[str]]:
    """Try many unknown accounts; `header` is a template of X-Forwarded-For."""
    return [
        error_words(
            sign_in(
                client,
                f"nobody{number}@example.com",
                WRONG,
                headers={"X-Forwarded-For": header.format(number)},
            )
        )
        for number in range(count)
    ]


def test_login_limit_by_address_ignores_a_header_nobody_trusted_wrote(
    client: Client, member: User
) -> None:
    answers = _wrong_of_many(client, 11, "198.51.100.{}")
    assert [words == LOCKED for words in answers] == [False] * 10 + [True]
    # Only the proven attempts of this address are refused, not those of another.
    sign_in(client, "alice@example.com", REMOTE_ADDR="203.0.113.9")
    assert signed_in(client)


def test_login_limit_by_address_counts_the_hop_that_the_proxy_saw(
    client: Client, settings: Settings
) -> None:
    settings.TRUSTED_PROXY_COUNT = 1
    answers = _wrong_of_many(client, 11, "6.6.6.{}, 198.51.100.1")
    assert [words == LOCKED for words in answers] == [False] * 10 + [True]
    others = _wrong_of_many(client, 3, "6.6.6.6, 203.0.113.{}")
    assert [words == LOCKED for words in others] == [False] * 3


def test_login_works_behind_a_unix_socket(client: Client, member: User) -> None:
    sign_in(client, "alice@example.com", REMOTE_ADDR="")
    assert signed_in(client)


def test_login_answers_429_when_it_is_hammered(client: Client) -> None:
    statuses = [client.post(LOGIN, {}).status_code for _ in range(31)]
    assert statuses == [200] * 30 + [429]
    page = client.post(LOGIN, {}).content.decode()
    assert "Too many attempts" in page


def test_login_changes_the_session_id(client: Client, member: User) -> None:
    session = client.session
    session["planted"] = True
    session.save()
    before = session.session_key
    client.cookies["sessionid"] = before or ""
    sign_in(client, "alice@example.com")
    assert signed_in(client)
    assert client.cookies["sessionid"].value not in {before, ""}
    stranger = Client()
    stranger.cookies["sessionid"] = before or ""
    assert not signed_in(stranger)


def test_logout_ends_the_session_for_its_old_cookie(
    client: Client, member: User
) -> None:
    sign_in(client, "alice@example.com")
    cookie = client.cookies["sessionid"].value
    assert signed_in(client)
    response = client.post("/accounts/logout/")
    assert (response.status_code, response["Location"]) == (302, "/")
    thief = Client()
    thief.cookies["sessionid"] = cookie
    response = thief.get(CONSOLE)
    assert (response.status_code, response["Location"]) == (
        302,
        f"{LOGIN}?next={CONSOLE}",
    )


def test_logout_by_get_only_asks(client: Client, member: User) -> None:
    sign_in(client, "alice@example.com")
    page = client.get("/accounts/logout/").content.decode()
    assert "<h1>Sign out</h1>" in page
    assert signed_in(client)


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example.net/",
        "//evil.example.net",
        "/\\evil.example.net",
        "\\\\evil.example.net",
        "///evil.example.net",
        "javascript:alert(1)",
        "http:evil.example.net",
        "https://localhost@evil.example.net/",
        "/\t/evil.example.net",
    ],
)
def test_login_never_leads_to_another_site(
    client: Client, member: User, elsewhere: str
) -> None:
    response = sign_in(client, "alice@example.com", next=elsewhere)
    assert (response.status_code, response["Location"]) == (302, CONSOLE)


def test_login_leads_to_the_page_that_asked(client: Client, member: User) -> None:
    response = sign_in(client, "alice@example.com", next="/console/tokens?new=1")
    assert response["Location"] == "/console/tokens?new=1"


def test_disabled_member_is_refused_and_their_session_ends_at_once(
    client: Client, member: User
) -> None:
    sign_in(client, "alice@example.com")
    assert signed_in(client)
    User.objects.filter(pk=member.pk).update(is_active=False)
    assert not signed_in(client)
    response = sign_in(Client(), "alice@example.com")
    assert (response.status_code, response["Location"]) == (302, "/accounts/inactive/")
    page = client.get("/accounts/inactive/").content.decode()
    assert "This account is switched off" in page


def test_login_needs_the_csrf_token_and_our_own_origin(member: User) -> None:
    client = Client(enforce_csrf_checks=True)
    assert sign_in(client, "alice@example.com").status_code == 403
    client.get(LOGIN)
    fields = {
        "login": "alice@example.com",
        "password": PASSWORD,
        "csrfmiddlewaretoken": client.cookies["csrftoken"].value,
    }
    evil = {"Origin": "https://evil.example.net"}
    assert client.post(LOGIN, fields, headers=evil).status_code == 403
    assert client.post(LOGIN, fields).status_code == 302


def test_login_refuses_a_foreign_host(client: Client) -> None:
    response = client.get(LOGIN, headers={"Host": "evil.example.net"})
    assert response.status_code == 400


def test_passwords_are_stored_by_argon2(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = PASSWORD_HASHERS
    assert make_password(PASSWORD).startswith("argon2$argon2id$v=19$m=102400,t=2,p=8$")
