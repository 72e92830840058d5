"""The account page and the preferences on it."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User

pytestmark = pytest.mark.django_db


def test_account_shows_the_person_and_the_way_out(
    client_of: Callable[[User], Client], alice: User
) -> None:
    page = client_of(alice).get("/console/account").content.decode()
    assert "alice@example.com" in page
    assert "Member" in page
    assert 'action="/accounts/logout/"' in page
    assert "Letters" not in page


def test_account_leads_the_owner_to_the_letters(
    client_of: Callable[[User], Client], owner: User
) -> None:
    page = client_of(owner).get("/console/account").content.decode()
    assert "Owner of this Keyfob" in page
    assert 'href="/console/letters"' in page


def test_account_of_a_stranger_leads_to_the_sign_in(client: Client) -> None:
    response = client.get("/console/account")
    assert response.status_code == 302
    assert response["Location"] == "/accounts/login/?next=/console/account"


@pytest.mark.parametrize("units", ["", "metric", "imperial"])
def test_preferences_store_the_units(
    client_of: Callable[[User], Client], alice: User, units: str
) -> None:
    User.objects.filter(pk=alice.pk).update(units="metric", name="Alice renamed")
    response = client_of(alice).post("/console/preferences", {"units": units})
    assert response["Location"] == "/console/account"
    alice.refresh_from_db()
    assert (alice.units, alice.name) == (units, "Alice renamed")


def test_preferences_refuse_unknown_units(
    client_of: Callable[[User], Client], alice: User
) -> None:
    response = client_of(alice).post("/console/preferences", {"units": "furlongs"})
    assert response.status_code == 422
    assert "furlongs is not one of the available choices" in response.content.decode()
    alice.refresh_from_db()
    assert alice.units == ""


def test_preferences_take_only_posts_of_who_is_signed_in(
    client_of: Callable[[User], Client], client: Client, alice: User
) -> None:
    assert client_of(alice).get("/console/preferences").status_code == 405
    assert client.post("/console/preferences", {"units": "metric"}).status_code == 302
