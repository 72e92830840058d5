"""Endpoints: adding, changing, secrets, limits, tests, leaving."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connections
from django.utils import timezone

from accounts.models import AuditEntry, User
from tests.factories import make_user
from tests.webhooks.making import make_attempt, make_delivery
from webhooks.errors import NothingToResend, NotSending, TooManyEndpoints, Unusable
from webhooks.models import MOST_ENDPOINTS, Attempt, Delivery, Endpoint, Kind, Message
from webhooks.services import deliveries, endpoints, sealing
from webhooks.services.exporting import exports
from webhooks.services.forgetting import forget
from webhooks.services.health import health
from webhooks.services.roster import Roster, target_of

URL = "https://hooks.example.com/a"
VIN = "5YJ3E1EA4PF000001"
pytestmark = pytest.mark.django_db


def test_endpoint_is_told_everything_unless_somebody_chooses(alice: User) -> None:
    plain, secret = endpoints.add(alice, URL)
    assert (plain.kinds, plain.vins, plain.format) == (Kind.values, [], "teslemetry")
    assert sealing.take(plain, "secret_sealed") == secret
    chosen, _ = endpoints.add(
        alice,
        URL,
        name=" Home ",
        kinds=["state", "data"],
        vins=[VIN.lower()],
        format="splunk",
        authorization="Splunk abc",
        headers={"X-Key": "hidden"},
        verify_tls=False,
        max_rate=50,
        batch_ms=100,
        batch_max=10,
    )
    row = Endpoint.objects.get(pk=chosen.pk)
    assert (row.name, row.kinds, row.vins) == ("Home", ["data", "state"], [VIN])
    assert (
        row.wants("data", VIN),
        row.wants("data", "X"),
        row.wants("errors", VIN),
    ) == (
        True,
        False,
        False,
    )
    assert row.wants("state", "")
    target = target_of(row)
    assert target.head().splitlines()[2:] == [
        b"X-Key: hidden",
        b"Authorization: Splunk abc",
        b"Content-Type: application/json",
        b"Accept-Encoding: identity",
        b"User-Agent: Keyfob-Webhooks/1",
    ]
    assert target.shown_headers == {
        "X-Key": "•••",
        "Authorization": "•••",
        "Content-Type": "application/json",
        "Accept-Encoding": "identity",
        "User-Agent": "Keyfob-Webhooks/1",
    }
    for text in (repr(target), repr(row), str(row)):
        assert "hidden" not in text
        assert secret not in text
    stored = str(Endpoint.objects.values().get(pk=chosen.pk))
    for hidden in ("hidden", "Splunk abc", secret):
        assert hidden not in stored


@pytest.mark.parametrize(
    "wishes",
    [
        {"kinds": []},
        {"kinds": ["config"]},
        {"vins": ["short"]},
        {"format": "xml"},
        {"max_rate": 0},
        {"max_rate": 51},
        {"batch_ms": 10_001},
        {"batch_max": 101},
        {"batch_max": "9"},
        {"name": "n" * 81},
        {"authorization": "a\nb"},
        {"headers": {"Host": "x"}},
    ],
)
def test_what_cannot_be_used_is_refused_and_nothing_kept(
    alice: User, wishes: dict[str, Any]
) -> None:
    with pytest.raises(Unusable) as told:
        endpoints.add(alice, URL, **wishes)
    assert told.value.field == next(iter(wishes))
    assert Endpoint.objects.count() == 0


def test_change_keeps_the_rest(endpoint: Endpoint) -> None:
    endpoints.change(endpoint, url="https://new.example.com/", headers={"X-A": "1"})
    row = Endpoint.objects.get()
    assert (row.url, row.name) == ("https://new.example.com/", "Home")
    assert sealing.headers(row) == {"X-A": "1"}
    endpoints.change(row, headers={}, authorization="")
    assert (row.headers_sealed, sealing.authorization(row)) == ("", "")
    with pytest.raises(Unusable):
        endpoints.change(row, url="https://192.168.0.1/")


@pytest.mark.django_db(transaction=True)
def test_limit_holds_against_parallel_adding() -> None:
    alice = make_user("alice@example.com")

    def add(_: int) -> bool:
        try:
            endpoints.add(alice, URL)
        except TooManyEndpoints:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(8) as pool:
        added = list(pool.map(add, range(20)))
    assert sum(added) == Endpoint.objects.count() == MOST_ENDPOINTS


def test_old_secret_signs_for_a_day_beside_the_new_one(endpoint: Endpoint) -> None:
    old = sealing.take(endpoint, "secret_sealed")
    with time_machine.travel(timezone.now(), tick=False) as clock:
        new = endpoints.roll_secret(endpoint)
        target = target_of(Endpoint.objects.get())
        keys = target.keys(timezone.now())
        assert len(keys) == 2
        assert new != old
        clock.shift(timedelta(hours=24))
        assert target.keys(timezone.now()) == keys[:1]


def test_secrets_that_no_key_opens_leave_an_endpoint_without_keys(
    endpoint: Endpoint,
) -> None:
    Endpoint.objects.update(secret_sealed="v1:gone:AAAA")
    assert target_of(Endpoint.objects.get()).keys(timezone.now()) == []


def test_secret_that_no_key_opens_is_rolled_without_overlap(
    asleep: Endpoint,
) -> None:
    asleep.secret_sealed = "v1:gone:AAAA"
    secret = endpoints.roll_secret(asleep)
    known_at = timezone.now() + endpoints.KNOWN_WITHIN
    assert _wakes_at(asleep) <= known_at
    assert sealing.take(asleep, "secret_sealed") == secret
    assert len(target_of(asleep).keys(timezone.now())) == 1
    endpoints.roll_secret(asleep)
    assert len(target_of(asleep).keys(timezone.now())) == 2


@pytest.mark.parametrize("kind", Kind.values)
def test_test_of_each_kind_is_a_delivery_of_its_own(
    endpoint: Endpoint, kind: str
) -> None:
    delivery = endpoints.test(endpoint, kind)
    assert (delivery.purpose, delivery.state) == ("test", "pending")
    body = delivery.message.body
    assert f'"{kind}":' in body
    assert '"createdAt":"' in body
    with pytest.raises(Unusable):
        endpoints.test(endpoint, "weather")


def test_resume_counts_failures_anew(endpoint: Endpoint) -> None:
    Endpoint.objects.update(
        disabled_at=timezone.now(),
        disabled_reason="failing",
        first_failure_at=timezone.now(),
        consecutive_failures=30,
        notices=3,
    )
    row = Endpoint.objects.get()
    assert health(row).state == "disabled"
    endpoints.resume(row)
    row = Endpoint.objects.get()
    assert (row.is_sending, row.first_failure_at, row.notices) == (True, None, 0)
    endpoints.pause(row)
    assert health(Endpoint.objects.get()).state == "paused"


@pytest.fixture
def asleep(endpoint: Endpoint) -> Endpoint:
    """Return an endpoint that failed so often that what waits is tried in hours."""
    later = timezone.now() + timedelta(hours=7)
    make_delivery(endpoint, state="pending", tries=9, next_at=later)
    Endpoint.objects.update(
        first_failure_at=timezone.now(), consecutive_failures=30, closed_until=later
    )
    endpoint.refresh_from_db()
    return endpoint


def _wakes_at(endpoint: Endpoint) -> datetime:
    """Return from when on what waits is sent."""
    endpoint.refresh_from_db()
    next_at = Delivery.objects.get(state="pending").next_at
    return max(next_at, endpoint.closed_until or next_at)


def test_resume_sends_at_once_what_waits(asleep: Endpoint) -> None:
    endpoints.pause(asleep)
    endpoints.resume(asleep)
    assert _wakes_at(asleep) <= timezone.now()


@pytest.mark.parametrize(
    "wishes",
    [
        {"url": "https://new.example.com/"},
        {"authorization": "Bearer new"},
        {"headers": {"X-A": "1"}},
        {"verify_tls": False},
    ],
)
def test_another_way_is_taken_as_soon_as_it_is_known(
    asleep: Endpoint, wishes: dict[str, Any]
) -> None:
    endpoints.change(asleep, **wishes)
    known_at = timezone.now() + endpoints.KNOWN_WITHIN
    # Nothing more goes the old way before that.
    assert known_at - timedelta(seconds=1) < _wakes_at(asleep) <= known_at


def test_the_same_way_is_not_tried_sooner(asleep: Endpoint) -> None:
    before = _wakes_at(asleep)
    endpoints.change(asleep, url=URL, name="B", headers={}, verify_tls=True)
    assert _wakes_at(asleep) == before


def test_remove_leaves_nothing_but_the_trail(endpoint: Endpoint) -> None:
    endpoints.test(endpoint, "data")
    endpoints.remove(endpoint)
    assert Endpoint.objects.count() == Delivery.objects.count() == 0
    actions = AuditEntry.objects.order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["webhook.added", "webhook.removed"]


def test_resend_is_for_one_s_own_deliveries(endpoint: Endpoint, bob: User) -> None:
    delivery = endpoints.test(endpoint, "state")
    Delivery.objects.update(state="failed", tries=9, done_at=timezone.now())
    with pytest.raises(NothingToResend):
        deliveries.resend(bob, delivery.pk)
    with pytest.raises(NothingToResend):
        deliveries.resend_since(bob, endpoint, timezone.now())
    again = deliveries.resend(endpoint.user, delivery.pk)
    assert (again.state, again.tries) == ("pending", 0)
    assert again.message_id == delivery.message_id
    Endpoint.objects.update(disabled_at=timezone.now())
    endpoint.refresh_from_db()
    with pytest.raises(NotSending):
        deliveries.resend(endpoint.user, delivery.pk)
    with pytest.raises(NotSending):
        deliveries.resend_since(endpoint.user, endpoint, timezone.now())


def test_resend_since_takes_what_was_missed_and_no_tests(endpoint: Endpoint) -> None:
    now = timezone.now()
    for number, state in enumerate(("failed", "expired", "disabled", "ok", "failed")):
        message = Message.objects.create(
            id=f"msg_{number}",
            user=endpoint.user,
            topic="state",
            body="{}",
            occurred_at=now - timedelta(hours=number),
        )
        Delivery.objects.create(message=message, endpoint=endpoint, state=state)
    endpoints.test(endpoint, "state")
    Delivery.objects.filter(purpose="test").update(state="failed")
    since = now - timedelta(hours=3, minutes=30)
    assert deliveries.resend_since(endpoint.user, endpoint, since) == 3
    waiting = deliveries.newest(endpoint, state="pending")
    assert sorted(one.message_id for one in waiting) == ["msg_0", "msg_1", "msg_2"]
    assert len(deliveries.newest(endpoint)) == 6


def test_health_tells_shares_and_limits(endpoint: Endpoint) -> None:
    new = health(endpoint)
    assert (new.state, new.success_share, new.p95_ms) == ("new", None, None)
    for number in range(10):
        Attempt.objects.create(
            endpoint=endpoint,
            duration_ms=number * 10,
            error_kind="status" if number == 9 else "",
        )
    endpoints.test(endpoint, "data")
    now = timezone.now()
    Endpoint.objects.update(first_failure_at=now, outage_s=60, dropped_count=7)
    told = health(Endpoint.objects.get())
    assert (told.state, told.success_share, told.p95_ms) == ("failing", 0.9, 70)
    assert (told.waiting, told.dropped, told.attempts) == (1, 7, 10)
    assert told.oldest_waiting_at is not None
    assert told.disabled_from_at == now + timedelta(hours=24, seconds=60)
    assert len(deliveries.attempts(endpoint)) == 10
    Endpoint.objects.update(first_failure_at=None, last_success_at=now)
    assert health(Endpoint.objects.get()).state == "ok"


def test_health_leaves_tests_out(endpoint: Endpoint) -> None:
    tried = endpoints.test(endpoint, "state")
    make_attempt(endpoint, tried, error_kind="connection_refused")
    assert health(endpoint).success_share is None
    make_attempt(endpoint)
    assert health(endpoint).success_share == 1.0


def test_roster_leaves_out_who_may_not_or_is_gone(
    endpoint: Endpoint, bob: User, charlie: User
) -> None:
    endpoints.add(bob, URL)
    endpoints.add(charlie, URL)
    User.objects.filter(pk=charlie.pk).update(is_active=False)
    roster = Roster(lambda user_id: lambda _: user_id != bob.pk)
    roster.refresh()
    assert set(roster.by_id) == {endpoint.pk}
    first = roster.by_id[endpoint.pk]
    roster.refresh()
    assert roster.by_id[endpoint.pk] is first
    endpoints.pause(endpoint)
    roster.refresh()
    assert not roster.by_id[endpoint.pk].is_sending


def test_export_and_forgetting_know_all_rows_and_no_secret(endpoint: Endpoint) -> None:
    endpoints.change(endpoint, headers={"X-A": "hidden"}, authorization="hidden")
    delivery = endpoints.test(endpoint, "data")
    Attempt.objects.create(endpoint=endpoint, delivery=delivery)
    told = {one.name: list(one.rows) for one in exports(endpoint.user)}
    assert {name: len(rows) for name, rows in told.items()} == {
        "webhooks": 1,
        "webhook_messages": 1,
        "webhook_deliveries": 1,
        "webhook_attempts": 1,
    }
    secret = sealing.take(endpoint, "secret_sealed")
    for hidden in ("hidden", secret, "v1:"):
        assert hidden not in str(told)
    assert sum(forget(endpoint.user).values()) == 4
    assert sum(forget(endpoint.user).values()) == 0
