"""The queue of deliveries: leases, order, schedule, and when to give up.

Every time here is a number of the test's own.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import settings
from django.core import mail
from django.utils import timezone

from accounts.models import AuditEntry, User
from tests.factories import make_user
from webhooks.models import Attempt, Delivery, Endpoint, Message
from webhooks.outcomes import (
    CIRCUIT_STEPS_S,
    STEPS_S,
    ErrorKind,
    Outcome,
    Tried,
    retry_after_s,
    wait_s,
)
from webhooks.services import deliveries, endpoints, outbox, queue, sweeping
from webhooks.services.outbox import News
from webhooks.services.roster import target_of

pytestmark = pytest.mark.django_db
T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
OK = Outcome(200, "")
BAD = Outcome(500, ErrorKind.STATUS)
VIN = "5YJ3E1EA4PF000001"
HOUR = timedelta(hours=1)


def _news(user: User, number: int) -> News:
    return News(f"msg_{number:04}", user.pk, "state", VIN, b'{"n":1}', number)


def _take(endpoint: Endpoint, count: int = 1, first: int = 0) -> None:
    """Have events stored for an endpoint, due from T0 on."""
    news = [_news(endpoint.user, first + n) for n in range(count)]
    outbox.take([(one, [endpoint.pk]) for one in news])
    Delivery.objects.filter(attempts=0).update(next_at=T0, asked_at=T0)


def _claim(now: datetime, *, most: int = 100, run: int = 10) -> list[queue.Claimed]:
    ids = list(Endpoint.objects.values_list("pk", flat=True))
    found = queue.claim(now, ids, most=most, run=run)
    return [one for claimed in found.values() for one in claimed]


def _came(claimed: Iterable[queue.Claimed], outcome: Outcome, now: datetime) -> None:
    tried = [
        Tried(
            endpoint_id=one.endpoint_id,
            message_id=one.message_id,
            topic=one.topic,
            product=one.product,
            outcome=outcome,
            started_at=now,
            delivery_id=one.delivery_id,
            purpose=one.purpose,
            number=one.number,
        )
        for one in claimed
    ]
    queue.finish(tried, {}, now)


def _data(endpoint: Endpoint, outcome: Outcome, at: datetime, count: int = 1) -> None:
    """Have data tried, which has no row."""
    tried = Tried(endpoint.pk, "msg_d", "data", VIN, outcome, at)
    queue.finish([tried] * count, {}, at)


def _sweep(now: datetime, *, line_is_down: bool = False) -> None:
    ids = set(Endpoint.objects.values_list("pk", flat=True))
    sweeping.sweep(now, line_is_down=line_is_down, allowed=ids)


def _line(now: datetime) -> sweeping.Line:
    ids = set(Endpoint.objects.values_list("pk", flat=True))
    return sweeping.line(now, allowed=ids)


def _fail_hourly(
    endpoint: Endpoint, hours: Iterable[float], *, looking: bool = True
) -> None:
    """Fail at these hours; somebody looks at each, and half an hour after it."""
    for hour in hours:
        _data(endpoint, BAD, T0 + hour * HOUR)
        for later in (0, 0.5) if looking else ():
            _sweep(T0 + (hour + later) * HOUR)


def _look_until(endpoint: Endpoint, hour: float) -> None:
    """Look every half hour from the last time on, and at last at this hour."""
    endpoint.refresh_from_db()
    at = (endpoint.swept_at or T0) + HOUR / 2
    while at < T0 + hour * HOUR:
        _sweep(at)
        at += HOUR / 2
    _sweep(T0 + hour * HOUR)


def test_event_read_twice_is_one_message_and_one_delivery(endpoint: Endpoint) -> None:
    other, _ = endpoints.add(endpoint.user, "https://hooks.example.com/b")
    for _ in range(2):
        news = _news(endpoint.user, 1)
        outbox.take([(news, [endpoint.pk, other.pk, uuid4()])])
    assert (Message.objects.count(), Delivery.objects.count()) == (1, 2)
    assert Message.objects.get().body == '{"n":1}'


def test_nothing_is_stored_for_who_leaves_or_is_gone(endpoint: Endpoint) -> None:
    gone = News("msg_9", uuid4(), "state", VIN, b"{}", 9)
    outbox.take([(gone, [uuid4()])])
    User.objects.update(leaving_at=T0)
    _take(endpoint)
    assert Message.objects.count() == 0


def test_claim_leases_a_run_of_the_oldest_in_their_order(endpoint: Endpoint) -> None:
    _take(endpoint, 12)
    names = [one.message_id for one in _claim(T0)]
    assert names == [f"msg_{n:04}" for n in range(10)]
    assert _claim(T0) == []
    assert _claim(T0 + queue.LEASE - timedelta(seconds=1)) == []
    again = [one.message_id for one in _claim(T0 + queue.LEASE)]
    assert again == names


def test_released_deliveries_are_there_at_once(endpoint: Endpoint) -> None:
    _take(endpoint, 2)
    first = _claim(T0)
    queue.release([one.delivery_id for one in first])
    assert [one.message_id for one in _claim(T0)] == ["msg_0000", "msg_0001"]


def test_success_ends_a_delivery_and_is_logged(endpoint: Endpoint) -> None:
    _take(endpoint)
    _came(_claim(T0), Outcome(204, "", 12, "fine", "192.0.2.1"), T0)
    row = Delivery.objects.get()
    assert (row.state, row.attempts, row.done_at) == ("ok", 1, T0)
    attempt = Attempt.objects.get()
    assert (attempt.duration_ms, attempt.response_excerpt) == (12, "fine")
    assert attempt.has_worked
    endpoint.refresh_from_db()
    assert (endpoint.delivered_count, endpoint.last_success_at) == (1, T0)


def test_schedule_runs_for_three_days_within_a_fifth(endpoint: Endpoint) -> None:
    _take(endpoint)
    now, waits, row = T0, [], Delivery.objects.get()
    while claimed := _claim(now):
        Endpoint.objects.update(closed_until=None)
        _came(claimed, BAD, now)
        row = Delivery.objects.get()
        if row.state != "pending":
            break
        waits.append((row.next_at - now).total_seconds())
        now = row.next_at
        Endpoint.objects.update(closed_until=None, first_failure_at=T0)
    expected = [*STEPS_S, *([STEPS_S[-1]] * 20)]
    for wait, step in zip(waits, expected, strict=False):
        assert 0.8 * step <= wait <= 1.2 * step
    assert row.state == "failed"
    assert len(waits) >= 13
    assert T0 + timedelta(days=2, hours=12) < now <= T0 + timedelta(days=3)


@pytest.mark.parametrize(
    ("outcome", "least", "most"),
    [
        (Outcome(500, "status"), 4, 6),
        (Outcome(429, "status"), 48, 72),
        (Outcome(None, ErrorKind.TIMEOUT), 48, 72),
        (Outcome(None, ErrorKind.CONNECT_TIMEOUT), 48, 72),
        (Outcome(503, "status", retry_after_s=8), 8, 8),
        (Outcome(503, "status", retry_after_s=1), 5, 5),
        (Outcome(503, "status", retry_after_s=10 * 365 * 86400), 10, 10),
        (Outcome(429, "status", retry_after_s=1000), 120, 120),
    ],
)
def test_waits_are_held_in_their_limits(
    outcome: Outcome, least: float, most: float
) -> None:
    for _ in range(20):
        assert least <= wait_s(STEPS_S, 1, outcome) <= most


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120.0),
        ("Sun, 01 Mar 2026 12:00:30 GMT", 30.0),
        ("Sun, 01 Mar 2020 12:00:30 GMT", 0.0),
        ("Sun, 01 Mar 9999 12:00:30 GMT", pytest.approx(2.5e11, rel=0.1)),
        ("soon", None),
        ("-5", None),
        ("²", None),
        ("Sun, 01 Mar 2026 12:00:30", None),
    ],
)
def test_retry_after_is_read_or_left(text: str, seconds: Any) -> None:
    assert retry_after_s(text, T0) == seconds


def test_gone_disables_at_once_and_its_user_is_told(endpoint: Endpoint) -> None:
    _take(endpoint, 3)
    _came(_claim(T0, run=1), Outcome(410, "status"), T0)
    endpoint.refresh_from_db()
    assert (endpoint.disabled_at, endpoint.disabled_reason) == (T0, "gone")
    assert set(Delivery.objects.values_list("state", flat=True)) == {"disabled"}
    for _ in range(2):
        _sweep(T0)
    assert [one.subject for one in mail.outbox] == ["Keyfob: a webhook was disabled"]
    assert AuditEntry.objects.filter(action="webhook.disabled").count() == 1
    assert _claim(T0 + HOUR) == []


def test_circuit_lets_one_probe_through(endpoint: Endpoint) -> None:
    _take(endpoint, 30)
    now = T0
    for number in range(5):
        now = T0 + timedelta(minutes=number)
        _came(_claim(now, run=1), BAD, now)
    endpoint.refresh_from_db()
    assert endpoint.closed_until is not None
    closed_s = (endpoint.closed_until - now).total_seconds()
    assert 0.8 * CIRCUIT_STEPS_S[0] <= closed_s <= 1.2 * CIRCUIT_STEPS_S[0]
    assert _claim(endpoint.closed_until - timedelta(seconds=1)) == []
    probe = _claim(endpoint.closed_until)
    assert len(probe) == 1
    _came(probe, OK, endpoint.closed_until)
    rest = _claim(endpoint.closed_until)
    names = [one.message_id for one in rest]
    # All are due at once, the oldest first.
    assert names == sorted(names)
    assert len(names) == 10


AWAY = Outcome(None, ErrorKind.REFUSED)


def _deliver(
    now: datetime, until: datetime, answer: Callable[[str, datetime], Outcome]
) -> tuple[list[str], datetime]:
    """Deliver as time goes by; return what was accepted, and when nothing waited.

    What follows a failure in its run is given back, as the deliverer does.
    """
    accepted: list[str] = []
    while now < until and Delivery.objects.filter(state="pending").exists():
        _sweep(now)
        claimed = _claim(now)
        while claimed:
            one, *rest = claimed
            outcome = answer(one.message_id, now)
            _came([one], outcome, now)
            if outcome.has_worked:
                accepted.append(one.message_id)
            else:
                queue.release([left.delivery_id for left in rest])
                rest = []
            claimed = rest or _claim(now)
        is_early = now < T0 + timedelta(minutes=1)
        now += timedelta(seconds=5) if is_early else timedelta(minutes=29)
    return accepted, now


def test_all_arrives_in_order_that_waited_for_a_receiver_away_for_23_hours(
    endpoint: Endpoint,
) -> None:
    _take(endpoint, 25)
    back_at = T0 + 23 * HOUR
    accepted, done_at = _deliver(
        T0, T0 + 25 * HOUR, lambda _, now: AWAY if now < back_at else OK
    )
    assert accepted == [f"msg_{n:04}" for n in range(25)]
    # Somebody looks each hour, however late the oldest one's next try is.
    assert done_at <= back_at + 2 * HOUR
    endpoint.refresh_from_db()
    assert endpoint.is_sending


def test_one_failure_does_not_change_the_order(endpoint: Endpoint) -> None:
    _take(endpoint, 12)
    answers = iter([OK, BAD])
    accepted, _ = _deliver(T0, T0 + HOUR, lambda *_: next(answers, OK))
    assert accepted == [f"msg_{n:04}" for n in range(12)]


def test_event_that_is_never_accepted_does_not_hold_up_the_others(
    endpoint: Endpoint,
) -> None:
    _take(endpoint, 12)
    refused = Outcome(400, ErrorKind.STATUS)
    accepted, _ = _deliver(
        T0, T0 + HOUR, lambda name, _: refused if name == "msg_0003" else OK
    )
    assert accepted == [f"msg_{n:04}" for n in range(12) if n != 3]
    others = Delivery.objects.filter(state="ok")
    assert {one.done_at for one in others if one.message_id > "msg_0003"} < {
        T0 + timedelta(seconds=seconds) for seconds in range(30)
    }


def test_event_that_is_never_accepted_keeps_its_schedule_among_others(
    endpoint: Endpoint,
) -> None:
    _take(endpoint, 1)
    for number in range(40):
        now = T0 + timedelta(seconds=number)
        _came(_claim(now), BAD, now)
        _data(endpoint, OK, now)
    assert Delivery.objects.get().tries <= len(STEPS_S)


def test_test_is_sent_before_what_is_held_up(endpoint: Endpoint) -> None:
    _take(endpoint, 20)
    _came(_claim(T0, run=1), AWAY, T0)
    assert _claim(T0) == []
    endpoints.test(endpoint, "state")
    Delivery.objects.filter(purpose="test").update(next_at=T0)
    tried = _claim(T0)
    assert [one.purpose for one in tried] == ["test"]
    _came(tried, AWAY, T0)
    Delivery.objects.update(next_at=T0)
    endpoints.test(endpoint, "state")
    Delivery.objects.filter(purpose="test").update(next_at=T0)
    assert [one.purpose for one in _claim(T0)][:2] == ["test", ""]


def test_what_is_sent_again_by_hand_is_not_held_up(endpoint: Endpoint) -> None:
    _take(endpoint, 2)
    _came(_claim(T0, run=1), AWAY, T0)
    later = timezone.now() + 8 * HOUR
    Delivery.objects.update(next_at=later)
    Endpoint.objects.update(closed_until=later)
    last = Delivery.objects.get(message_id="msg_0001")
    deliveries.resend(endpoint.user, last.pk)
    names = [one.message_id for one in _claim(timezone.now())]
    assert names == ["msg_0000", "msg_0001"]


def test_paused_endpoint_keeps_its_events_and_gets_tests(endpoint: Endpoint) -> None:
    _take(endpoint)
    endpoints.pause(endpoint)
    assert _claim(T0) == []
    endpoints.test(endpoint, "data")
    Delivery.objects.update(next_at=T0)
    claimed = _claim(T0)
    assert [one.purpose for one in claimed] == ["test"]
    _came(claimed, BAD, T0)
    endpoint.refresh_from_db()
    assert endpoint.first_failure_at is None
    assert Delivery.objects.get(purpose="test").state == "failed"
    endpoints.resume(endpoint)
    assert [one.purpose for one in _claim(T0)] == [""]


def test_accepted_test_of_a_failing_endpoint_wakes_what_waits(
    endpoint: Endpoint,
) -> None:
    _take(endpoint)
    _came(_claim(T0), BAD, T0)
    Endpoint.objects.update(consecutive_failures=9, closed_until=T0 + HOUR)
    for outcome, waiting in ((BAD, []), (OK, [""])):
        endpoints.test(endpoint, "data")
        Delivery.objects.filter(attempts=0).update(next_at=T0)
        _came(_claim(T0), outcome, T0)
        assert [one.purpose for one in _claim(T0)] == waiting
    endpoint.refresh_from_db()
    assert (endpoint.first_failure_at, endpoint.consecutive_failures) == (T0, 9)


def test_disabled_after_exactly_a_day_of_failures(endpoint: Endpoint) -> None:
    _fail_hourly(endpoint, range(24))
    _sweep(T0 + timedelta(hours=23, minutes=59, seconds=59))
    endpoint.refresh_from_db()
    assert endpoint.is_sending
    _sweep(T0 + timedelta(hours=24))
    endpoint.refresh_from_db()
    assert (endpoint.disabled_reason, endpoint.is_sending) == ("failing", False)
    for _ in range(3):
        _sweep(T0 + timedelta(hours=25))
    subjects = [one.subject for one in mail.outbox]
    assert subjects.count("Keyfob: a webhook was disabled") == 1


def test_letters_come_after_one_and_twelve_hours_once(endpoint: Endpoint) -> None:
    _fail_hourly(endpoint, [0])
    told = []
    for hour in (0.9, 1, 1.5, 11.9, 12, 13):
        _look_until(endpoint, hour)
        told.append(len(mail.outbox))
    assert told == [0, 1, 1, 1, 2, 2]
    text = str(mail.outbox[0].body)
    assert "hooks.example.com" in text
    assert "status 500" in text
    assert mail.outbox[0].to == ["alice@example.com"]


def test_nobody_is_written_to_without_an_address(endpoint: Endpoint) -> None:
    User.objects.update(email=None)
    _fail_hourly(endpoint, [0])
    _sweep(T0 + HOUR)
    assert mail.outbox == []


def test_one_success_begins_the_day_anew(endpoint: Endpoint) -> None:
    _fail_hourly(endpoint, range(23))
    _data(endpoint, OK, T0 + 23 * HOUR)
    endpoint.refresh_from_db()
    assert (endpoint.first_failure_at, endpoint.notices) == (None, 0)
    _fail_hourly(endpoint, [24])
    _sweep(T0 + 25 * HOUR)
    endpoint.refresh_from_db()
    assert endpoint.is_sending


def test_resumed_endpoint_has_a_whole_day(endpoint: Endpoint) -> None:
    _fail_hourly(endpoint, range(24))
    _sweep(T0 + 24 * HOUR)
    endpoint.refresh_from_db()
    endpoints.resume(endpoint)
    _fail_hourly(endpoint, [25])
    _sweep(T0 + 26 * HOUR)
    endpoint.refresh_from_db()
    assert endpoint.is_sending


def test_silence_disables_nobody_and_probes_decide(endpoint: Endpoint) -> None:
    _sweep(T0 + timedelta(days=30))
    endpoint.refresh_from_db()
    assert endpoint.is_sending
    _fail_hourly(endpoint, [0])
    probes, now = 0, T0
    while endpoint.disabled_at is None and now < T0 + timedelta(days=2):
        now += timedelta(minutes=30)
        _sweep(now)
        claimed = _claim(now)
        probes += len(claimed)
        _came(claimed, BAD, now)
        endpoint.refresh_from_db()
    assert endpoint.disabled_at is not None
    assert timedelta(hours=24) <= endpoint.disabled_at - T0 < timedelta(hours=25)
    assert 22 <= probes <= 24
    assert set(Message.objects.values_list("topic", flat=True)) == {"ping"}
    assert '"ping":true' in Message.objects.all()[0].body


def test_late_failure_of_a_quiet_endpoint_is_not_a_day_of_them(
    endpoint: Endpoint,
) -> None:
    _fail_hourly(endpoint, [0])
    # Nothing ran for a day: no deliverer, no probe.
    _sweep(T0 + 26 * HOUR)
    endpoint.refresh_from_db()
    assert endpoint.is_sending


def test_waiting_event_is_the_probe(endpoint: Endpoint) -> None:
    _take(endpoint, 2)
    _came(_claim(T0, run=1), BAD, T0)
    Delivery.objects.update(next_at=T0 + 8 * HOUR)
    Endpoint.objects.update(closed_until=T0 + 8 * HOUR)
    assert _claim(T0 + HOUR) == []
    _sweep(T0 + HOUR)
    assert [one.message_id for one in _claim(T0 + HOUR)] == ["msg_0000"]
    assert Message.objects.filter(topic="ping").count() == 0


def test_our_own_outage_stops_the_clock(endpoint: Endpoint) -> None:
    _fail_hourly(endpoint, [0])
    for hour in range(1, 11):
        _fail_hourly(endpoint, [hour], looking=False)
        _sweep(T0 + hour * HOUR, line_is_down=True)
    _fail_hourly(endpoint, range(11, 25), looking=False)
    _sweep(T0 + 25 * HOUR)
    endpoint.refresh_from_db()
    assert endpoint.is_sending
    # From the first look to the one that found it over.
    assert endpoint.outage_s == 24 * 3600
    _fail_hourly(endpoint, range(25, 48))
    _sweep(T0 + timedelta(hours=48))
    endpoint.refresh_from_db()
    assert not endpoint.is_sending


def test_what_we_cannot_open_disables_nobody(endpoint: Endpoint) -> None:
    unread = Outcome(None, ErrorKind.SECRETS)
    _fail_hourly(endpoint, range(4))
    for hour in range(4, 40):
        _data(endpoint, unread, T0 + hour * HOUR)
        _look_until(endpoint, hour + 0.5)
    endpoint.refresh_from_db()
    assert endpoint.is_sending
    # What came before and after is the receiver's own.
    _fail_hourly(endpoint, range(40, 60))
    endpoint.refresh_from_db()
    assert endpoint.is_sending
    assert endpoint.outage_s == 36 * 3600
    _sweep(T0 + 60 * HOUR)
    endpoint.refresh_from_db()
    assert endpoint.disabled_reason == "failing"


def test_line_is_down_when_most_cannot_be_reached(alice: User) -> None:
    made = [endpoints.add(alice, f"https://hooks.example.com/{n}")[0] for n in range(5)]
    assert not _line(T0).is_doubtful
    for one in made[:2]:
        _data(one, Outcome(None, ErrorKind.DNS), T0)
    for one in made[2:4]:
        _data(one, Outcome(500, ErrorKind.STATUS), T0)
    line = _line(T0)
    assert (line.is_doubtful, line.is_down) == (True, False)
    _data(made[4], Outcome(None, ErrorKind.UNREACHABLE), T0)
    assert _line(T0).is_down
    # Who fails is tried again an hour later at times, and the line is doubted until then.
    assert _line(T0 + HOUR).is_down
    for one in made:
        _data(one, OK, T0 + HOUR)
    assert not _line(T0 + HOUR).is_doubtful
    _data(made[0], Outcome(None, ErrorKind.DNS), T0 + HOUR)
    found = [_line(T0 + hours * HOUR) for hours in (1, 2)]
    assert [(one.tried, one.out_of_reach) for one in found] == [(5, 1), (1, 1)]


def test_line_that_was_down_is_doubted_until_it_answers(alice: User) -> None:
    made = [endpoints.add(alice, f"https://hooks.example.com/{n}")[0] for n in range(2)]
    for one in made:
        _data(one, Outcome(None, ErrorKind.TIMEOUT), T0)
    assert not _line(T0).is_doubtful
    _sweep(T0, line_is_down=True)
    assert _line(T0).is_doubtful
    _sweep(T0, line_is_down=False)
    assert not _line(T0).is_doubtful
    # A pause stops the clock too, and says nothing of the line.
    endpoints.pause(made[0])
    _sweep(T0)
    assert Endpoint.objects.exclude(outage_at=None).get() == made[0]
    assert not _line(T0).is_doubtful
    _sweep(T0, line_is_down=True)
    assert not sweeping.line(T0, allowed=set()).is_doubtful


@pytest.mark.parametrize("line_works", [False, True])
def test_long_outage_of_our_own_disables_nobody(
    endpoint: Endpoint, *, line_works: bool
) -> None:
    _take(endpoint, 60)
    now, unreachable = T0, Outcome(None, ErrorKind.DNS)
    while now < T0 + 40 * HOUR and endpoint.disabled_at is None:
        _came(_claim(now), unreachable, now)
        is_down = _line(now).is_doubtful and not line_works
        _sweep(now, line_is_down=is_down)
        endpoint.refresh_from_db()
        now += timedelta(minutes=15)
    if line_works:
        assert endpoint.disabled_at is not None
        assert timedelta(hours=24) <= endpoint.disabled_at - T0 < timedelta(hours=26)
        assert len(mail.outbox) == 3
    else:
        assert (endpoint.is_sending, mail.outbox) == (True, [])
        assert endpoint.outage_s >= 39 * 3600


def test_old_events_expire_and_old_rows_go(endpoint: Endpoint) -> None:
    _take(endpoint, 1)
    sweeping.tidy(T0 + timedelta(days=3))
    assert Delivery.objects.get().state == "pending"
    sweeping.tidy(T0 + timedelta(days=3, seconds=1))
    assert Delivery.objects.get().state == "expired"
    _data(endpoint, OK, T0, count=130)
    assert Attempt.objects.count() == queue.MOST_LOGGED
    for _ in range(11):
        _data(endpoint, OK, T0, count=10)
    sweeping.tidy(T0)
    assert Attempt.objects.count() == 100
    kept = timedelta(days=settings.WEBHOOKS_KEPT_DAYS)
    Message.objects.update(created_at=T0)
    sweeping.tidy(T0 + kept + timedelta(seconds=1))
    assert Message.objects.count() == Attempt.objects.count() == 0


def test_drops_are_counted(endpoint: Endpoint) -> None:
    queue.finish([], {endpoint.pk: 7, UUID(int=0): 3}, T0)
    endpoint.refresh_from_db()
    assert endpoint.dropped_count == 7


def test_what_came_for_a_removed_endpoint_is_forgotten(endpoint: Endpoint) -> None:
    _take(endpoint)
    claimed = _claim(T0)
    endpoints.remove(endpoint)
    _came(claimed, BAD, T0)
    assert Attempt.objects.count() == Delivery.objects.count() == 0


def test_headers_of_the_person_are_masked_in_the_log(alice: User) -> None:
    endpoint, _ = endpoints.add(
        alice, "https://hooks.example.com/b", headers={"X-Key": "hidden"}
    )
    target = target_of(endpoint)
    tried = Tried(
        endpoint.pk,
        "msg_1",
        "data",
        VIN,
        OK,
        T0,
        headers={"webhook-id": "msg_1"},
        usual_headers=target.shown_headers,
        body=b"x" * 9000,
    )
    queue.finish([tried], {}, T0)
    attempt = Attempt.objects.get()
    assert attempt.request_headers == {
        "X-Key": "•••",
        "Content-Type": "application/json",
        "Accept-Encoding": "identity",
        "User-Agent": "Keyfob-Webhooks/1",
        "webhook-id": "msg_1",
    }
    assert len(attempt.request_excerpt) == 4096
    assert "hidden" not in repr(tried)


def test_other_endpoints_are_claimed_beside_a_dead_one(endpoint: Endpoint) -> None:
    _take(endpoint, 200)
    bob = make_user("bob@example.com")
    well, _ = endpoints.add(bob, "https://hooks.example.com/b")
    _take(well, 1, first=900)
    Endpoint.objects.filter(pk=endpoint.pk).update(
        closed_until=T0 + HOUR, consecutive_failures=9
    )
    assert [one.endpoint_id for one in _claim(T0)] == [well.pk]
