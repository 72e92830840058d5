"""The newest that is known of a product, as one account may see it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson
import redis
from redis import asyncio as redis_async

from events import shapes
from events.errors import Unavailable
from events.event import Event, Topic
from events.store import BORN, CAME, CURSOR, VALUE, latest_key

_TOPICS = frozenset(topic.value for topic in Topic)


@dataclass(frozen=True, slots=True)
class Latest:
    """The newest value of a signal: when it was born, its JSON, when it came here.

    `came` is a cursor: it grows with everything that comes of the product.
    """

    at_ms: int
    value: bytes
    came: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is known of a product: signals by name, other events by topic.

    `cursor` is that of the newest; `came` that of each topic in `others`.
    """

    product: str
    cursor: int = 0
    signals: Mapping[str, Latest] = field(default_factory=dict)
    others: Mapping[Topic, Event] = field(default_factory=dict)
    came: Mapping[Topic, int] = field(default_factory=dict)

    def data(self) -> Event | None:
        """Return all signals as one event, None where none is known."""
        if not self.signals:
            return None
        signals = tuple((name, known.value) for name, known in self.signals.items())
        at_ms = max(known.at_ms for known in self.signals.values())
        return shapes.data_of(self.product, signals, at_ms)


def snapshot(client: redis.Redis, account_id: UUID, product: str) -> Snapshot:
    """Return what is known. Raises `Unavailable`."""
    try:
        found: Any = client.hgetall(latest_key(account_id, product))
    except (redis.RedisError, OSError) as error:
        raise Unavailable(type(error).__name__) from error
    return _read(product, found)


async def snapshots_async(
    client: redis_async.Redis, asked: Iterable[tuple[UUID, str]]
) -> list[Snapshot]:
    """Return what is known of each account's product. Raises `Unavailable`."""
    pairs = list(asked)
    try:
        async with client.pipeline(transaction=False) as pipeline:
            for account_id, product in pairs:
                pipeline.hgetall(latest_key(account_id, product))
            found: list[Any] = await pipeline.execute()
    except (redis.RedisError, OSError) as error:
        raise Unavailable(type(error).__name__) from error
    return [_read(product, one) for (_, product), one in zip(pairs, found, strict=True)]


async def snapshot_async(
    client: redis_async.Redis, account_id: UUID, product: str
) -> Snapshot:
    """Return what is known. Raises `Unavailable`."""
    (found,) = await snapshots_async(client, [(account_id, product)])
    return found


def products(client: redis.Redis, account_id: UUID) -> list[str]:
    """Return the products of which an account is known something.

    Looks through all keys. Raises `Unavailable`.
    """
    begin = latest_key(account_id, "")
    try:
        found = list(client.scan_iter(f"{begin}*", count=1000))
    except (redis.RedisError, OSError) as error:
        raise Unavailable(type(error).__name__) from error
    return sorted(name.decode().removeprefix(begin) for name in found)


def forget_parts(
    client: redis.Redis,
    account_id: UUID,
    product: str,
    *,
    signals: Iterable[str] = (),
    topics: Iterable[Topic] = (),
) -> None:
    """Forget some signals and topics of a product. Raises `Unavailable`."""
    names = [f"s:{name}" for name in signals] + [f"t:{topic.value}" for topic in topics]
    try:
        client.hdel(latest_key(account_id, product), *names)
    except (redis.RedisError, OSError) as error:
        raise Unavailable(type(error).__name__) from error


def forget(client: redis.Redis, account_id: UUID, products: Iterable[str]) -> None:
    """Forget what is known of products, for one account. Raises `Unavailable`."""
    names = [latest_key(account_id, product) for product in products]
    try:
        if names:
            client.delete(*names)
    except (redis.RedisError, OSError) as error:
        raise Unavailable(type(error).__name__) from error


def _read(product: str, found: Mapping[bytes, bytes]) -> Snapshot:
    signals: dict[str, Latest] = {}
    others: dict[Topic, Event] = {}
    came: dict[Topic, int] = {}
    for field_name, text in found.items():
        kind, _, name = field_name.decode().partition(":")
        if kind == "s":
            if "\\" in name:
                name = orjson.loads(f'"{name}"')
            signals[name] = Latest(int(text[BORN]), text[VALUE], int(text[CAME]))
        elif kind == "t" and name in _TOPICS:
            topic = Topic(name)
            others[topic] = Event(topic, product, text[VALUE], int(text[BORN]))
            came[topic] = int(text[CAME])
    return Snapshot(
        product, int(found.get(b"came", b"0")[CURSOR]), signals, others, came
    )
