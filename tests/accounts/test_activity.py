"""The page of what was done in a person's name."""

from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts import audit
from accounts.models import User

pytestmark = pytest.mark.django_db

ACTIVITY = "/console/account/activity"
ClientOf = Callable[[User], Client]


def test_activity_is_told_in_words(client_of: ClientOf, alice: User) -> None:
    audit.record(alice, "token.issued", subject="<b>evcc</b>")
    audit.record(alice, "sign_in.failed", detail={"by": "password"})
    audit.record(alice, "mfa.added", detail={"type": "totp"})
    audit.record(alice, "sign_in", detail={"by": ["tesla", "totp"]})
    audit.record(alice, "session.ended", detail={"count": 2})
    audit.record(alice, "grant.scopes_changed", detail={"lost": ["vehicle_location"]})
    audit.record(alice, "something.new_here")
    page = client_of(alice).get(ACTIVITY).content.decode()
    for words in (
        "Access token made",
        "&lt;b&gt;evcc&lt;/b&gt;",
        '<span class="tag no">Sign-in refused</span><br><span class="muted">by password',
        "by authenticator app",
        "by Tesla and authenticator app",
        "2 of them",
        "lost vehicle_location",
        "<strong>something new here</strong>",
        "is kept for 730 days",
    ):
        assert words in page


def test_activity_shows_fifty_and_pages_on(client_of: ClientOf, alice: User) -> None:
    for number in range(60):
        audit.record(alice, "token.issued", subject=f"Program {number:02}")
    client = client_of(alice)
    first = client.get(ACTIVITY)
    assert first.content.decode().count("Access token made") == 49
    address = f"{ACTIVITY}?before={first.context['older_than']}"
    second = client.get(address).content.decode()
    assert second.count("Access token made") == 11
    assert "Program 00" in second
    assert "Older" not in second
    assert client.get(f"{ACTIVITY}?before=x").status_code == 200
    assert client.get(f"{ACTIVITY}?before={'9' * 30}").status_code == 200


def test_activity_is_one_s_own(
    client_of: ClientOf, client: Client, alice: User, charlie: User, owner: User
) -> None:
    audit.record(alice, "token.issued", subject="evcc")
    audit.record(None, "key.made")
    assert b"evcc" in client_of(alice).get(ACTIVITY).content
    for other in (charlie, owner):
        assert b"evcc" not in client_of(other).get(ACTIVITY).content
    assert b"Signing key made" in client_of(owner).get(ACTIVITY).content
    assert b"Signing key made" not in client_of(alice).get(ACTIVITY).content
    assert client.get(ACTIVITY)["Location"] == f"/accounts/login/?next={ACTIVITY}"


@pytest.mark.parametrize("count", [1, 3])
def test_activity_costs_the_same_queries(
    client_of: ClientOf,
    alice: User,
    count: int,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(count):
        audit.record(alice, "sign_in")
    client = client_of(alice)
    with django_assert_max_num_queries(5):
        client.get(ACTIVITY)
