"""The chain of a deletion: order, crashes, Tesla away, and who is let in meanwhile."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import Letter, User
from accounts.services import members
from accounts.services.members import prove_address
from accounts.services.owner import owner as owner_of_instance
from console import tasks
from console.models import Deletion, DeletionStep
from console.services import deletions, stopping
from simulator.paddle.testing import RunningPaddle
from simulator.testing import RunningSimulator
from tests.console.leaving import CLIENT, finish, later
from tests.factories import PASSWORD, make_bare_grant, make_user, make_vehicle
from tests.fixtures.billing import Subscribe
from tests.fixtures.tesla import MakeGrant
from tests.tokens.helpers import fresh_client
from tokens import auth
from tokens.models import AccessToken, TeslaGrant
from tokens.services import access_tokens, grants
from vehicles.models import Vehicle, VehicleAccess
from vehicles.services import vehicles

Rung = Callable[[], list[tuple[str, list[object]]]]
ACCOUNT = Deletion.Kind.ACCOUNT


class Crash(BaseException):
    """The worker's process ends here."""


class CrashAt:
    """Crash at the n-th statement that writes; count them otherwise."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.writes = 0

    def __call__(self, execute: Any, sql: str, *rest: Any) -> Any:
        """Run one statement, unless it is the one."""
        if sql.startswith(("UPDATE", "DELETE", "INSERT")):
            self.writes += 1
            if self.writes == self.at:
                raise Crash
        return execute(sql, *rest)


@pytest.fixture
def leaving(alice: User, make_grant: MakeGrant, registered: RunningSimulator) -> User:
    """Return Alice with cars that stream, a token, and a session."""
    grant = make_grant(alice)
    vehicles.sync(grant, grants.client_for(grant))
    for vin in registered.world.cars:
        registered.stream(vin, client_id=CLIENT)
    access_tokens.issue(alice, "evcc")
    fresh_client(alice)
    return alice


def _can_sign_in(email: str) -> bool:
    client = Client()
    client.post("/accounts/login/", {"login": email, "password": PASSWORD})
    return client.get("/console/").status_code == 200


def _states(deletion: Deletion) -> list[tuple[str, str]]:
    return list(deletion.steps.order_by("position").values_list("action", "state"))


@pytest.mark.django_db(transaction=True)
def test_ask_switches_the_account_off_before_anything_else(alice: User) -> None:
    client = fresh_client(alice)
    _, text = access_tokens.issue(alice, "evcc")
    assert auth.holder(access_tokens.digest(text)) is not None
    deletion = deletions.ask(alice, ACCOUNT)
    assert client.get("/console/").status_code == 302
    assert _can_sign_in("alice@example.com") is False
    assert auth.holder(access_tokens.digest(text)) is None
    assert {state for _, state in _states(deletion)} == {"waiting"}
    assert deletions.ask(alice, ACCOUNT) == deletion


@pytest.mark.django_db
def test_steps_stand_in_the_order_in_which_they_are_done(alice: User) -> None:
    make_vehicle(make_bare_grant(alice))
    deletion = deletions.ask(alice, ACCOUNT)
    assert [action for action, _ in _states(deletion)] == [
        "sign_out",
        "access_tokens",
        "subscription",
        "telemetry",
        "console",
        "vehicles",
        "energy",
        "billing",
        "webhooks",
        "tokens",
        "accounts",
        "unseen",
        "receipt",
    ]


def test_run_does_all_and_mails_what_was_done(
    leaving: User, registered: RunningSimulator
) -> None:
    deletion = finish(deletions.ask(leaving, ACCOUNT))
    assert {state for _, state in _states(deletion)} == {"done"}
    red = registered.world.car_named("Red").vin
    assert red not in registered.streams(client_id=CLIENT)
    assert User.objects.count() == Vehicle.objects.count() == 0
    (letter,) = mail.outbox
    assert (letter.to, letter.subject) == (
        ["alice@example.com"],
        "Keyfob: Your account is deleted",
    )
    body = str(letter.body)
    assert "Fleet Telemetry stopped at Tesla: Red" in body
    assert "access tokens: 1" in body
    assert "revoke_client_id" in body
    assert deletion.reference in body
    assert set(deletion.steps.values_list("subject", "label")) == {("", "")}


@pytest.mark.django_db(transaction=True)
def test_crash_at_any_write_is_finished_by_the_next_sweep(
    make_grant: MakeGrant, registered: RunningSimulator
) -> None:
    at, crashed = 0, True
    while crashed:
        at += 1
        email = f"alice{at}@example.com"
        user = make_user(email)
        prove_address(user)
        grant = make_grant(user)
        make_vehicle(grant, vin=registered.world.car_named("Red").vin)
        access_tokens.issue(user, "evcc")
        deletion = deletions.ask(user, ACCOUNT)
        with connection.execute_wrapper(CrashAt(at)):
            crashed = _crashes(deletion)
        assert not User.objects.filter(email=email, is_active=True).exists()
        assert _can_sign_in(email) is False
        if crashed:
            finish(deletion)
        left: list[Any] = [TeslaGrant, AccessToken, VehicleAccess, Vehicle, User]
        assert [model.objects.count() for model in left] == [0] * len(left)
        assert deletion.steps.filter(state="waiting").count() == 0
    assert at > 20


def _crashes(deletion: Deletion) -> bool:
    try:
        deletions.run(deletion.pk)
    except Crash:
        return True
    return False


@pytest.mark.django_db(transaction=True)
def test_subscription_that_arrives_during_a_deletion_is_canceled(
    paddle: RunningPaddle, subscribe: Subscribe, alice: User
) -> None:
    deletion = deletions.ask(alice, ACCOUNT)
    subscribe(alice)
    deletion.steps.filter(action="subscription").update(state="done")
    finish(deletion)
    assert paddle.subscription().status == "canceled"
    assert not User.objects.filter(pk=alice.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_crash_leaves_a_lease_that_the_sweep_waits_for(
    leaving: User, rung: Rung
) -> None:
    deletion = deletions.ask(leaving, ACCOUNT)
    with connection.execute_wrapper(CrashAt(5)):
        assert _crashes(deletion) is True
    tasks.sweep()
    assert rung() == []
    assert deletions.claim(deletion.pk) is None
    with time_machine.travel(timezone.now() + deletions.LEASE, tick=False):
        tasks.sweep()
    assert rung() == [("console.tasks.delete", [str(deletion.pk)])]


@pytest.mark.django_db
def test_task_does_a_deletion_once(alice: User) -> None:
    deletion = deletions.ask(alice, ACCOUNT)
    tasks.delete(str(deletion.pk))
    tasks.delete(str(deletion.pk))
    tasks.delete(str(uuid4()))
    deletion.refresh_from_db()
    assert (deletion.attempts, deletion.done_at is None) == (1, False)
    assert len(mail.outbox) == 1


@pytest.mark.parametrize("kind", ["server_error", "rate_limit", "cut"])
def test_tesla_away_is_tried_again_later_and_nobody_gets_in(
    leaving: User, registered: RunningSimulator, kind: str
) -> None:
    registered.faults.add(kind, path="/na/*")
    deletion = deletions.ask(leaving, ACCOUNT)
    deletions.run(deletion.pk)
    deletion.refresh_from_db()
    assert (deletion.done_at, deletion.failures, deletion.lease_until) == (
        None,
        1,
        None,
    )
    assert deletion.next_at > timezone.now()
    assert deletion.last_error
    assert _can_sign_in("alice@example.com") is False
    assert TeslaGrant.objects.count() == 1
    assert deletions.due(timezone.now()) == []
    assert deletions.retry(deletion) is True
    assert deletions.due(timezone.now()) == [deletion.pk]
    registered.faults.clear()
    finish(deletion)
    assert registered.streams(client_id=CLIENT) != []
    assert registered.world.car_named("Red").vin not in registered.streams(
        client_id=CLIENT
    )


def test_tesla_away_for_a_day_does_not_keep_the_data(
    leaving: User, registered: RunningSimulator
) -> None:
    registered.faults.add("server_error", path="/na/*")
    deletion = deletions.ask(leaving, ACCOUNT)
    Deletion.objects.update(asked_at=timezone.now() - deletions.PATIENCE)
    finish(deletion)
    assert User.objects.count() == 0
    step = deletion.steps.filter(action="telemetry").first()
    assert step is not None
    assert step.state == DeletionStep.State.NOT_DONE
    assert "no answer for 24 hours" in step.words
    assert "NOT DONE" in str(mail.outbox[0].body)


def test_consent_withdrawn_at_tesla_first_is_no_obstacle(
    leaving: User, registered: RunningSimulator
) -> None:
    red = registered.world.car_named("Red").vin
    registered.hub.store.revoke(CLIENT, "alice@example.com")
    assert red in registered.streams(client_id=CLIENT)
    finish(deletions.ask(leaving, ACCOUNT))
    assert red not in registered.streams(client_id=CLIENT)


def test_refusal_of_tesla_is_told_and_ends_the_try(
    leaving: User, registered: RunningSimulator
) -> None:
    where = "/na/*fleet_telemetry_config"
    registered.faults.add("status", path=where, status=403)
    finish(deletions.ask(leaving, ACCOUNT))
    assert "Tesla refused" in str(mail.outbox[0].body)
    assert User.objects.count() == 0


@pytest.mark.django_db
def test_grant_of_a_region_that_is_not_set_up_is_told(alice: User) -> None:
    make_vehicle(make_bare_grant(alice, region="xx"))
    deletion = deletions.ask(alice, ACCOUNT)
    with pytest.raises(stopping.CannotStop):
        stopping.stop(deletion, "5YJ3E1EA4PF000001")
    finish(deletion)
    assert deletion.steps.get(action="telemetry").state == "not_done"


@pytest.mark.django_db
def test_who_is_let_in_again_meanwhile_is_put_out_by_the_next_step(
    alice: User,
) -> None:
    deletion = deletions.ask(alice, ACCOUNT)
    assert members.resume(alice) is False
    # Somebody at the database itself may.
    alice.is_active, alice.leaving_at = True, None
    alice.set_password(PASSWORD)
    alice.save()
    finish(deletion)
    assert _can_sign_in("alice@example.com") is False


@pytest.mark.django_db
def test_unexpected_error_is_raised_noted_and_tried_again(alice: User) -> None:
    deletion = deletions.ask(alice, ACCOUNT)
    deletion.steps.filter(action="energy").update(action="of_another_version")
    with pytest.raises(KeyError):
        deletions.run(deletion.pk)
    deletion.refresh_from_db()
    assert (deletion.last_error, deletion.lease_until) == ("KeyError", None)
    deletion.steps.filter(action="of_another_version").update(action="energy")
    later(deletion)
    finish(deletion)


@pytest.mark.django_db
def test_owner_leaves_and_the_instance_has_none(owner: User) -> None:
    deletion = deletions.ask(owner, ACCOUNT)
    assert owner_of_instance() is None
    finish(deletion)
    assert User.objects.count() == 0


@pytest.mark.django_db
def test_member_without_an_address_gets_no_letter(alice: User) -> None:
    alice.email = None
    alice.save()
    deletion = finish(deletions.ask(alice, ACCOUNT))
    assert mail.outbox == []
    assert deletion.steps.get(action="receipt").words == (
        "There is no address to write to."
    )


@pytest.mark.django_db
def test_receipt_waits_for_the_owner_where_no_mail_server_is(
    alice: User, settings: Any
) -> None:
    settings.EMAIL_BACKEND = "accounts.mail.LetterBackend"
    finish(deletions.ask(alice, ACCOUNT))
    letter = Letter.objects.get()
    assert (letter.to, letter.subject) == (
        "alice@example.com",
        "Keyfob: Your account is deleted",
    )


@pytest.mark.django_db
def test_deletion_that_somebody_holds_is_not_retried(alice: User) -> None:
    deletion = deletions.ask(alice, ACCOUNT)
    assert deletions.claim(deletion.pk) is not None
    assert deletions.retry(deletion) is False
    assert deletions.due(timezone.now() + timedelta(minutes=1)) == []
