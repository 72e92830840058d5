"""Making an account: closed, open, and for an address that has one."""

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import Letter, User
from tests.accounts.signing_in import (
    error_words,
    link_in,
    make_member,
    newest_letter,
    sign_in,
    signed_in,
)
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db

SIGNUP = "/accounts/signup/"


def _fields(email: str, password: str = PASSWORD, **extra: str) -> dict[str, str]:
    return {"email": email, "password1": password, "password2": password, **extra}


def test_signup_is_closed_unless_a_setting_opens_it(client: Client) -> None:
    page = client.get(SIGNUP).content.decode()
    assert "<h1>Sign-up is closed</h1>" in page
    page = client.post(SIGNUP, _fields("bob@example.com")).content.decode()
    assert "<h1>Sign-up is closed</h1>" in page
    assert not User.objects.exists()
    assert SIGNUP not in client.get("/accounts/login/").content.decode()


def test_signup_makes_a_member_who_confirms_the_address(
    client: Client, settings: Settings
) -> None:
    settings.SIGNUP_OPEN = True
    assert SIGNUP in client.get("/accounts/login/").content.decode()
    assert "<h1>Make an account</h1>" in client.get(SIGNUP).content.decode()
    response = client.post(SIGNUP, _fields("Bob@Example.com"))
    assert response["Location"] == "/accounts/confirm-email/"
    assert "Confirm your address" in client.get(response["Location"]).content.decode()
    assert not signed_in(client)
    to, subject, text = newest_letter()
    assert (to, subject) == ("bob@example.com", "Keyfob: Confirm your e-mail address")
    link = link_in(text)
    assert "<strong>bob@example.com</strong>" in client.get(link).content.decode()
    client.post(link)
    sign_in(client, "bob@example.com")
    assert signed_in(client)


def test_signup_by_a_known_address_answers_alike_and_tells_its_owner(
    settings: Settings,
) -> None:
    settings.SIGNUP_OPEN = True
    make_member("alice@example.com")
    answers = []
    for email in ("alice@example.com", "bob@example.com"):
        response = Client().post(SIGNUP, _fields(email))
        answers.append((response.status_code, response["Location"], response.content))
    assert answers[0] == answers[1]
    assert User.objects.count() == 2
    letter = Letter.objects.get(to="alice@example.com")
    assert letter.subject == "Keyfob: You have an account already"


def test_signup_takes_no_rank_from_the_form(client: Client, settings: Settings) -> None:
    settings.SIGNUP_OPEN = True
    extra = {"is_staff": "1", "is_superuser": "on", "is_active": "0", "name": "x"}
    client.post(SIGNUP, _fields("bob@example.com", **extra))
    user = User.objects.get()
    assert (user.is_staff, user.is_superuser, user.is_active) == (False, False, True)
    assert user.name == ""


def test_signup_refuses_guessable_passwords(client: Client, settings: Settings) -> None:
    settings.SIGNUP_OPEN = True
    response = client.post(SIGNUP, _fields("bob@example.com", "teslemetry123456"))
    assert len(error_words(response)) == 1
    assert not User.objects.exists()


def test_confirmation_link_that_is_made_up_is_refused(client: Client) -> None:
    page = client.get("/accounts/confirm-email/nonsense/").content.decode()
    assert "This link is not valid or too old." in page
