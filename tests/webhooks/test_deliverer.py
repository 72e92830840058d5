"""The deliverer from the streams to the receiver."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
import redis
import standardwebhooks
from django.conf import settings
from django.utils import timezone

from accounts.models import User
from events import channel, shapes
from events.event import Event
from events.store import STREAMS
from tests.webhooks.making import make_endpoint
from tests.webhooks.receiver import OK, Receiver, status
from tests.webhooks.running import VIN, entry, run, sender, world
from webhooks.models import Attempt, Delivery, Endpoint, Message
from webhooks.services import deliveries, endpoints
from webhooks.services.forgetting import forget

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
    for shard in range(STREAMS):
        pending = store.xpending(channel.key(shard), "webhooks")
        assert pending["pending"] == 0
    assert settings.REDIS_URL.startswith("unix")


def _publish(store: "redis.Redis", user: User, *events: Event) -> None:
    channel.publish(store, [entry(user, event) for event in events])


def _state(number: int) -> Event:
    return shapes.state(VIN, "online", 1_700_000_000_000 + number)


def _data(number: int, vin: str = VIN, **values: Any) -> Event:
    return shapes.data(vin, values or {"Odometer": number}, 1_700_000_000_000 + number)


def test_retry_keeps_name_and_body_and_signs_anew(
    committed_alice: User, store: "redis.Redis"
) -> None:
    receiver = Receiver()
    receiver.script = [status(503)]

    async def main() -> str:
        async with world(receiver) as one:
            _, secret = await one.add(committed_alice)
            _publish(store, committed_alice, _state(1))
            await one.until(lambda: len(receiver.requests) == 1)
            await one.until_rows(lambda: Delivery.objects.filter(tries=1).exists())
            await one.database(lambda: Delivery.objects.update(next_at=timezone.now()))
            await one.until_rows(lambda: Delivery.objects.filter(state="ok").exists())
            return secret

    secret = run(main())
    first, second = receiver.requests
    assert (first.name, first.body) == (second.name, second.body)
    assert [one.headers["webhook-attempt"] for one in receiver.requests] == ["1", "2"]
    for one in (first, second):
        standardwebhooks.Webhook(secret).verify(one.body.decode(), one.headers)
    assert Endpoint.objects.get().first_failure_at is None
    assert [one.number for one in Attempt.objects.order_by("pk")] == [1, 2]


def test_event_that_telemetry_crowded_out_of_the_stream_is_told(
    committed_alice: User, store: "redis.Redis"
) -> None:
    receiver = Receiver()
    shard = channel.shard_of(committed_alice.pk)

    async def main() -> None:
        async with world(receiver) as one:
            await one.add(committed_alice)
            with store.pipeline(transaction=True) as at_once:
                _publish(at_once, committed_alice, _state(1), _data(2))
                at_once.xtrim(channel.key(shard), maxlen=0, approximate=False)
                at_once.execute()
            await one.until(lambda: len(receiver.requests) == 1)

    run(main())
    assert receiver.requests[0].body == _state(1).body


def test_rolled_secret_signs_beside_the_new_one(
    committed_alice: User, store: "redis.Redis"
) -> None:
    receiver = Receiver()

    async def main() -> list[str]:
        async with world(receiver) as one:
            made, old = await one.add(committed_alice)
            new = await one.database(endpoints.roll_secret, made)
            roster = one.deliverer.roster
            await one.until(
                lambda: len(roster.by_id[made.pk].keys(timezone.now())) == 2
            )
            _publish(store, committed_alice, _data(1))
            await one.until(lambda: len(receiver.requests) == 1)
            return [old, new]

    request = None
    for secret in run(main()):
        request = receiver.requests[0]
        standardwebhooks.Webhook(secret).verify(request.body.decode(), request.headers)
    assert request is not None
    assert request.headers["webhook-signature"].count("v1,") == 2


def test_resend_is_another_attempt_of_the_same_message(
    committed_alice: User, store: "redis.Redis"
) -> None:
    receiver = Receiver()

    async def main() -> None:
        async with world(receiver) as one:
            made, _ = await one.add(committed_alice)
            delivery = await one.database(endpoints.test, made, "alerts")
            await one.until_rows(lambda: Delivery.objects.filter(state="ok").exists())
            await one.database(deliveries.resend, committed_alice, delivery.pk)
            await one.until(lambda: len(receiver.requests) == 2)

    run(main())
    assert len(set(receiver.names())) == 1
    assert Message.objects.count() == 1


def test_events_of_an_endpoint_arrive_in_their_order(
    committed_alice: User, store: "redis.Redis"
) -> None:
    receiver = Receiver()

    async def main() -> None:
        async with world(receiver) as one:
            await one.add(committed_alice, max_rate=50)
            _publish(store, committed_alice, *[_state(n) for n in range(40)])
            await one.until(lambda: len(receiver.requests) == 40)

    run(main())
    assert receiver.names() == sorted(set(receiver.names()))
    times = [one.json["createdAt"] for one in receiver.requests]
    assert times == sorted(times)


def test_slow_receiver_does_not_delay_others(
    committed_alice: User, store: "redis.Redis"
) -> None:
    receiver, over = Receiver(), asyncio.Event()

    async def silent(writer: asyncio.StreamWriter) -> None:
        await over.wait()
        writer.write(OK)
        await writer.drain()

    receiver.paths = {"/slow": silent}

    async def main() -> None:
        async with world(receiver, sender=sender(total_s=600.0)) as one:
            await one.add(committed_alice, "/slow", max_rate=50)
            await one.add(committed_alice, "/well", max_rate=50)
            events = [e for n in range(20) for e in (_state(n), _data(n))]
            _publish(store, committed_alice, *events)
            # The slow one has answered nothing yet when all have arrived at the other.
            await one.until(lambda: len(receiver.names("/well")) == 40)
            assert receiver.names("/slow")
            receiver.paths = {}
            over.set()

    run(main())


def test_who_is_not_entitled_is_told_nothing_and_events_wait(
    committed_alice: User, store: "redis.Redis"
) -> None:
    receiver, allowed = Receiver(), {1}

    async def main() -> None:
        async with world(receiver, may_deliver=lambda _: bool(allowed)) as one:
            made, _ = await one.add(committed_alice)
            await one.database(endpoints.test, made, "state")
            await one.until(lambda: len(receiver.requests) == 1)
            allowed.clear()
            await one.until(lambda: made.pk not in one.deliverer.roster.by_id)
            await one.database(endpoints.test, made, "state")
            _publish(store, committed_alice, _data(1))
            await asyncio.sleep(0.7)
            assert len(receiver.requests) == 1
            allowed.add(1)
            await one.until(lambda: len(receiver.requests) == 2)

    run(main())


def test_car_outside_the_subscription_is_not_told_of(
    committed_alice: User, store: "redis.Redis"
) -> None:
    receiver, other = Receiver(), "5YJ3E1EA4PF000002"

    async def main() -> None:
        async with world(receiver, includes=lambda vin: vin in {"", VIN}) as one:
            await one.add(committed_alice)
            _publish(store, committed_alice, _data(1, other), _data(2))
            await one.until(lambda: len(receiver.requests) == 1)

    run(main())
    assert [one.body for one in receiver.requests] == [_data(2).body]


def test_deleted_account_is_told_nothing(
    committed_alice: User, store: "redis.Redis"
) -> None:
    receiver = Receiver()

    async def main() -> None:
        async with world(receiver) as one:
            made, _ = await one.add(committed_alice)
            await one.database(forget, committed_alice)
            await one.until(lambda: made.pk not in one.deliverer.roster.by_id)
            _publish(store, committed_alice, _data(1), _state(2))
            await asyncio.sleep(0.3)

    run(main())
    assert receiver.connections == 0
    assert Message.objects.count() == 0


def test_changed_address_gets_what_waits(
    committed_alice: User, store: "redis.Redis"
) -> None:
    receiver = Receiver()
    receiver.paths = {"/old": status(500)}

    async def main() -> None:
        async with world(receiver) as one:
            made, _ = await one.add(committed_alice, "/old")
            _publish(store, committed_alice, _state(1))
            await one.until_rows(lambda: Delivery.objects.filter(tries=1).exists())
            later = timezone.now() + timedelta(hours=8)
            await one.database(lambda: Delivery.objects.update(next_at=later))
            await one.database(endpoints.change, made, url=receiver.url("/new"))
            await one.until(lambda: len(receiver.names("/new")) == 1)

    run(main())
    assert receiver.names("/old") == receiver.names("/new")


def test_data_in_batches_is_an_array(
    committed_alice: User, store: "redis.Redis"
) -> None:
    receiver = Receiver()

    async def main() -> None:
        async with world(receiver) as one:
            await one.add(committed_alice, batch_ms=100, batch_max=100)
            _publish(store, committed_alice, *[_data(n) for n in range(30)])
            await one.until(lambda: sum(len(r.json) for r in receiver.requests) == 30)

    run(main())
    assert len(receiver.requests) <= 4
    assert sum(Attempt.objects.values_list("events", flat=True)) == 30


def test_failing_endpoint_gets_one_merged_piece_a_car(
    committed_alice: User, store: "redis.Redis"
) -> None:
    receiver = Receiver()
    receiver.default = status(500)
    other = "5YJ3E1EA4PF000002"

    async def main() -> None:
        async with world(receiver) as one:
            await one.add(committed_alice)
            _publish(store, committed_alice, _data(0))
            await one.until(lambda: len(receiver.requests) == 1)
            for number in range(1, 30):
                _publish(store, committed_alice, _data(number, Odometer=number))
            _publish(store, committed_alice, _data(30, Gear="P"), _data(31, other))
            [lane] = one.deliverer.lanes.values()
            await one.until(lambda: len(lane) == 2 or len(receiver.requests) > 3)
            receiver.default = OK
            await one.until(lambda: len(receiver.requests) >= 3)

    run(main())
    told = [one.json for one in receiver.requests[1:]]
    assert [one["data"] for one in told if one["vin"] == VIN][-1] == {
        "Odometer": 29,
        "Gear": "P",
    }
    assert Endpoint.objects.get().dropped_count == 0


def test_old_data_is_dropped_counted_and_told(
    committed_alice: User, store: "redis.Redis"
) -> None:
    receiver, ahead = Receiver(), [timedelta(hours=1)]

    def clock() -> datetime:
        return timezone.now() + ahead[0]

    async def main() -> None:
        async with world(receiver, clock=clock) as one:
            await one.add(committed_alice)
            _publish(store, committed_alice, _data(1))
            await one.until_rows(
                lambda: Endpoint.objects.filter(dropped_count=1).exists()
            )
            ahead[0] = timedelta()
            _publish(store, committed_alice, _data(2))
            await one.until_rows(Attempt.objects.exists)
            _publish(store, committed_alice, _data(3))
            await one.until(lambda: len(receiver.requests) == 2)

    run(main())
    assert [one.body for one in receiver.requests] == [_data(2).body, _data(3).body]
    told = [one.headers.get("webhook-dropped") for one in receiver.requests]
    # It is told once: what was accepted is not told again.
    assert told == ["1", None]


def test_gone_stops_data_at_once(committed_alice: User, store: "redis.Redis") -> None:
    receiver = Receiver()
    receiver.default = status(410)

    async def main() -> None:
        async with world(receiver) as one:
            await one.add(committed_alice)
            _publish(store, committed_alice, _data(1))
            await one.until_rows(
                lambda: Endpoint.objects.filter(disabled_reason="gone").exists()
            )

    run(main())
    assert len(receiver.requests) == 1


def test_two_deliverers_send_each_event_once(
    committed_alice: User, store: "redis.Redis"
) -> None:
    receiver = Receiver()

    async def main() -> None:
        async with world(receiver) as one, world(Receiver()) as two:
            for number in range(4):
                await one.add(committed_alice, f"/{number}", max_rate=50)
            await two.until(lambda: len(two.deliverer.roster.by_id) == 4)
            for number in range(15):
                _publish(store, committed_alice, _state(number), _data(number))
            await one.until(lambda: len(receiver.requests) >= 120)
            await one.until_rows(
                lambda: Delivery.objects.filter(state="ok").count() == 60
            )

    run(main())
    sent = [(one.path, one.name) for one in receiver.requests]
    assert len(sent) == len(set(sent)) == 120


def test_secrets_that_do_not_open_send_nothing(
    committed_alice: User, store: "redis.Redis"
) -> None:
    receiver = Receiver()

    async def main() -> None:
        async with world(receiver) as one:
            made, _ = await one.add(committed_alice)
            await one.database(
                lambda: Endpoint.objects.update(secret_sealed="v1:gone:AAAA")
            )
            roster = one.deliverer.roster
            await one.until(lambda: not roster.by_id[made.pk].keys(timezone.now()))
            _publish(store, committed_alice, _data(1))
            await one.until_rows(Attempt.objects.exists)

    run(main())
    assert Attempt.objects.all()[0].error_kind == "secrets_unreadable"
    assert receiver.connections == 0


@pytest.mark.parametrize("line_works", [False, True])
def test_endpoint_is_disabled_only_while_the_line_works(
    committed_alice: User, store: "redis.Redis", *, line_works: bool
) -> None:
    now = timezone.now()
    # All that disables an endpoint is there before anybody looks at it.
    make_endpoint(
        committed_alice,
        first_failure_at=now - timedelta(hours=30),
        last_attempt_at=now,
        swept_at=now,
        last_error_kind="dns",
        consecutive_failures=99,
        failed_hours=24,
    )
    found = Endpoint.objects.exclude(outage_at=None, disabled_at=None)

    async def works() -> bool:
        return line_works

    async def main() -> None:
        async with world(line_works=works) as one:
            await one.until_rows(found.exists)

    run(main())
    assert Endpoint.objects.get().is_sending is not line_works


def test_stop_waits_for_the_answer_of_what_is_sent(
    committed_alice: User, store: "redis.Redis"
) -> None:
    receiver = Receiver()

    async def late(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.3)
        writer.write(OK)
        await writer.drain()

    receiver.default = late

    async def main() -> None:
        async with world(receiver) as one:
            await one.add(committed_alice, kinds=["state", "data"])
            _publish(store, committed_alice, _state(1), _data(2))
            await one.until(lambda: len(receiver.requests) == 2)

    run(main())
    assert Delivery.objects.get().state == "ok"
    assert Attempt.objects.count() == 2
