"""The forms of the sign-in pages name their fields as all pages do."""

import re

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from tests.accounts.signing_in import (
    just_signed_in,
    link_in,
    make_member,
    newest_letter,
    sign_in,
)
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db

RESET = "/accounts/password/reset/"
AGAIN = "/accounts/reauthenticate/"
NEW = ["New password", "New password again"]


def labels(client: Client, address: str) -> list[str]:
    """Return the labels of the page's form; no field may have a hint inside."""
    text = client.get(address, follow=True).content.decode()
    assert "placeholder=" not in text
    return re.findall(r"<label[^>]*>([^<]*)</label>", text)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/accounts/login/", ["E-mail address", "Password"]),
        ("/accounts/signup/", ["E-mail address", "Password", "Password again"]),
        (RESET, ["E-mail address"]),
        (
            "/welcome",
            ["One-time code", "E-mail address", "Password", "Password again"],
        ),
    ],
)
def test_form_before_the_sign_in_uses_our_words(
    client: Client, settings: Settings, address: str, expected: list[str]
) -> None:
    settings.SIGNUP_OPEN = True
    assert labels(client, address) == expected


def test_form_of_a_member_uses_our_words(client: Client) -> None:
    make_member("alice@example.com")
    sign_in(client, "alice@example.com")
    change = labels(client, "/accounts/password/change/")
    assert change == ["Current password", *NEW]
    assert labels(client, AGAIN) == ["Password"]
    client.post(AGAIN, {"password": PASSWORD})
    assert labels(client, "/accounts/email/") == ["New e-mail address"]


def test_form_of_the_first_password_uses_our_words(client: Client) -> None:
    user = User.objects.create_user("charlie@example.com")
    client.force_login(user)
    just_signed_in(client, user)
    found = labels(client, "/accounts/password/set/")
    assert found == ["Password", "Password again"]


def test_form_behind_a_letters_link_uses_our_words(client: Client) -> None:
    make_member("alice@example.com")
    client.post(RESET, {"email": "alice@example.com"})
    assert labels(client, link_in(newest_letter()[2])) == NEW
