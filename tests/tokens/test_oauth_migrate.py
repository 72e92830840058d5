"""How a token that was pasted moves over to a connection of its own."""

import pytest
from django.test import Client

from accounts.models import AuditEntry, User
from tests.tokens.connecting import (
    Installation,
    error,
    holder,
    migrate,
    post_json,
    refresh,
)
from tokens import auth
from tokens.models import MOST_ACCESS_TOKENS, AccessToken
from tokens.services import access_tokens

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("how", ["both", "header", "body"])
def test_migrate_makes_a_connection_and_keeps_the_token(alice: User, how: str) -> None:
    old, text = access_tokens.issue(alice, "pasted")
    answer = migrate(text, how=how)
    assert answer.status_code == 200
    tokens = answer.json()
    row = AccessToken.objects.exclude(pk=old.pk).get()
    assert (row.name, row.migrated_from) == ("Home Assistant · Home", old.pk)
    assert holder(tokens["access_token"]) == auth.Caller(row.pk, alice.pk, row.name)
    assert holder(text) is not None
    assert refresh(tokens["refresh_token"]).status_code == 200
    assert AuditEntry.objects.filter(action="program.connected").count() == 1


def test_migrate_that_was_not_heard_is_done_again_and_not_once_more(
    alice: User,
) -> None:
    _, text = access_tokens.issue(alice, "pasted")
    lost, heard = migrate(text).json(), migrate(text).json()
    assert AccessToken.objects.count() == 2
    assert holder(lost["access_token"]) is None
    assert error(refresh(lost["refresh_token"])) == (400, "invalid_grant")
    assert refresh(heard["refresh_token"]).status_code == 200
    # It is in use now: another installation by the same name does not end it.
    other = migrate(text).json()
    assert AccessToken.objects.count() == 3
    for tokens in (heard, other):
        assert refresh(tokens["refresh_token"]).status_code == 200
    assert migrate(text, name="Cabin").status_code == 200
    assert AccessToken.objects.count() == 4


def test_migrate_wants_a_token_made_in_the_console(
    alice: User, alices_client: Client
) -> None:
    tokens = Installation().connect(alices_client)
    for text in (tokens["access_token"], tokens["refresh_token"], "x"):
        assert error(migrate(text)) == (400, "invalid_grant")
    _, text = access_tokens.issue(alice, "pasted")
    headers = {"Authorization": f"Bearer {text}x"}
    fields = {"grant_type": "migrate", "client_id": "homeassistant"}
    two = post_json(headers, **fields, access_token=text)
    assert error(two) == (400, "invalid_request")
    none = post_json({"Authorization": "Basic eDp5"}, **fields)
    assert error(none) == (400, "invalid_request")
    for number in range(MOST_ACCESS_TOKENS - 2):
        access_tokens.issue(alice, str(number))
    assert error(migrate(text)) == (400, "invalid_grant")


def test_removal_names_what_a_token_connected(
    alice: User, alices_client: Client
) -> None:
    # Whoever had the token of another may have connected with it.
    old, text = access_tokens.issue(alice, "pasted")
    assert migrate(text).status_code == 200
    made = AccessToken.objects.get(migrated_from=old.pk)
    page = alices_client.get(f"/console/tokens/{old.pk}/remove").content.decode()
    assert f'href="/console/tokens/{made.pk}/remove">Home Assistant · Home</a>' in page
    other = alices_client.get(f"/console/tokens/{made.pk}/remove").content.decode()
    assert "was connected with this token" not in other
