"""The deliverer from the streams to the receiver."""

import pytest
import redis
import standardwebhooks
from django.conf import settings

from accounts.models import User
from events import channel, shapes
from tests.webhooks.receiver import Receiver
from tests.webhooks.running import VIN, entry, run, world
from webhooks.models import Attempt, Delivery, Endpoint

pytestmark = pytest.mark.django_db(transaction=True)


def test_event_becomes_rows_and_arrives_signed(
    committed_alice: User, store: "redis.Redis"
) -> None:
    receiver = Receiver()

    async def main() -> tuple[str, bytes]:
        async with world(receiver) as one:
            _, secret = await one.add(committed_alice)
            event = shapes.state(VIN, "online", 1_700_000_000_123)
            channel.publish(store, [entry(committed_alice, event)])
            await one.until(lambda: len(receiver.requests) == 1)
            await one.until_rows(
                lambda: Delivery.objects.filter(state="ok").count() == 1
            )
        return secret, event.body

    secret, body = run(main())
    request = receiver.requests[0]
    assert request.body == body
    assert standardwebhooks.Webhook(secret).verify(body.decode(), request.headers)
    attempt = Attempt.objects.get()
    assert (attempt.http_status, attempt.error_kind) == (200, "")
    assert attempt.response_excerpt == "ok"
    delivery = Delivery.objects.get()
    assert (delivery.message_id, delivery.attempts) == (request.name, 1)
    assert Endpoint.objects.get().last_success_at is not None


def test_data_goes_past_the_rows(committed_alice: User, store: "redis.Redis") -> None:
    receiver = Receiver()

    async def main() -> bytes:
        async with world(receiver) as one:
            await one.add(committed_alice)
            event = shapes.data(VIN, {"Gear": "ShiftStateP"}, 1_700_000_000_123)
            channel.publish(store, [entry(committed_alice, event)])
            await one.until(lambda: len(receiver.requests) == 1)
        return event.body

    body = run(main())
    assert receiver.requests[0].body == body
    assert Delivery.objects.count() == 0
    attempt = Attempt.objects.get()
    assert (attempt.topic, attempt.request_excerpt) == ("data", body.decode())
    assert attempt.delivery is None
    for shard in range(channel.SHARDS):
        pending = store.xpending(channel.key(shard), "webhooks")
        assert pending["pending"] == 0  # type: ignore[index]
    assert settings.REDIS_URL.startswith("unix")
