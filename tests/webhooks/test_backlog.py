"""Ten thousand events wait for an endpoint that is dead: the others do not notice."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
import redis
from django.utils import timezone

from accounts.models import User
from events import channel, shapes
from tests.factories import make_user
from tests.webhooks.making import make_endpoint
from tests.webhooks.receiver import Receiver, status
from tests.webhooks.running import VIN, World, entry, run, sender, world
from webhooks.models import Delivery, Endpoint, Message
from webhooks.outcomes import CIRCUIT_FAILURES
from webhooks.services.queue import RUN

pytestmark = [pytest.mark.fault, pytest.mark.django_db(transaction=True)]
BACKLOG = 10_000
EVENTS = 20


@pytest.fixture
def dead() -> Endpoint:
    """Return Bob's endpoint, paused still, for which more waits than it can take."""
    asked_at = timezone.now() - timedelta(hours=1)
    bob = make_user("bob@example.com")
    found = make_endpoint(bob, paused_at=asked_at, max_rate=50)
    body = shapes.state(VIN, "online", 1_700_000_000_000).body.decode()
    messages = [
        Message(
            id=f"msg_{number:026}",
            user_id=found.user_id,
            topic="state",
            product=VIN,
            body=body,
            occurred_at=asked_at,
        )
        for number in range(BACKLOG)
    ]
    Message.objects.bulk_create(messages, batch_size=1000)
    Delivery.objects.bulk_create(
        [
            Delivery(message=one, endpoint=found, asked_at=asked_at, next_at=asked_at)
            for one in messages
        ],
        batch_size=1000,
    )
    return found


def _publish(store: "redis.Redis", user: User, first: int) -> None:
    for number in range(first, first + EVENTS):
        event = shapes.state(VIN, "online", 1_800_000_000_000 + number)
        channel.publish(store, [entry(user, event)])


async def _arrive(one: World, count: int) -> None:
    """Wait until so many of Alice's events are delivered, and written down."""
    done = Delivery.objects.filter(endpoint__user__email="alice@example.com")
    await one.until_rows(lambda: done.filter(state="ok").count() == count)
    assert len(one.receiver.names("/well")) == count


def _leased(endpoint_id: UUID) -> int:
    rows = Delivery.objects.filter(endpoint=endpoint_id, state="pending")
    return rows.exclude(lease_until=None).count()


def test_backlog_of_a_dead_endpoint_holds_up_no_other(
    committed_alice: User, store: "redis.Redis", dead: Endpoint
) -> None:
    receiver, over = Receiver(), asyncio.Event()

    async def silent(_: asyncio.StreamWriter) -> None:
        await over.wait()

    receiver.paths = {"/dead": silent}

    async def main() -> None:
        async with world(receiver, sender=sender(total_s=600.0)) as one:
            await one.add(committed_alice, "/well", max_rate=50)
            there = Endpoint.objects.filter(pk=dead.pk)
            url = receiver.url("/dead")
            await one.database(there.update, url=url, paused_at=None)
            await one.until(lambda: len(receiver.names("/dead")) == 1)
            # While one request of the dead one has no answer, all others are answered.
            _publish(store, committed_alice, 0)
            await _arrive(one, EVENTS)
            assert len(receiver.names("/dead")) == 1
            assert await one.database(_leased, dead.pk) == RUN
            # When it fails its oldest event alone is tried again, in a while.
            receiver.paths = {"/dead": status(503)}
            over.set()
            _publish(store, committed_alice, EVENTS)
            await _arrive(one, 2 * EVENTS)
            failed = there.filter(consecutive_failures__gt=0)
            await one.until_rows(failed.exists)
            _publish(store, committed_alice, 2 * EVENTS)
            await _arrive(one, 3 * EVENTS)
            await one.until_rows(lambda: _leased(dead.pk) == 0)

    run(main())
    assert set(receiver.names("/dead")) == {f"msg_{0:026}"}
    assert len(receiver.names("/dead")) < CIRCUIT_FAILURES
    assert Delivery.objects.filter(endpoint=dead, state="pending").count() == BACKLOG
