"""What is off for a while, or has much to do, does no endpoint wrong."""

import threading
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from tests.factories import make_user
from tests.webhooks.making import VIN, make_attempt, make_delivery, make_endpoint
from webhooks.errors import NothingToResend
from webhooks.models import Attempt, Delivery, Endpoint
from webhooks.outcomes import ErrorKind, Outcome, Tried
from webhooks.services import deliveries, endpoints, outbox, queue, sweeping
from webhooks.services.forgetting import forget
from webhooks.services.health import healths
from webhooks.services.outbox import News

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def _failing(endpoint: Endpoint, *, last_hour: float, swept_hour: float) -> None:
    """Have an endpoint fail since T0, tried and looked at for the last time."""
    Endpoint.objects.filter(pk=endpoint.pk).update(
        first_failure_at=T0,
        consecutive_failures=50,
        failed_hours=20,
        last_attempt_at=T0 + last_hour * HOUR,
        swept_at=T0 + swept_hour * HOUR,
    )


def _sweep(endpoint: Endpoint, hour: float) -> None:
    sweeping.sweep(T0 + hour * HOUR, line_is_down=False, allowed={endpoint.pk})
    endpoint.refresh_from_db()


@pytest.mark.django_db
def test_time_in_which_nobody_looked_does_not_count(endpoint: Endpoint) -> None:
    _failing(endpoint, last_hour=24, swept_hour=2)
    _sweep(endpoint, 24)
    assert (endpoint.is_sending, endpoint.outage_s) == (True, 22 * 3600)
    _sweep(endpoint, 24.5)
    assert endpoint.outage_s == 22 * 3600


@pytest.mark.django_db
def test_who_was_never_looked_at_is_counted_from_its_failure(
    endpoint: Endpoint,
) -> None:
    _failing(endpoint, last_hour=23.9, swept_hour=-100)
    _sweep(endpoint, 24)
    assert (endpoint.is_sending, endpoint.outage_s) == (True, 24 * 3600)


@pytest.mark.django_db
def test_nobody_is_disabled_who_was_not_tried_of_late(endpoint: Endpoint) -> None:
    _failing(endpoint, last_hour=22.9, swept_hour=23.9)
    _sweep(endpoint, 24)
    assert endpoint.is_sending
    assert Delivery.objects.filter(endpoint=endpoint, purpose="probe").count() == 1
    Endpoint.objects.update(last_attempt_at=T0 + 24 * HOUR)
    _sweep(endpoint, 24.1)
    assert endpoint.disabled_reason == "failing"


@pytest.mark.django_db
def test_endpoints_beyond_the_most_have_their_turn() -> None:
    keys: list[UUID] = []
    for number in range(8):
        endpoint = make_endpoint(make_user(f"u{number}@example.com"))
        keys.append(endpoint.pk)
        for _ in range(3):
            make_delivery(
                endpoint, state="pending", next_at=T0 - timedelta(seconds=number)
            )
    turns = [queue.claim(T0, keys, most=3, run=2) for _ in range(4)]
    # Who waits for the longest comes first, and who is being sent to takes no place.
    assert [set(turn) for turn in turns] == [
        set(keys[5:]),
        set(keys[2:5]),
        set(keys[:2]),
        set(),
    ]
    assert {len(run) for turn in turns for run in turn.values()} == {2}


@pytest.mark.django_db
def test_closed_endpoint_gets_its_tests_among_what_waits(endpoint: Endpoint) -> None:
    for purpose in ("", "test", ""):
        make_delivery(endpoint, state="pending", next_at=T0, purpose=purpose)
    Endpoint.objects.update(closed_until=T0 + HOUR)
    found = queue.claim(T0, [endpoint.pk])
    assert [one.purpose for one in found[endpoint.pk]] == ["test"]


@pytest.mark.django_db
def test_figures_of_many_endpoints_cost_three_queries(alice: User) -> None:
    made = [
        make_endpoint(alice, f"https://hooks.example.com/{n}", name=str(n))
        for n in range(4)
    ]
    for one in made[:3]:
        for ms in range(21):
            make_attempt(one, duration_ms=ms)
    make_attempt(made[1], http_status=500, error_kind="status", duration_ms=999)
    make_attempt(made[3], error_kind="status")
    oldest = make_delivery(made[2], state="pending", occurred_at=T0)
    make_delivery(made[2], state="pending")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        found = healths(made)
    assert len(queries) == 3
    figures = [found[one.pk] for one in made]
    assert [one.attempts for one in figures] == [21, 22, 21, 1]
    assert [one.success_share for one in figures] == [1, 21 / 22, 1, 0]
    assert [one.p95_ms for one in figures] == [19, 19, 19, None]
    assert [one.waiting for one in figures] == [0, 0, 2, 0]
    assert figures[2].oldest_waiting_at == oldest.message.occurred_at


@pytest.mark.django_db
def test_nothing_is_tested_or_sent_again_that_was_removed(
    endpoint: Endpoint,
) -> None:
    delivery = make_delivery(endpoint)
    endpoints.remove(endpoint)
    with pytest.raises(Endpoint.DoesNotExist):
        endpoints.test(Endpoint(pk=delivery.endpoint_id), "state")
    with pytest.raises(NothingToResend):
        deliveries.resend(endpoint.user, delivery.pk)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("way", ["remove", "forget"])
def test_busy_webhook_is_removed_without_a_clash(way: str) -> None:
    user = make_user("alice@example.com")
    errors: list[BaseException] = []
    for _ in range(6):
        made = [make_endpoint(user), make_endpoint(user)]
        rows = [make_delivery(one, state="pending") for one in made for _ in range(5)]
        begun = threading.Event()
        busy = threading.Thread(target=_be_busy, args=(rows, begun, errors))
        busy.start()
        begun.wait(10)
        if way == "forget":
            forget(user)
        else:
            for one in made:
                endpoints.remove(one)
        busy.join()
        assert Endpoint.objects.count() == 0
    assert errors == []
    assert Attempt.objects.count() == Delivery.objects.count() == 0


def _be_busy(
    rows: list[Delivery], begun: threading.Event, errors: list[BaseException]
) -> None:
    """Store events, and what came of them, from another process's side."""
    bad = Outcome(500, ErrorKind.STATUS)
    try:
        for number in range(15):
            news = [
                (
                    News(
                        f"n_{rows[0].pk}_{number}",
                        rows[0].message.user_id,
                        "state",
                        VIN,
                        b"{}",
                        number,
                    ),
                    [row.endpoint_id for row in rows],
                )
            ]
            outbox.take(news)
            tried = [
                Tried(
                    row.endpoint_id,
                    row.message_id,
                    "state",
                    VIN,
                    bad,
                    T0,
                    delivery_id=row.pk,
                )
                for row in reversed(rows)
            ]
            queue.finish(tried, {}, T0)
            begun.set()
    except Exception as error:  # noqa: BLE001  # the other thread tells of it
        errors.append(error)
    finally:
        begun.set()
        connections.close_all()
