"""The page of scopes: what is granted, what is missing, and how to change it."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import User
from tests.factories import SCOPES, make_bare_grant
from tests.tokens.helpers import ClientOf, change

ADDRESS = "/console/scopes"


def test_page_without_a_grant_teaches(alice: User, client_of: ClientOf) -> None:
    page = client_of(alice).get(ADDRESS).content.decode()
    assert "Nothing is granted yet" in page
    assert "Link a Tesla account" in page


def test_page_tells_granted_and_missing_with_what_they_open(
    alice: User, client_of: ClientOf
) -> None:
    make_bare_grant(alice, scopes=("openid", "vehicle_device_data", "email"))
    page = client_of(alice).get(ADDRESS).content.decode()
    assert page.count('class="tag ok"') == 3
    assert page.count('class="tag no"') == len(settings.TESLA_SCOPES) - 2
    assert "Shows where your cars are and where they are heading." in page
    assert (
        f"{len(settings.TESLA_SCOPES) - 2} of the scopes that Keyfob asks for" in page
    )
    assert "E-mail address" in page


def test_page_of_a_full_grant_offers_to_refresh(
    alice: User, client_of: ClientOf
) -> None:
    make_bare_grant(alice)
    page = client_of(alice).get(ADDRESS).content.decode()
    assert page.count('class="tag ok"') == len(SCOPES)
    assert 'class="tag no"' not in page
    assert "are missing" not in page
    assert "Refresh by signing in again" in page
    assert "Link another Tesla account" in page


def test_change_leads_to_tesla_and_back(alice: User, client_of: ClientOf) -> None:
    make_bare_grant(alice)
    answer = client_of(alice).get(ADDRESS)
    address = urlsplit(answer.context["change_url"])
    assert answer.context["change_url"].replace("&", "&amp;") in answer.content.decode()
    assert parse_qs(address.query) == {
        "revoke_client_id": [settings.TESLA_CLIENT_ID],
        "back_url": [f"{settings.PUBLIC_URL}{ADDRESS}"],
    }


def test_page_says_when_a_link_must_be_made_again(
    alice: User, client_of: ClientOf
) -> None:
    grant = make_bare_grant(alice)
    client = client_of(alice)
    assert b"Link again" not in client.get(ADDRESS).content
    change(grant, state="needs_relink", last_error="Tesla has ended it")
    page = client.get(ADDRESS).content
    assert b"Link this account again." in page
    assert b"Link again" in page
    assert b"Tesla has ended it. Until then" in page


def test_page_shows_names_from_tesla_as_text(alice: User, client_of: ClientOf) -> None:
    odd = "<img src=x onerror=alert(1)>"
    change(make_bare_grant(alice), tesla_name=odd, tesla_email="a@example.com")
    page = client_of(alice).get(ADDRESS).content.decode()
    assert odd not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert "a@example.com" in page


def test_page_shows_one_s_own_grants_alone(
    alice: User, charlie: User, client_of: ClientOf
) -> None:
    change(make_bare_grant(alice), tesla_email="secret@example.com")
    assert b"secret@example.com" in client_of(alice).get(ADDRESS).content
    assert b"secret@example.com" not in client_of(charlie).get(ADDRESS).content


def test_page_wants_a_sign_in(db: None) -> None:
    assert Client().get(ADDRESS)["Location"] == f"/accounts/login/?next={ADDRESS}"


def test_page_shows_no_token(alice: User, client_of: ClientOf) -> None:
    grant = make_bare_grant(alice)
    change(grant, refresh_token_sealed="v1:t1:AAAA", tesla_access_token_sealed="v1:B")
    page = client_of(alice).get(ADDRESS).content.decode()
    assert "v1:" not in page


@pytest.mark.parametrize("rows", [1, 3])
def test_page_costs_the_same_queries(
    alice: User,
    client_of: ClientOf,
    rows: int,
    django_assert_max_num_queries: object,
) -> None:
    for _ in range(rows):
        make_bare_grant(alice)
    client = client_of(alice)
    assert callable(django_assert_max_num_queries)
    with django_assert_max_num_queries(5):
        client.get(ADDRESS)
