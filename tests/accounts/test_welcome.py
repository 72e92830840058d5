"""The page that makes the owner."""

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.auth.signals import user_logged_in
from django.test import Client

from accounts.models import User
from accounts.services.owner import make_owner, new_owner_code
from tests.accounts.signing_in import CONSOLE, error_words, signed_in
from tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db

WELCOME = "/welcome"


def _fields(**changes: str) -> dict[str, str]:
    fields = {
        "code": new_owner_code() or "",
        "email": "owner@example.com",
        "password1": PASSWORD,
        "password2": PASSWORD,
    }
    return fields | changes


def test_welcome_makes_the_owner_and_signs_them_in(client: Client) -> None:
    page = client.get(WELCOME).content.decode()
    assert "<h1>Welcome to your Keyfob</h1>" in page
    response = client.post(WELCOME, _fields())
    assert (response.status_code, response["Location"]) == (302, CONSOLE)
    assert signed_in(client)
    user = User.objects.get()
    assert (user.email, user.is_superuser) == ("owner@example.com", True)


def test_who_is_signed_in_as_somebody_else_becomes_the_owner(client: Client) -> None:
    client.force_login(make_user("alice@example.com"))
    assert client.post(WELCOME, _fields())["Location"] == CONSOLE
    owner = User.objects.get(is_superuser=True)
    assert client.session["_auth_user_id"] == str(owner.pk)
    [noted] = UserSession.objects.filter(user=owner)
    assert noted.session_key == client.session.session_key


def test_code_outlives_a_sign_in_that_fails(client: Client) -> None:
    def fail(**_kwargs: object) -> None:
        raise ConnectionError

    fields = _fields()
    user_logged_in.connect(fail)
    try:
        with pytest.raises(ConnectionError):
            client.post(WELCOME, fields)
    finally:
        user_logged_in.disconnect(fail)
    assert not User.objects.exists()
    assert client.post(WELCOME, fields)["Location"] == CONSOLE


def test_welcome_is_over_when_the_owner_exists(client: Client) -> None:
    fields = _fields()
    make_owner(fields["code"], "owner@example.com", PASSWORD)
    for response in (client.get(WELCOME), client.post(WELCOME, fields)):
        assert (response.status_code, response["Location"]) == (302, "/accounts/login/")
    assert User.objects.count() == 1


def test_welcome_refuses_a_wrong_code(client: Client) -> None:
    response = client.post(WELCOME, _fields(code="AAAA-AAAA-AAAA-AAAA"))
    words = error_words(response)
    assert len(words) == 1
    assert words[0].startswith("This is not the newest code")
    assert PASSWORD not in response.content.decode()
    assert not User.objects.exists()


def test_welcome_refuses_the_address_of_a_member(client: Client) -> None:
    make_user("owner@example.com")
    assert error_words(client.post(WELCOME, _fields())) == [
        "An account with this address exists already."
    ]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"password2": "another password"}, "The two passwords are not alike."),
        ({"password1": "short", "password2": "short"}, "This password is too short"),
        ({"password1": "keyfob123456", "password2": "keyfob123456"}, "easily guessed"),
        ({"email": "nonsense"}, "Enter a valid email address."),
        ({"code": ""}, "This field is required."),
        ({"password1": ""}, "This field is required."),
        ({"password2": ""}, "This field is required."),
        ({"code": "\x00"}, "Null characters are not allowed."),
    ],
)
def test_welcome_says_what_is_wrong(
    client: Client, changes: dict[str, str], words: str
) -> None:
    response = client.post(WELCOME, _fields(**changes))
    assert response.status_code == 200
    assert any(words in said for said in error_words(response))
    assert not User.objects.exists()


def test_welcome_takes_a_password_exactly(client: Client) -> None:
    password = "  with blanks around 🔑  "
    client.post(WELCOME, _fields(password1=password, password2=password))
    assert User.objects.get().check_password(password)


def test_welcome_needs_the_csrf_token() -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.post(WELCOME, _fields()).status_code == 403
    assert not User.objects.exists()


def test_welcome_knows_no_other_method(client: Client) -> None:
    assert client.delete(WELCOME).status_code == 405
