"""The way back from Tesla: who may sign in, what is stored, and what is refused."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from celery import Celery
from django.conf import settings
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import User
from console.celery import app
from simulator.testing import RunningSimulator
from tests.factories import SCOPES
from tests.tokens.helpers import ClientOf, MakeGrant, fresh_client
from tokens.models import TeslaGrant
from tokens.services import fleet_app

CALLBACK = "/accounts/tesla/callback"


Rung = Callable[[], list[tuple[str, list[object]]]]


@pytest.fixture(autouse=True)
def _tesla(registered: RunningSimulator) -> None:
    """Have a Tesla that knows our application."""


@pytest.fixture
def _open(settings: Settings) -> None:
    """Let new members in."""
    settings.SIGNUP_OPEN = True


def _go(client: Client, purpose: str = "sign_in", **fields: str) -> str:
    """Set out; return the address at Tesla."""
    fields["purpose"] = purpose
    location: str = client.post("/accounts/tesla/sign-in", fields)["Location"]
    return location


def _callback(
    simulator: RunningSimulator,
    client: Client,
    person: str = "alice@example.com",
    *,
    purpose: str = "sign_in",
    **more: Any,
) -> str:
    """Set out and agree at Tesla; return path and query of the way back."""
    back = urlsplit(simulator.follow(_go(client, purpose), person, **more))
    assert back.path == CALLBACK
    return f"{back.path}?{back.query}"


def _says(answer: Any, status: int, title: str) -> None:
    assert answer.status_code == status
    assert f"<h1>{title}</h1>" in answer.content.decode()
    assert TeslaGrant.objects.count() == 0


def test_callback_address_is_what_tesla_is_told() -> None:
    assert reverse("tokens:tesla_callback") == fleet_app.CALLBACK_PATH


@pytest.mark.usefixtures("_open")
def test_stranger_becomes_a_member_and_is_signed_in(
    simulator: RunningSimulator, rung: Rung
) -> None:
    client = Client()
    answer = client.get(_callback(simulator, client))
    assert (answer.status_code, answer["Location"]) == (302, "/console/")
    grant = TeslaGrant.objects.select_related("user").get()
    member = grant.user
    assert (member.email, member.is_staff) == ("alice@example.com", False)
    assert member.has_usable_password() is False
    assert client.session["_auth_user_id"] == str(member.pk)
    assert set(grant.scopes) == set(SCOPES)
    assert (grant.region, grant.state) == ("na", "active")
    assert rung() == [(name, [str(grant.pk)]) for name in settings.AFTER_LINK_TASKS]


def test_queue_that_is_away_does_not_stop_the_link(
    simulator: RunningSimulator, alice: User, caplog: pytest.LogCaptureFixture
) -> None:
    away = Celery("away", broker="redis://127.0.0.1:9/0", set_as_current=False)
    away.conf.task_publish_retry = False
    client = fresh_client(alice)
    back = _callback(simulator, client, purpose="link")
    away.set_current()
    try:
        answer = client.get(back)
    finally:
        app.set_current()
    assert answer.status_code == 302
    assert TeslaGrant.objects.get().user == alice
    assert "The queue is away" in caplog.text


@pytest.mark.usefixtures("_open")
def test_session_key_changes_at_sign_in(simulator: RunningSimulator) -> None:
    client = Client()
    back = _callback(simulator, client)
    before = client.session.session_key
    client.get(back)
    assert client.session.session_key != before


def test_stranger_is_turned_away_when_sign_up_is_closed(
    simulator: RunningSimulator,
) -> None:
    client = Client()
    answer = client.get(_callback(simulator, client))
    _says(answer, 403, "Nobody here has this Tesla account")
    assert User.objects.count() == 0
    assert "_auth_user_id" not in client.session


@pytest.mark.usefixtures("_open")
def test_address_of_another_login_is_no_way_in(
    simulator: RunningSimulator, alice: User
) -> None:
    client = Client()
    answer = client.get(_callback(simulator, client))
    _says(answer, 409, "A login with your e-mail address exists")
    assert "_auth_user_id" not in client.session


def test_known_tesla_account_signs_its_user_in(
    simulator: RunningSimulator, charlie: User, make_grant: MakeGrant
) -> None:
    # Charlie linked Alice's Tesla account: `sub` decides, not the e-mail address.
    grant = make_grant(charlie)
    client = Client()
    answer = client.get(_callback(simulator, client))
    assert answer.status_code == 302
    assert client.session["_auth_user_id"] == str(charlie.pk)
    assert TeslaGrant.objects.get().pk == grant.pk


def test_disabled_user_stays_outside(
    simulator: RunningSimulator, alice: User, make_grant: MakeGrant
) -> None:
    grant = make_grant(alice)
    User.objects.update(is_active=False)
    client = Client()
    answer = client.get(_callback(simulator, client))
    assert answer.status_code == 403
    assert b"This login is disabled" in answer.content
    assert TeslaGrant.objects.get().generation == grant.generation
    assert "_auth_user_id" not in client.session


def test_signed_in_user_links_two_accounts(
    simulator: RunningSimulator, alice: User, rung: Rung
) -> None:
    client = fresh_client(alice)
    for person in ("alice@example.com", "bob@example.com"):
        answer = client.get(_callback(simulator, client, person, purpose="link"))
        assert (answer.status_code, answer["Location"]) == (302, "/console/scopes")
    linked = TeslaGrant.objects.filter(user=alice).order_by("linked_at")
    assert [grant.region for grant in linked] == ["na", "eu"]
    assert len(rung()) == 4


def test_account_of_another_login_is_refused_with_help(
    simulator: RunningSimulator, alice: User, bob: User, make_grant: MakeGrant
) -> None:
    grant = make_grant(alice)
    client = fresh_client(bob)
    answer = client.get(_callback(simulator, client, purpose="link"))
    assert answer.status_code == 409
    assert b"linked to another login" in answer.content
    assert b"alice" not in answer.content
    assert TeslaGrant.objects.get().user_id == alice.pk
    assert TeslaGrant.objects.get().generation == grant.generation
    assert client.session["_auth_user_id"] == str(bob.pk)


def test_fewer_scopes_are_recorded(simulator: RunningSimulator, alice: User) -> None:
    client = fresh_client(alice)
    ticked = ("openid", "offline_access", "vehicle_device_data")
    answer = client.get(_callback(simulator, client, purpose="link", scopes=ticked))
    assert answer.status_code == 302
    assert set(TeslaGrant.objects.get().scopes) == set(ticked)


def test_person_who_does_not_say_who_they_are_is_asked_to(
    simulator: RunningSimulator,
) -> None:
    client = Client()
    ticked = ("offline_access", "vehicle_device_data")
    answer = client.get(_callback(simulator, client, scopes=ticked))
    _says(answer, 400, "Tesla did not say who you are")


def test_linking_again_proves_who_has_no_other_way(
    simulator: RunningSimulator,
    alice: User,
    client_of: ClientOf,
    make_grant: MakeGrant,
) -> None:
    make_grant(alice)
    client = client_of(alice)
    for purpose in ("scopes", "again"):
        client.get(_callback(simulator, client, purpose=purpose))
        assert "account_authentication_methods" not in client.session
    alice.set_unusable_password()
    alice.save()
    client = client_of(alice)
    client.get(_callback(simulator, client, purpose="again"))
    (record,) = client.session["account_authentication_methods"]
    assert (record["provider"], record["reauthenticated"]) == ("tesla", True)


@pytest.mark.parametrize("purpose", ["again", "scopes", "sign_in"])
def test_new_account_is_no_way_in_for_whoever_finds_a_session_open(
    simulator: RunningSimulator,
    alice: User,
    client_of: ClientOf,
    make_grant: MakeGrant,
    purpose: str,
) -> None:
    mine = make_grant(alice)
    client = client_of(alice)
    answer = client.get(
        _callback(simulator, client, "bob@example.com", purpose=purpose)
    )
    assert answer.status_code == 403
    assert "Nothing was stored" in answer.content.decode()
    assert TeslaGrant.objects.get() == mine
    assert "account_authentication_methods" not in client.session
