"""The door for notifications: stored once, answered at once, whatever they tell."""

import json
import time
from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from billing import tasks
from billing.models import ProviderEvent, Subscription
from billing.services import checkouts, providers
from simulator.paddle.testing import RunningPaddle
from tests.fixtures.billing import TWO_AND_ONE, WEBHOOK, post

pytestmark = pytest.mark.django_db
Rung = Callable[[], list[tuple[str, list[object]]]]


def send(paddle: RunningPaddle, body: bytes) -> int:
    signature = paddle.desk.sender.signature(body, time.time())
    response = Client().post(
        WEBHOOK, body, "application/json", headers={"Paddle-Signature": signature}
    )
    return response.status_code


@pytest.mark.django_db(transaction=True)
def test_notification_is_kept_and_rung_for_without_a_worker(
    paddle: RunningPaddle, alice: User, rung: Rung
) -> None:
    checkout = checkouts.begin(alice, "paddle", TWO_AND_ONE)
    paddle.pay(checkout.transaction_id)
    began = time.monotonic()
    statuses = {post(paddle, one) for one in paddle.notifications}
    assert (time.monotonic() - began) / len(paddle.notifications) < 1
    assert statuses == {200}
    assert ProviderEvent.objects.count() == len(paddle.notifications)
    assert Subscription.objects.count() == 0
    assert {name for name, _ in rung()} == {"billing.tasks.apply_events"}
    tasks.apply_events()
    assert Subscription.objects.get().user == alice


def test_same_notification_twice_is_kept_once(
    paddle: RunningPaddle, alice: User
) -> None:
    checkouts.begin(alice, "paddle", TWO_AND_ONE)
    (one, *_) = paddle.notifications
    assert [post(paddle, one) for _ in range(2)] == [200, 200]
    assert ProviderEvent.objects.filter(event_id=one.event_id).count() == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"\xff",
        b"{}",
        b'{"event_id": "evt_1", "event_type": "x"}',
        b'{"event_id": "evt_1", "event_type": "x", "occurred_at": "soon"}',
        b'{"event_id": 5, "event_type": "x", "occurred_at": "2026-01-01T00:00:00Z"}',
    ],
)
def test_signed_nonsense_is_refused(paddle: RunningPaddle, body: bytes) -> None:
    assert send(paddle, body) == 400
    assert ProviderEvent.objects.count() == 0


def test_unsigned_notification_is_refused(paddle: RunningPaddle) -> None:
    assert Client().post(WEBHOOK, b"{}", "application/json").status_code == 400


def test_get_is_refused(paddle: RunningPaddle) -> None:
    assert Client().get(WEBHOOK).status_code == 405


def test_huge_notification_is_refused_unread(paddle: RunningPaddle) -> None:
    body = b"x" * (1024 * 1024 + 1)
    assert Client().post(WEBHOOK, body, "application/json").status_code == 413


def test_event_of_an_unknown_type_is_kept_without_its_content(
    paddle: RunningPaddle,
) -> None:
    content = {
        "event_id": "evt_1",
        "event_type": "customer.updated",
        "occurred_at": "2026-01-01T00:00:00Z",
        "data": {"id": "ctm_1", "email": "alice@example.com"},
    }
    assert send(paddle, json.dumps(content).encode()) == 200
    tasks.apply_events()
    row = ProviderEvent.objects.get()
    assert (row.outcome, row.subject, row.body) == ("ignored", "ctm_1", {})


def test_other_provider_is_not_found(paddle: RunningPaddle) -> None:
    response = Client().post("/billing/webhooks/stripe", b"{}", "application/json")
    assert response.status_code == 404
    with pytest.raises(KeyError):
        providers.of("stripe")
