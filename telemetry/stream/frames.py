"""Write events as server-sent events: one line of JSON, never longer than clients read.

No event has an id: a listener that returns gets what is known, and nothing older.
"""

import logging
from collections.abc import Iterable, Iterator

import orjson

from events import shapes
from events.event import Event, Topic
from events.latest import Snapshot
from telemetry.stream.asked import Asked

_log = logging.getLogger(__name__)
RETRY = b"retry: 1000\n\n"
KEEP_ALIVE = b"\n"
MOST_BYTES = 128 * 1024
_AROUND = len(b"data: \n\n")
# In this order clients' tests look for them.
_ORDER = {
    topic: place
    for place, topic in enumerate(
        (
            Topic.STATE,
            Topic.DATA,
            Topic.CONNECTIVITY,
            Topic.ALERTS,
            Topic.ERRORS,
            Topic.VEHICLE_DATA,
            Topic.CONFIG,
            Topic.LIVE_STATUS,
            Topic.SITE_INFO,
            Topic.TARIFF_CONTENT_V2,
            Topic.ENERGY_TOTALS,
            Topic.WALL_CONNECTOR_TOTALS,
            Topic.CREDITS,
        )
    )
}


class TooLong:
    """How many events were left out because no client could read them."""

    count = 0


def frame(topic: Topic, body: bytes, asked: Asked) -> bytes:
    """Return an event as it is sent to who asked so; b"" when nothing is left of it.

    An event of data that is too long goes in several.
    """
    if asked.signal:
        body = _only(body, asked.signal)
        if not body:
            return b""
    if asked.text_ids:
        body = shapes.with_text_id(topic, body)
    if len(body) + _AROUND < MOST_BYTES:
        return b"data: %b\n\n" % body
    return b"".join(b"data: %b\n\n" % part for part in _parts(topic, body))


def known(snapshots: Iterable[Snapshot], asked: Asked) -> bytes:
    """Return what is known as events that say so."""
    found: list[tuple[int, bytes]] = []
    for snapshot in snapshots:
        for event in _events(snapshot):
            if asked.topics is not None and event.topic not in asked.topics:
                continue
            if asked.signal and event.topic is not Topic.DATA:
                continue
            body = shapes.cached(event.body)
            if event.topic is Topic.CREDITS:
                body = _as_snapshot(event)
            found.append((_ORDER[event.topic], frame(event.topic, body, asked)))
    found.sort(key=lambda one: one[0])
    return b"".join(text for _, text in found)


def _events(snapshot: Snapshot) -> Iterator[Event]:
    data = snapshot.data()
    if data is not None:
        yield data
    yield from snapshot.others.values()


def _as_snapshot(event: Event) -> bytes:
    content = orjson.loads(event.body)
    facts = {"type": "snapshot", "cost": 0, "name": "snapshot"}
    content["credits"] = {**content["credits"], **facts}
    return shapes.cached(orjson.dumps(content))


def _only(body: bytes, signal: str) -> bytes:
    content = orjson.loads(body)
    values = content.get("data") or {}
    if signal not in values:
        return b""
    content["data"] = {signal: values[signal]}
    return orjson.dumps(content)


def _parts(topic: Topic, body: bytes) -> Iterator[bytes]:
    """Yield an event's data signal by signal, as many at a time as fit."""
    if topic is not Topic.DATA:
        _leave_out(topic, body)
        return
    content = orjson.loads(body)
    values = content.pop("data")
    empty = {**content, "data": {}}
    room = MOST_BYTES - _AROUND - len(orjson.dumps(empty)) - 1
    part: dict[str, object] = {}
    size = 0
    for name, value in values.items():
        length = len(orjson.dumps({name: value}))
        if length > room:
            _leave_out(topic, body)
            continue
        if part and size + length > room:
            yield orjson.dumps({**content, "data": part})
            part, size = {}, 0
        part[name] = value
        size += length
    if part:
        yield orjson.dumps({**content, "data": part})


def _leave_out(topic: Topic, body: bytes) -> None:
    TooLong.count += 1
    _log.warning(
        "an event of %s with %d bytes is too long for clients and was left out"
        " (%d so far)",
        topic.value,
        len(body),
        TooLong.count,
    )
