"""Rotation of the keys, and the refusal to start without them."""

from io import StringIO

import pytest
from django.core.checks import Error, Tags, run_checks
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import Settings

from accounts.models import Letter, User
from accounts.services import sealed
from accounts.services.letters import body_of, keep
from tests.factories import make_bare_grant

OLD, NEW = bytes(32), bytes(range(32))

pytestmark = pytest.mark.django_db


def _keep_under(settings: Settings, keys: dict[str, bytes], body: str) -> Letter:
    settings.ENCRYPTION_KEYS = keys
    return keep("bob@example.com", "A letter", body)


def test_columns_are_found_in_every_app() -> None:
    assert {str(column) for column in sealed.columns()} >= {
        "accounts_letter.body_sealed",
        "tokens_signingkey.private_pem_sealed",
        "tokens_teslagrant.refresh_token_sealed",
    }


def test_key_ids_in_use_are_those_of_the_rows(settings: Settings) -> None:
    assert sealed.key_ids_in_use() == set()
    _keep_under(settings, {"old": OLD}, "one")
    _keep_under(settings, {"new2026": NEW}, "two")
    assert sealed.key_ids_in_use() == {"old", "new2026"}


def test_empty_columns_need_no_key(alice: User) -> None:
    make_bare_grant(alice)
    assert sealed.key_ids_in_use() == set()


def test_rotate_seals_all_under_the_newest_key(settings: Settings) -> None:
    letters = [_keep_under(settings, {"old": OLD}, f"body {n}") for n in range(3)]
    settings.ENCRYPTION_KEYS = {"new": NEW, "old": OLD}
    assert sealed.rotate() == sealed.Rotation(rotated=3, left=0)
    settings.ENCRYPTION_KEYS = {"new": NEW}
    assert sealed.key_ids_in_use() == {"new"}
    for number, letter in enumerate(letters):
        letter.refresh_from_db()
        assert body_of(letter) == f"body {number}"
    assert sealed.rotate() == sealed.Rotation(rotated=0, left=0)


def test_rotate_leaves_what_no_key_opens(settings: Settings) -> None:
    good = _keep_under(settings, {"old": OLD}, "good")
    bad = _keep_under(settings, {"old": OLD}, "bad")
    Letter.objects.filter(pk=bad.pk).update(body_sealed=good.body_sealed)
    settings.ENCRYPTION_KEYS = {"new": NEW, "old": OLD}
    assert sealed.rotate() == sealed.Rotation(rotated=1, left=1)
    bad.refresh_from_db()
    assert bad.body_sealed == good.body_sealed


def test_rotate_secrets_reports_the_keys_still_needed(
    settings: Settings,
) -> None:
    _keep_under(settings, {"old": OLD}, "one")
    settings.ENCRYPTION_KEYS = {"new": NEW, "old": OLD}
    out = StringIO()
    call_command("rotate_secrets", stdout=out)
    assert out.getvalue() == "1 texts sealed anew. Keys needed: new.\n"


def test_rotate_secrets_fails_when_something_is_left(settings: Settings) -> None:
    _keep_under(settings, {"lost": OLD}, "one")
    settings.ENCRYPTION_KEYS = {"new": NEW}
    with pytest.raises(CommandError, match="1 texts could not be opened"):
        call_command("rotate_secrets", stdout=StringIO())
    assert sealed.key_ids_in_use() == {"lost"}


def test_start_is_refused_without_a_key_that_rows_need(
    settings: Settings,
) -> None:
    _keep_under(settings, {"old": OLD}, "one")
    settings.ENCRYPTION_KEYS = {"new": NEW}
    words = (
        "1 texts in accounts_letter.body_sealed are sealed with key 'old',"
        " which is not set."
    )
    assert sealed.problems() == [words]
    with pytest.raises(CommandError, match="Keyfob cannot start"):
        call_command("check_secrets", stdout=StringIO())
    found = run_checks(tags=[Tags.database], databases=["default"])
    assert [(issue.msg, issue.id) for issue in found if isinstance(issue, Error)] == [
        (words, "accounts.E001")
    ]


def test_start_is_refused_with_a_wrong_key(settings: Settings) -> None:
    _keep_under(settings, {"k1": OLD}, "one")
    settings.ENCRYPTION_KEYS = {"k1": NEW}
    assert sealed.problems() == [
        "Key 'k1' does not open the texts in accounts_letter.body_sealed."
    ]


def test_start_goes_on_when_one_text_is_damaged(settings: Settings) -> None:
    good = _keep_under(settings, {"k1": OLD}, "good")
    bad = _keep_under(settings, {"k1": OLD}, "bad")
    Letter.objects.filter(pk=bad.pk).update(body_sealed=good.body_sealed)
    out = StringIO()
    call_command("check_secrets", stdout=out)
    assert out.getvalue() == "Every stored secret can be opened.\n"


def test_check_needs_a_database_to_look_into(settings: Settings) -> None:
    _keep_under(settings, {"old": OLD}, "one")
    settings.ENCRYPTION_KEYS = {"new": NEW}
    found = run_checks(tags=[Tags.database])
    assert [issue.id for issue in found] == []


def test_problems_pass_over_tables_that_are_not_there() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE accounts_letter")
    assert sealed.problems() == []


def test_problems_pass_over_columns_that_are_not_there() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE accounts_letter DROP COLUMN body_sealed")
    assert sealed.problems() == []
