"""The operator's door: staff alone, with a second factor, and not left open."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path
from django.utils import timezone
from pytest_django import Settings

from accounts.admin_door import OperatorSite
from accounts.models import User
from accounts.services.members import prove_address
from console.urls import urlpatterns as _console
from tests.accounts.factors import code_now, set_up_app
from tests.accounts.signing_in import make_member, sign_in

pytestmark = pytest.mark.django_db

site = OperatorSite(name="admin")


def _page(request: HttpRequest) -> HttpResponse:
    return HttpResponse("the operator's page")


urlpatterns = [
    path("admin/page/", site.admin_view(_page)),
    path("admin/", include((site.get_urls(), "admin"))),
    *_console,
]
PAGE = "/admin/page/"
DOOR = "/admin/login/?next=/admin/page/"
SECRET_WORD = "correct horse battery"


@pytest.fixture(autouse=True)
def _mounted(settings: Settings) -> Iterator[None]:
    """Mount the operator's site."""
    settings.ROOT_URLCONF = __name__
    return iter([None])


@pytest.fixture
def staff(owner: User) -> User:
    """Return the owner, who can sign in by password."""
    prove_address(owner)
    return owner


def enter(client: Client) -> None:
    """Sign the owner in with password and code."""
    sign_in(client, "owner@example.com", SECRET_WORD)
    client.post("/accounts/2fa/authenticate/", {"code": code_now()})


def test_stranger_is_led_to_the_sign_in_page(client: Client) -> None:
    assert client.get(PAGE)["Location"] == DOOR
    there = client.get(DOOR)["Location"]
    assert there == "/accounts/login/?next=%2Fadmin%2Fpage%2F"


def test_no_password_is_tried_at_the_admin_s_own_door(
    client: Client, staff: User
) -> None:
    fields = {"username": "owner@example.com", "password": SECRET_WORD}
    answers = [client.post(DOOR, fields) for _ in range(20)]
    assert {answer.status_code for answer in answers} == {302}
    assert client.get(PAGE)["Location"] == DOOR
    login = {"login": "owner@example.com", "password": "wrong password"}
    statuses = [client.post("/accounts/login/", login).status_code for _ in range(31)]
    assert statuses[-1] == 429


def test_member_is_refused(client: Client) -> None:
    make_member("alice@example.com")
    sign_in(client, "alice@example.com")
    assert client.get(DOOR).status_code == 403


def test_staff_without_a_second_factor_is_led_to_set_one_up(
    client: Client, staff: User
) -> None:
    sign_in(client, "owner@example.com", SECRET_WORD)
    assert client.get(PAGE)["Location"] == DOOR
    answer = client.get(DOOR, follow=True)
    assert answer.redirect_chain == [("/accounts/2fa/", 302)]
    assert "open only with a second factor" in answer.content.decode()


def test_staff_with_a_second_factor_comes_in(client: Client, staff: User) -> None:
    set_up_app(staff)
    enter(client)
    assert client.get(PAGE).content == b"the operator&#x27;s page".replace(
        b"&#x27;", b"'"
    )
    assert client.get(DOOR)["Location"] == "/admin/"


def test_page_closes_after_half_an_hour_out_of_use(client: Client, staff: User) -> None:
    set_up_app(staff)
    begun_at = timezone.now()
    enter(client)
    seen = []
    for minutes in (1, 25, 50, 85):
        with time_machine.travel(begun_at + timedelta(minutes=minutes)):
            seen.append(client.get(PAGE).status_code)
    assert seen == [200, 200, 200, 302]
    with time_machine.travel(begun_at + timedelta(minutes=85)):
        there = client.get(DOOR)["Location"]
        assert there == "/accounts/reauthenticate/?next=%2Fadmin%2Fpage%2F"
        client.post(there, {"password": SECRET_WORD})
        assert client.get(PAGE).status_code == 200


def test_session_that_never_gave_the_factor_is_asked_for_it(
    client: Client, staff: User
) -> None:
    sign_in(client, "owner@example.com", SECRET_WORD)
    set_up_app(staff)
    assert client.get(PAGE)["Location"] == DOOR
    there = client.get(DOOR)["Location"]
    assert there == "/accounts/2fa/reauthenticate/?next=%2Fadmin%2Fpage%2F"
    assert client.post(there, {"code": code_now()})["Location"] == PAGE
    assert client.get(PAGE).status_code == 200


def test_who_has_a_passkey_alone_is_asked_for_it(client: Client, staff: User) -> None:
    sign_in(client, "owner@example.com", SECRET_WORD)
    Authenticator.objects.create(user=staff, type="webauthn", data={})
    there = client.get(DOOR)["Location"]
    assert there == "/accounts/2fa/webauthn/reauthenticate/?next=%2Fadmin%2Fpage%2F"


def test_no_password_is_tried_at_the_admin_s_page_of_changing_it(
    client: Client, staff: User
) -> None:
    set_up_app(staff)
    enter(client)
    fields = {"old_password": SECRET_WORD, "new_password1": "x", "new_password2": "x"}
    for name in ("password_change/", "password_change/done/"):
        answer = client.post(f"/admin/{name}", fields)
        assert answer["Location"] == "/accounts/password/change/"


def test_suspended_staff_is_out(client: Client, staff: User) -> None:
    set_up_app(staff)
    enter(client)
    User.objects.update(is_active=False)
    assert client.get(PAGE)["Location"] == DOOR
