"""What is known of a grant's lists: when they were read, failed, and are due."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import fleet
from accounts.models import User
from tests.factories import make_bare_grant
from tokens.models import TeslaGrant
from tokens.services import lists

NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


def _ago(minutes: float | None) -> datetime | None:
    return None if minutes is None else NOON - timedelta(minutes=minutes)


@pytest.mark.parametrize("of", list(lists.Of))
def test_note_failure_keeps_when_the_list_was_read(alice: User, of: lists.Of) -> None:
    grant = make_bare_grant(alice)
    lists.note_read(grant, of, NOON - timedelta(hours=5))
    lists.note_failure(grant, of, fleet.TimedOut(), NOON)
    row: dict[str, Any] = {**TeslaGrant.objects.values().get(pk=grant.pk)}
    assert row[f"synced_{of}_at"] == NOON - timedelta(hours=5)
    assert row[f"{of}_failed_at"] == NOON
    assert row[f"{of}_failure"].startswith("Tesla took too long. ")
    assert "status" not in row[f"{of}_failure"]


def test_note_failure_has_a_refused_token_renewed(alice: User) -> None:
    grant = make_bare_grant(alice)
    lists.note_failure(grant, lists.Of.VEHICLES, fleet.Unauthorized("401"), NOON)
    grant.refresh_from_db()
    assert grant.next_refresh_at == NOON


@pytest.mark.parametrize("of", list(lists.Of))
def test_note_read_ends_a_failure(alice: User, of: lists.Of) -> None:
    grant = make_bare_grant(alice)
    lists.note_failure(grant, of, fleet.TimedOut(), NOON)
    lists.note_read(grant, of, NOON)
    row: dict[str, Any] = {**TeslaGrant.objects.values().get(pk=grant.pk)}
    assert row[f"synced_{of}_at"] == NOON
    assert (row[f"{of}_failed_at"], row[f"{of}_failure"]) == (None, "")


@pytest.mark.parametrize(
    ("read", "failed", "is_due"),
    [
        (None, None, True),
        (None, 0.5, True),  # never read: each round of the timer asks
        (9, None, False),
        (10, None, True),
        (60, 1, False),  # failed just now
        (60, 2, True),
        (3, 2, True),  # fresh, but the person was told that it failed
    ],
)
def test_due_waits_after_a_failure(
    alice: User, read: float | None, failed: float | None, *, is_due: bool
) -> None:
    grant = make_bare_grant(alice)
    TeslaGrant.objects.filter(pk=grant.pk).update(
        synced_vehicles_at=_ago(read), vehicles_failed_at=_ago(failed)
    )
    assert (lists.due(lists.Of.VEHICLES, NOON) == [grant.pk]) == is_due
