"""Telling accounts what happened, after the change is kept."""

from typing import Any

import pytest
import redis
from pytest_django import Settings

from accounts.models import User
from events import channel, shapes
from events.event import Entry
from tests.fixtures.events import During, of, read
from tokens import tasks
from tokens.services import news

VIN = "5YJ3E1EA4PF000001"


def state(user: User, value: str, at_ms: int = 1_000) -> Entry:
    return Entry(user.pk, shapes.state(VIN, value, at_ms))


def test_what_is_told_is_heard_by_its_account(
    alice: User, bob: User, during: During
) -> None:
    told = during(lambda: news.tell([state(alice, "online")]))
    assert [one["state"] for one in of(told, alice)] == ["online"]
    assert of(told, bob) == []
    assert during(lambda: news.tell([])) == []


def test_same_thing_is_told_once_whenever_it_is_said(
    alice: User, during: During
) -> None:
    def say(value: str, at_ms: int) -> int:
        return len(during(lambda: news.tell_changed([state(alice, value, at_ms)])))

    assert [say("online", 1), say("online", 2), say("asleep", 3)] == [1, 0, 1]


def test_what_is_too_long_for_clients_is_left_out(
    alice: User, during: During, caplog: pytest.LogCaptureFixture
) -> None:
    event = shapes.vehicle_data(VIN, {"long": "x" * 130_000}, 1)
    assert during(lambda: news.tell([Entry(alice.pk, event)])) == []
    assert "too long to be told" in caplog.text


def test_redis_that_is_away_hurts_nobody(alice: User, settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/1"
    assert news.publish([state(alice, "online")]) is False
    assert news.newest(alice.pk, VIN).signals == {}
    tasks.forget_old_events()


def test_timer_drops_old_events(alice: User, events_redis: redis.Redis) -> None:
    news.publish([state(alice, "online")])
    old: Any = {"a": alice.pk.hex, "p": VIN, "t": "data", "b": "{}"}
    shard = channel.shard_of(alice.pk)
    events_redis.xadd(channel.key((shard + 1) % channel.SHARDS), old, id="1-0")
    assert len(read(events_redis)) == 2
    tasks.forget_old_events()
    assert [body["state"] for body in of(read(events_redis), alice)] == ["online"]
