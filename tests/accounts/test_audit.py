"""The audit trail: what is recorded, what it keeps to itself, and that it is final."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client, RequestFactory
from django.utils import timezone
from pytest_django import Settings

from accounts import audit
from accounts.models import AuditEntry, AuditSubject, TrailIsFinal, User
from accounts.tasks import tidy
from tests.accounts.signing_in import make_member, sign_in
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"


def actions_of(user: User) -> list[str]:
    """Return the codes of what a person's trail holds, oldest first."""
    entries = audit.entries_of(user).order_by("pk")
    return list(entries.values_list("action", flat=True))


def test_entry_tells_what_was_done_and_from_which_network(
    rf: RequestFactory, alice: User
) -> None:
    request = rf.get("/", REMOTE_ADDR="203.0.113.77", headers={"User-Agent": FIREFOX})
    audit.record(
        alice, "token.issued", subject="evcc", detail={"n": 1}, request=request
    )
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.about, entry.detail) == (
        "token.issued",
        "evcc",
        {"n": 1},
    )
    assert (entry.address_prefix, entry.client) == (
        "203.0.113.0/24",
        "Firefox on Linux",
    )
    assert str(entry) == "token.issued evcc"


def test_entry_names_an_opaque_subject_that_can_be_forgotten(
    alice: User, bob: User
) -> None:
    audit.record(alice, "sign_in")
    audit.record(alice, "sign_out")
    audit.record(bob, "sign_in")
    subject = AuditSubject.objects.get(user=alice)
    assert str(subject) == str(audit.subject_id_of(alice))
    assert subject.subject_id not in {alice.pk, bob.pk}
    assert actions_of(alice) == ["sign_in", "sign_out"]
    alice.delete()
    assert AuditSubject.objects.count() == 1
    assert AuditEntry.objects.count() == 3
    assert "alice" not in str(list(AuditEntry.objects.values()))


def test_instance_itself_has_a_trail_for_the_owner(alice: User, owner: User) -> None:
    audit.record(None, "key.made")
    assert actions_of(owner) == ["key.made"]
    assert actions_of(alice) == []
    assert AuditEntry.objects.get().subject_id is None


def test_entry_cannot_be_changed_or_deleted_by_code(alice: User) -> None:
    entry = audit.record(alice, "sign_in")
    entry.action = "sign_out"
    attempts = (
        entry.save,
        entry.delete,
        lambda: AuditEntry.objects.update(action="x"),
        lambda: AuditEntry.objects.all().delete(),
        lambda: AuditEntry.objects.bulk_update([entry], ["action"]),
        lambda: AuditEntry.objects.bulk_create(
            [entry],
            update_conflicts=True,
            update_fields=["action"],
            unique_fields=["id"],
        ),
    )
    for attempt in attempts:
        with pytest.raises(TrailIsFinal), transaction.atomic():
            attempt()
    assert AuditEntry.objects.get().action == "sign_in"


def test_entries_can_be_added_together(alice: User) -> None:
    subject = audit.subject_id_of(alice)
    AuditEntry.objects.bulk_create(
        [AuditEntry(subject_id=subject, action="sign_in") for _ in range(3)]
    )
    assert actions_of(alice) == ["sign_in"] * 3


def test_entry_cannot_be_changed_in_the_database(alice: User) -> None:
    audit.record(alice, "sign_in")
    statements = ["UPDATE accounts_auditentry SET action = 'x'"]
    if connection.vendor == "postgresql":
        statements.append("DELETE FROM accounts_auditentry")
    for statement in statements:
        with (
            pytest.raises(DatabaseError, match="the audit trail is final"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
    assert AuditEntry.objects.get().action == "sign_in"


def test_trail_is_kept_as_long_as_the_settings_say(settings: Settings) -> None:
    settings.AUDIT_KEPT_DAYS = 400
    for days in (401, 402, 399):
        AuditEntry.objects.create(
            subject_id=uuid4(),
            action=f"{days}",
            happened_at=timezone.now() - timedelta(days=days),
        )
    tidy()
    assert list(AuditEntry.objects.values_list("action", flat=True)) == ["399"]


def test_sign_in_and_out_are_recorded_with_their_proof(client: Client) -> None:
    member = make_member("alice@example.com")
    sign_in(client, "alice@example.com", "a wrong password")
    sign_in(client, "alice@example.com")
    client.post("/accounts/logout/")
    assert actions_of(member) == ["sign_in.failed", "sign_in", "sign_out"]
    details = audit.entries_of(member).order_by("pk").values_list("detail", flat=True)
    assert list(details) == [{"by": "password"}, {"by": ["password"]}, {}]


def test_wrong_password_of_nobody_leaves_no_trace(client: Client) -> None:
    sign_in(client, "nobody@example.com", "a wrong password")
    assert not AuditEntry.objects.exists()


def test_changes_of_the_password_are_recorded(client: Client) -> None:
    member = make_member("alice@example.com")
    sign_in(client, "alice@example.com")
    client.post("/accounts/reauthenticate/", {"password": "a wrong password"})
    fields = {
        "oldpassword": PASSWORD,
        "password1": "another long password of tests",
        "password2": "another long password of tests",
    }
    client.post("/accounts/password/change/", fields)
    assert actions_of(member) == ["sign_in", "proof.failed", "password.changed"]


def test_trail_holds_no_address_and_no_name(client: Client) -> None:
    member = make_member("alice@example.com")
    sign_in(client, "alice@example.com", REMOTE_ADDR="203.0.113.77")
    kept = str(list(AuditEntry.objects.values()))
    assert "203.0.113.0/24" in kept
    for secret in ("203.0.113.77", "alice", str(member.pk)):
        assert secret not in kept


def test_new_place_is_one_without_a_sign_in_from_there(
    rf: RequestFactory, alice: User
) -> None:
    home = rf.get("/", REMOTE_ADDR="203.0.113.7", headers={"User-Agent": FIREFOX})
    near = rf.get("/", REMOTE_ADDR="203.0.113.9", headers={"User-Agent": FIREFOX})
    away = rf.get("/", REMOTE_ADDR="198.51.100.7", headers={"User-Agent": FIREFOX})
    other = rf.get("/", REMOTE_ADDR="203.0.113.7", headers={"User-Agent": "curl/8"})
    assert not audit.is_new_place(alice, home)
    audit.record(alice, "sign_in", request=home)
    places = (home, near, away, other)
    assert [audit.is_new_place(alice, place) for place in places] == [
        False,
        False,
        True,
        True,
    ]
