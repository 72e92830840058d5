"""The page of deletion, the way through it, and the goodbye."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import User
from console.models import Deletion
from console.services import deletions
from simulator.testing import RunningSimulator
from tests.console.leaving import finish
from tests.factories import make_bare_grant, make_energy_site, make_vehicle
from tests.fixtures.tesla import MakeGrant
from tests.tokens.helpers import fresh_client
from tokens.models import TeslaGrant
from tokens.services import access_tokens, grants
from vehicles.services import vehicles

ClientOf = Callable[[User], Client]
Rung = Callable[[], list[tuple[str, list[object]]]]
PAGE = "/console/delete"
PHRASE = {"phrase": " Delete  my ACCOUNT "}
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"

pytestmark = pytest.mark.django_db


def test_page_explains_what_happens_to_whom(
    client_of: ClientOf, alice: User, bob: User
) -> None:
    grant = make_bare_grant(alice)
    make_vehicle(grant)
    make_vehicle(grant, vin="5YJ3E1EA4PF000002", name="Luna")
    make_vehicle(make_bare_grant(bob), access_type="DRIVER")
    make_energy_site(grant, name="Home")
    access_tokens.issue(alice, "evcc")
    page = client_of(alice).get(PAGE).content.decode()
    assert "Your 1 access token ends within a second" in page
    assert "Red · goes on for another member" in page
    assert "Luna · stopped" in page
    assert "energy sites (Home), readings" in page
    assert 'href="/console/export"' in page
    assert "A receipt is mailed to alice@example.com" in page
    assert "the bin beside keyfob.example.com" in page
    assert "You own this Keyfob" not in page


def test_page_of_an_empty_account_and_of_the_owner(
    client_of: ClientOf, owner: User
) -> None:
    page = client_of(owner).get(PAGE).content.decode()
    assert "You own this Keyfob" in page
    assert "You have no cars here" in page
    assert "You have no access tokens" in page


@pytest.mark.django_db(transaction=True)
def test_worker_who_is_quick_spoils_nothing(alice: User, eager: None) -> None:
    answer = fresh_client(alice).post(PAGE, PHRASE)
    assert answer["Location"].startswith("/goodbye/")
    assert not User.objects.exists()
    assert Deletion.objects.get().done_at is not None


@pytest.mark.parametrize("cars", [1, 5])
def test_page_costs_the_same_queries(
    alice: User, client_of: ClientOf, cars: int, django_assert_max_num_queries: Any
) -> None:
    grant = make_bare_grant(alice)
    for number in range(cars):
        make_vehicle(grant, vin=f"5YJ3E1EA4PF00000{number}", name=f"Car {number}")
    client = client_of(alice)
    client.get(PAGE)
    with django_assert_max_num_queries(10):
        client.get(PAGE)


def test_dashboard_ends_with_the_way_out(client_of: ClientOf, alice: User) -> None:
    page = client_of(alice).get("/console/").content.decode()
    assert page.index("Read and delete") > page.index('id="scopes"')
    account = client_of(alice).get("/console/account").content.decode()
    assert f'href="{PAGE}"' in account


def test_stranger_is_sent_to_the_sign_in(client: Client) -> None:
    for ask in (client.get, client.post):
        answer = ask(PAGE)
        assert (answer.status_code, answer["Location"]) == (
            302,
            f"/accounts/login/?next={PAGE}",
        )


def test_delete_needs_the_phrase(alice: User) -> None:
    client = fresh_client(alice)
    for phrase in ("", "delete", "delete my accounts"):
        answer = client.post(PAGE, {"phrase": phrase})
        assert answer.status_code == 422
        assert "Delete your account" in answer.content.decode()
    assert Deletion.objects.count() == 0


def test_delete_asks_who_it_is_after_five_minutes(alice: User) -> None:
    client = fresh_client(alice)
    assert 'name="phrase"' in client.get(PAGE).content.decode()
    with time_machine.travel(timezone.now().timestamp() + 301):
        assert 'name="phrase"' not in client.get(PAGE).content.decode()
        for answer in (client.post(PAGE, PHRASE), client.get(f"{PAGE}?prove=1")):
            assert answer.status_code == 302
            assert answer["Location"].startswith("/accounts/reauthenticate/?next=")
        assert client.get(answer["Location"]).status_code == 200
    assert Deletion.objects.count() == 0


def test_delete_sends_who_has_no_password_to_tesla(
    alice: User, client_of: ClientOf
) -> None:
    alice.set_unusable_password()
    alice.save()
    page = client_of(alice).get(f"{PAGE}?prove=1", follow=True).content.decode()
    assert "Sign in with Tesla" in page
    (wanted,) = re.findall(r'name="next" value="([^"]+)"', page)
    assert parse_qs(urlsplit(wanted).query)["next"] == ["/console/delete#confirm"]


def test_delete_begins_signs_out_and_says_goodbye(alice: User, rung: Rung) -> None:
    make_vehicle(make_bare_grant(alice))
    client, elsewhere = fresh_client(alice), fresh_client(alice)
    answer = client.post(PAGE, PHRASE)
    deletion = Deletion.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/goodbye/{deletion.pk}")
    for one in (client, elsewhere):
        assert one.get("/console/").status_code == 302
    page = client.get(answer["Location"]).content.decode()
    assert "Your account is being deleted" in page
    assert "revoke_client_id=keyfob-test" in page
    assert "alice" not in page.lower()
    assert "Red" not in page
    alice.refresh_from_db()
    assert alice.is_active is False


@pytest.mark.django_db(transaction=True)
def test_delete_rings_for_a_worker_and_twice_is_once(alice: User, rung: Rung) -> None:
    client, again = fresh_client(alice), fresh_client(alice)
    client.post(PAGE, PHRASE)
    again.post(PAGE, PHRASE)
    deletion = Deletion.objects.get()
    assert rung() == [("console.tasks.delete", [str(deletion.pk)])]


def test_goodbye_follows_until_it_is_done(alice: User, client: Client) -> None:
    deletion = deletions.ask(alice, Deletion.Kind.ACCOUNT)
    address = f"/goodbye/{deletion.pk}"
    assert "every 2s" in client.get(address).content.decode()
    Deletion.objects.update(failures=1, last_error="Tesla does not answer")
    page = client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "Tesla does not answer. Keyfob tries again by itself" in page
    assert "<html" not in page
    finish(deletion)
    page = client.get(address).content.decode()
    assert "Your account is deleted" in page
    assert "every 2s" not in page


def test_goodbye_to_several_cars_is_one_line(
    alice: User, client: Client, registered: RunningSimulator
) -> None:
    grant = make_bare_grant(alice)
    make_vehicle(grant)
    make_vehicle(grant, vin="5YJ3E1EA4PF000002", name="Luna")
    deletion = finish(deletions.ask(alice, Deletion.Kind.ACCOUNT))
    page = client.get(f"/goodbye/{deletion.pk}").content.decode()
    assert page.count("Fleet Telemetry stopped at Tesla") == 1
    assert "cars: 2" in page


def test_goodbye_shows_accounts_alone(alice: User, client: Client) -> None:
    grant = make_bare_grant(alice)
    make_bare_grant(alice)
    deletion = deletions.ask(alice, Deletion.Kind.GRANT, str(grant.pk))
    assert client.get(f"/goodbye/{deletion.pk}").status_code == 404


def test_person_of_a_deleted_account_begins_anew_with_tesla(
    alice: User, make_grant: MakeGrant, registered: RunningSimulator
) -> None:
    grant = make_grant(alice)
    sub = grant.tesla_sub
    vehicles.sync(grant, grants.client_for(grant))
    finish(deletions.ask(alice, Deletion.Kind.ACCOUNT))
    newcomer = User.objects.create_user("alice@example.com")
    again = make_grant(newcomer)
    assert (again.tesla_sub, again.pk == grant.pk) == (sub, False)
    assert TeslaGrant.objects.get().user == newcomer
