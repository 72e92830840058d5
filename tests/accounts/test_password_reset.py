"""A forgotten password: equal answers, single-use links, no foreign host."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Letter, User
from tests.accounts.signing_in import (
    error_words,
    just_signed_in,
    link_in,
    make_member,
    newest_letter,
    sign_in,
    signed_in,
)

pytestmark = pytest.mark.django_db

RESET = "/accounts/password/reset/"
NEW = "  Ein neuer Schlüssel 🔑 für 2026  "
CHANGE = "/accounts/password/change/"


@pytest.fixture
def member() -> User:
    """Return a member who can sign in by password."""
    return make_member("alice@example.com")


def _ask(email: str = "alice@example.com", **headers: str) -> str:
    """Ask for a link and return its path."""
    response = Client().post(RESET, {"email": email}, headers=headers)
    assert (response.status_code, response["Location"]) == (302, f"{RESET}done/")
    return link_in(newest_letter()[2])


def _use(client: Client, link: str, password: str = NEW) -> bool:
    """Follow a link and set a password; tell whether the link was taken."""
    response = client.get(link)
    if response.status_code == 200:
        assert "This link no longer works" in response.content.decode()
        return False
    fields = {"password1": password, "password2": password}
    response = client.post(response["Location"], fields)
    assert response["Location"] == f"{RESET}key/done/"
    return True


def test_reset_link_sets_a_new_password_exactly_as_typed(
    client: Client, member: User
) -> None:
    assert _use(client, _ask())
    assert "Your password is set" in client.get(f"{RESET}key/done/").content.decode()
    sign_in(client, "alice@example.com", NEW.strip())
    assert not signed_in(client)
    sign_in(client, "alice@example.com", NEW)
    assert signed_in(client)


def test_reset_letter_is_for_the_member_and_names_our_own_address(
    member: User,
) -> None:
    link = _ask()
    to, subject, text = newest_letter()
    assert (to, subject) == ("alice@example.com", "Keyfob: A new password")
    assert f"http://localhost:8000{link}" in text


@pytest.mark.parametrize("password", ["x" * 64 + "-abc", "ab cd-" * 22, "🔑" * 12])
def test_long_and_strange_passwords_are_kept_whole(
    client: Client, member: User, password: str
) -> None:
    assert _use(client, _ask(), password)
    sign_in(client, "alice@example.com", password[:-1])
    assert not signed_in(client)
    sign_in(client, "alice@example.com", password)
    assert signed_in(client)


def test_reset_link_works_once(client: Client, member: User) -> None:
    link = _ask()
    assert _use(client, link)
    assert not _use(Client(), link, "another long password")


def test_reset_link_ends_after_an_hour(client: Client, member: User) -> None:
    link = _ask()
    with time_machine.travel(timezone.now() + timedelta(minutes=59)):
        assert client.get(link).status_code == 302
    with time_machine.travel(timezone.now() + timedelta(minutes=61)):
        assert not _use(Client(), link)


def test_reset_link_ends_when_the_password_is_changed(
    client: Client, member: User
) -> None:
    link = _ask()
    member.set_password("changed in the meantime")
    member.save()
    assert not _use(client, link)


def test_reset_link_ends_when_the_address_is_changed(
    client: Client, member: User
) -> None:
    link = _ask()
    member.email = "moved@example.com"
    member.save()
    assert not _use(client, link)


@pytest.mark.parametrize("key", ["x", "1-set-password", "zzzz-0-0", "0-a-b"])
def test_made_up_reset_link_is_refused(client: Client, member: User, key: str) -> None:
    page = client.get(f"{RESET}key/{key}-abc/").content.decode()
    assert "This link no longer works" in page


def test_reset_refuses_a_guessable_password(client: Client, member: User) -> None:
    page = client.get(_ask())["Location"]
    weak = {"password1": "teslemetry123", "password2": "teslemetry123"}
    words = error_words(client.post(page, weak))
    assert len(words) == 1
    assert words[0].startswith("This password is easily guessed here")


def test_reset_ends_every_session_and_lock(client: Client, member: User) -> None:
    thief = Client()
    sign_in(thief, "alice@example.com")
    assert signed_in(thief)
    for _ in range(5):
        sign_in(client, "alice@example.com", "wrong password")
    assert _use(client, _ask())
    assert not signed_in(thief)
    sign_in(client, "alice@example.com", NEW)
    assert signed_in(client)


def test_reset_answers_alike_for_known_and_unknown_addresses(member: User) -> None:
    pages, queries = [], []
    for email in ("alice@example.com", "nobody@example.com"):
        with CaptureQueriesContext(connection) as captured:
            response = Client().post(RESET, {"email": email}, follow=True)
        pages.append((response.redirect_chain, response.content))
        queries.append(len(captured))
    strip = [(chain, _without_nonces(page)) for chain, page in pages]
    assert strip[0] == strip[1]
    assert queries[0] == queries[1]
    assert sorted(Letter.objects.values_list("to", "subject")) == [
        ("alice@example.com", "Keyfob: A new password"),
        ("nobody@example.com", "Keyfob: There is no account with this address"),
    ]


def _without_nonces(page: bytes) -> list[bytes]:
    return [line for line in page.splitlines() if b"nonce" not in line]


def test_reset_letter_never_names_the_host_of_the_request(
    member: User, settings: Settings
) -> None:
    settings.ALLOWED_HOSTS = ["localhost", "evil.example.net"]
    for email in ("alice@example.com", "nobody@example.com"):
        headers = {"Host": "evil.example.net", "X-Forwarded-Host": "evil.example.net"}
        Client().post(RESET, {"email": email}, headers=headers)
        assert "evil" not in newest_letter()[2]


def test_reset_refuses_a_foreign_host(member: User) -> None:
    headers = {"Host": "evil.example.net"}
    response = Client().post(RESET, {"email": "alice@example.com"}, headers=headers)
    assert response.status_code == 400
    assert not Letter.objects.exists()


def test_reset_is_limited_by_address(member: User) -> None:
    statuses = [
        Client().post(RESET, {"email": "alice@example.com"}).status_code
        for _ in range(6)
    ]
    assert statuses == [302] * 5 + [429]


def test_reset_pages_say_who_has_the_letter(client: Client, settings: Settings) -> None:
    assert "Forgotten password" in client.get(RESET).content.decode()
    assert "its owner keeps the letter" in client.get(f"{RESET}done/").content.decode()
    settings.MAIL_SERVER = True
    assert "goes to the address" in client.get(f"{RESET}done/").content.decode()


def test_change_asks_for_the_old_password_and_ends_other_sessions(
    client: Client, member: User
) -> None:
    thief = Client()
    for browser in (client, thief):
        sign_in(browser, "alice@example.com")
        assert signed_in(browser)
    new = {"password1": NEW, "password2": NEW}
    wrong = client.post(CHANGE, {"oldpassword": "wrong password", **new})
    assert error_words(wrong) == ["Please type your current password."]
    assert signed_in(thief)
    right = client.post(CHANGE, {"oldpassword": "a long password of tests", **new})
    assert right.status_code == 302
    assert signed_in(client)
    assert not signed_in(thief)
    to, subject, text = newest_letter()
    assert (to, subject) == ("alice@example.com", "Keyfob: Your password was changed")
    assert "127.0.0.1" in text


def test_member_without_a_password_may_set_one(client: Client) -> None:
    user = User.objects.create_user("charlie@example.com")
    client.force_login(user)
    just_signed_in(client, user)
    response = client.get(CHANGE)
    assert response["Location"] == "/accounts/password/set/"
    assert "Set a password" in client.get(response["Location"]).content.decode()
    client.post(response["Location"], {"password1": NEW, "password2": NEW})
    user.refresh_from_db()
    assert user.check_password(NEW)
    assert signed_in(client)


@pytest.mark.parametrize(
    ("address", "form"),
    [
        ("/accounts/password/set/", {"password1": NEW, "password2": NEW}),
        ("/accounts/email/", {"email": "evil@example.com", "action_add": ""}),
    ],
)
def test_member_without_a_password_shows_first_who_they_are(
    client: Client, address: str, form: dict[str, str]
) -> None:
    user = User.objects.create_user("charlie@example.com")
    client.force_login(user)
    just_signed_in(client, user, ago_s=301)
    for answer in (
        client.get(address, follow=True),
        client.post(address, form, follow=True),
    ):
        page = answer.content.decode()
        assert "sign in with Tesla once more" in page
        back = f"/accounts/tesla/prove?{urlencode({'next': address})}"
        assert f'name="next" value="{back}"' in page
        assert 'href="/console/account">Not now</a>' in page
    user.refresh_from_db()
    assert not user.has_usable_password()
    assert not Letter.objects.exists()
