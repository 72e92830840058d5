"""Changing the address: only after the password, only to a proven one."""

from datetime import timedelta

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Letter, User
from tests.accounts.signing_in import link_in, make_member, newest_letter, sign_in
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db

EMAIL = "/accounts/email/"
AGAIN = "/accounts/reauthenticate/"
MOVE = {"email": "moved@example.com", "action_add": ""}


@pytest.fixture
def member(client: Client) -> User:
    """Return a member who is signed in."""
    user = make_member("alice@example.com")
    sign_in(client, "alice@example.com")
    return user


@pytest.mark.parametrize("method", ["get", "post"])
def test_change_asks_for_the_password_first(
    client: Client, member: User, method: str
) -> None:
    response = getattr(client, method)(EMAIL, MOVE if method == "post" else None)
    assert response["Location"] == f"{AGAIN}?next=%2Faccounts%2Femail%2F"
    page = client.get(response["Location"]).content.decode()
    assert "<h1>Is it you?</h1>" in page
    client.post(response["Location"], {"password": "wrong password"})
    assert not Letter.objects.exists()


def test_page_opens_after_the_password(client: Client, member: User) -> None:
    there = client.get(EMAIL)["Location"]
    again = {"password": PASSWORD, "next": EMAIL}
    page = client.post(there, again, follow=True).content.decode()
    assert "You sign in as <strong>alice@example.com</strong>." in page
    assert "Change the address" in page


def test_change_sent_after_the_proof_has_ended_is_not_lost(
    client: Client, member: User
) -> None:
    response = client.post(EMAIL, MOVE)
    client.post(response["Location"], {"password": PASSWORD})
    assert newest_letter()[0] == "moved@example.com"


def test_change_needs_the_new_address_to_be_confirmed(
    client: Client, member: User
) -> None:
    client.post(AGAIN, {"password": PASSWORD})
    client.post(EMAIL, MOVE)
    page = client.get(EMAIL).content.decode()
    assert "<strong>moved@example.com</strong> waits to be confirmed." in page
    member.refresh_from_db()
    assert member.email == "alice@example.com"
    to, _, text = newest_letter()
    assert to == "moved@example.com"
    client.post(link_in(text))
    member.refresh_from_db()
    assert member.email == "moved@example.com"
    told = Letter.objects.get(to="alice@example.com")
    assert told.subject == "Keyfob: Your e-mail address was changed"


def test_proof_of_the_password_lasts_five_minutes(client: Client, member: User) -> None:
    client.post(AGAIN, {"password": PASSWORD})
    assert client.post(EMAIL, MOVE)["Location"] == EMAIL
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        response = client.post(EMAIL, {**MOVE, "email": "third@example.com"})
    assert response["Location"].startswith(AGAIN)


def test_proof_that_renews_the_hash_keeps_the_session(
    client: Client, member: User, settings: Settings
) -> None:
    old = member.password
    newer = "django.contrib.auth.hashers.PBKDF2PasswordHasher"
    settings.PASSWORD_HASHERS = [newer, *settings.PASSWORD_HASHERS]
    client.post(AGAIN, {"password": PASSWORD})
    member.refresh_from_db()
    assert member.password != old
    assert client.post(EMAIL, MOVE)["Location"] == EMAIL
    key = client.session.session_key
    assert UserSession.objects.filter(user=member, session_key=key).exists()


def test_address_of_another_member_cannot_be_taken(
    client: Client, member: User
) -> None:
    make_member("bob@example.com")
    client.post(AGAIN, {"password": PASSWORD})
    client.post(EMAIL, {**MOVE, "email": "bob@example.com"})
    link = link_in(newest_letter()[2])
    words = "bob@example.com belongs to another account already."
    assert words in client.get(link).content.decode()
    client.post(link)
    member.refresh_from_db()
    assert member.email == "alice@example.com"


def test_change_can_be_called_off(client: Client, member: User) -> None:
    client.post(AGAIN, {"password": PASSWORD})
    client.post(EMAIL, MOVE)
    client.post(EMAIL, {"email": "moved@example.com", "action_remove": ""})
    page = client.get(EMAIL).content.decode()
    assert "moved@example.com is removed." in page
    assert "waits to be confirmed" not in page
