"""The page of scopes: what is granted, what is missing, and how to change it."""

from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import User
from tests.factories import SCOPES, make_bare_grant, make_user
from tests.tokens.helpers import ClientOf, change, proved
from tokens.models import TeslaGrant
from tokens.services import spool

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


def test_unlink_asks_first_and_then_unlinks(alice: User, client_of: ClientOf) -> None:
    grant = make_bare_grant(alice)
    spool.put(grant, spool.Pair("a", "r", grant.linked_at))
    client, address = client_of(alice), f"{ADDRESS}/{grant.pk}/unlink"
    assert client.post(address)["Location"].startswith("/accounts/reauthenticate/")
    proved(client)
    assert b"The virtual key stays on your cars" in client.get(address).content
    assert TeslaGrant.objects.count() == 1
    answer = client.post(address)
    assert (answer.status_code, answer["Location"]) == (302, ADDRESS)
    assert TeslaGrant.objects.count() == 0
    assert grant.pk not in spool.waiting()
    assert b"is unlinked" in client.get(ADDRESS).content


def test_unlink_keeps_the_only_way_to_sign_in(client_of: ClientOf, db: None) -> None:
    member = make_user("dora@example.com")
    member.set_unusable_password()
    member.save()
    first, second = make_bare_grant(member), make_bare_grant(member)
    client = proved(client_of(member))
    assert client.post(f"{ADDRESS}/{first.pk}/unlink").status_code == 302
    client.post(f"{ADDRESS}/{second.pk}/unlink")
    assert b"Set a password" in client.get(ADDRESS).content
    assert TeslaGrant.objects.get() == second


def test_unlink_of_another_s_grant_is_as_unknown(
    alice: User, charlie: User, client_of: ClientOf
) -> None:
    grant = make_bare_grant(alice)
    client = client_of(charlie)
    for pk in (grant.pk, uuid4()):
        for ask in (client.get, client.post):
            assert ask(f"{ADDRESS}/{pk}/unlink").status_code == 404
    assert TeslaGrant.objects.count() == 1


def test_unlink_wants_a_csrf_token(alice: User) -> None:
    grant = make_bare_grant(alice)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(
        alice, backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    assert strict.post(f"{ADDRESS}/{grant.pk}/unlink").status_code == 403
    assert TeslaGrant.objects.count() == 1
