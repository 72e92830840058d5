"""Make events: the JSON that every listener gets, encoded here and nowhere else.

Each body is one line of compact JSON that begins with `createdAt` and names its product
next; exactly one other key tells what kind it is. Times are UTC with milliseconds.

Remembered, since a busy receiver needs them thousands of times a second, and bounded:
seconds as text, products and names of signals as JSON.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import orjson

from events.event import ENERGY, Event, Signals, Topic
from events.plain import plain

_MARK = b',"isCache":true}'
_MOST_NAMES = 4096


@lru_cache(4096)
def _second(at_s: int) -> bytes:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%S").encode()


class _Names(dict[str, bytes]):
    """Names of signals as they stand in a body: `,"Soc":`; forgotten when too many."""

    def __missing__(self, name: str) -> bytes:
        if len(self) >= _MOST_NAMES:
            self.clear()
        named = self[name] = b"," + _json(name) + b":"
        return named


_named = _Names().__getitem__


@lru_cache(65536)
def _product(name: str, product: str | int) -> bytes:
    return orjson.dumps({name: product})[1:-1]


def timestamp(at_ms: int) -> str:
    """Return a time as text, such as "2026-07-28T10:15:30.000Z"."""
    return _moment(at_ms).decode()


def _moment(at_ms: int) -> bytes:
    return b"%b.%03dZ" % (_second(at_ms // 1000), at_ms % 1000)


def state(vin: str, value: str, at_ms: int) -> Event:
    """Tell that a car is "online", "offline" or "asleep"."""
    return _of_car(Topic.STATE, vin, "state", value, at_ms)


def data(vin: str, values: Mapping[str, Any], at_ms: int) -> Event:
    """Tell new values of a car's signals; None is a value that the car has not."""
    return _data(vin, values, list(map(_json, values.values())), at_ms)


def data_of(vin: str, signals: Signals, at_ms: int) -> Event:
    """Tell new values of a car's signals, each of which is JSON already."""
    return _data(vin, [one[0] for one in signals], [one[1] for one in signals], at_ms)


def _data(vin: str, names: Collection[str], texts: list[bytes], at_ms: int) -> Event:
    parts = [b""] * (2 * len(texts))
    parts[::2] = map(_named, names)
    parts[1::2] = texts
    body = b'%b,"data":{%b}}' % (_head(at_ms, "vin", vin), b"".join(parts)[1:])
    return Event(Topic.DATA, vin, body, at_ms, b"\t".join(parts))


def connectivity(
    vin: str,
    network_interface: str,
    connected: bool,  # noqa: FBT001
    at_ms: int,
) -> Event:
    """Tell that a car's line, "wifi" or "cellular", came or went."""
    status = "CONNECTED" if connected else "DISCONNECTED"
    facts = {"networkInterface": network_interface, "status": status}
    return Event(Topic.CONNECTIVITY, vin, _body(_head(at_ms, "vin", vin), facts), at_ms)


def alerts(vin: str, found: Sequence[Mapping[str, Any]], at_ms: int) -> Event:
    """Tell a car's alerts: name, audiences, startedAt, endedAt of each."""
    return _of_car(Topic.ALERTS, vin, "alerts", found, at_ms)


def errors(vin: str, found: Sequence[Mapping[str, Any]], at_ms: int) -> Event:
    """Tell a car's errors: createdAt, name, tags and body of each."""
    return _of_car(Topic.ERRORS, vin, "errors", found, at_ms)


def vehicle_data(vin: str, body: Mapping[str, Any], at_ms: int) -> Event:
    """Tell a whole reading of a car, without the envelope of the Fleet API."""
    return _of_car(Topic.VEHICLE_DATA, vin, "vehicle_data", body, at_ms)


def config(vin: str, whole: Mapping[str, Any], at_ms: int) -> Event:
    """Tell the whole set of fields that a car is to stream."""
    return _of_car(Topic.CONFIG, vin, "config", whole, at_ms)


def credits(  # noqa: A001, PLR0913, PLR0917  # the names are the wire's
    kind: str,
    cost: float,
    name: str,
    balance: float | None,
    fraction: float | None,
    at_ms: int,
) -> Event:
    """Tell what an account spent and has left; `fraction` is 0 to 1 of its quota."""
    facts: dict[str, Any] = {
        "type": kind,
        "cost": cost,
        "name": name,
        "balance": balance,
    }
    if fraction is not None:
        facts["quota"] = {"fraction": fraction}
    head = b'{"createdAt":"%b"' % _moment(at_ms)
    return Event(Topic.CREDITS, "", _body(head, {"credits": facts}), at_ms)


def live_status(site_id: int, body: Mapping[str, Any], at_ms: int) -> Event:
    """Tell a whole live status of an energy site."""
    return _of_site(Topic.LIVE_STATUS, site_id, {"live_status": body}, at_ms)


def site_info(site_id: int, body: Mapping[str, Any], at_ms: int) -> Event:
    """Tell a whole site info; tariffs are told as `tariff`, and left out here."""
    facts = {key: body[key] for key in body if not key.startswith("tariff_content")}
    return _of_site(Topic.SITE_INFO, site_id, {"site_info": facts}, at_ms)


def tariff(site_id: int, content: Mapping[str, Any] | None, at_ms: int) -> Event:
    """Tell a site's tariff; None says that it was removed."""
    facts = {"tariff_content_v2": content}
    return _of_site(Topic.TARIFF_CONTENT_V2, site_id, facts, at_ms)


def energy_totals(
    site_id: int, date: str, totals: Mapping[str, Any], at_ms: int
) -> Event:
    """Tell a site's sums of its day `date`, Wh by the names of the energy history."""
    facts = {"date": date, "totals": totals}
    return _of_site(Topic.ENERGY_TOTALS, site_id, facts, at_ms, name="id")


def wall_connector_totals(
    site_id: int, date: str, totals: Mapping[str, Any], at_ms: int
) -> Event:
    """Tell what a site's wall connectors gave on its day `date`, Wh by their DIN."""
    facts = {"date": date, "totals": totals}
    return _of_site(Topic.WALL_CONNECTOR_TOTALS, site_id, facts, at_ms, name="id")


def packed_of(event: Event) -> bytes:
    """Return the signals of a `data` event one by one: `,"Soc":⇥81.5⇥,"Gear":⇥"P"`.

    No JSON in one line holds a tabulator, so that it can be split anywhere.
    """
    if event.topic is not Topic.DATA or event.packed:
        return event.packed
    values = orjson.loads(event.body)["data"]
    return data(event.product, values, event.at_ms).packed


def signals_of(event: Event) -> Signals:
    """Return the signals of a `data` event, taken out of its body where need be."""
    parts = packed_of(event).split(b"\t")
    if len(parts) == 1:
        return ()
    names = [orjson.loads(part[1:-1]) for part in parts[::2]]
    return tuple(zip(names, parts[1::2], strict=True))


def cached(body: bytes) -> bytes:
    """Return a body that says that it is no news."""
    return body[:-1] + _MARK


def with_text_id(topic: Topic, body: bytes) -> bytes:
    """Return a body whose site id is text, as some clients compare it."""
    if topic not in ENERGY:
        return body
    # createdAt comes first and has no comma, so this is the body's second member.
    created, _, rest = body.partition(b",")
    name, _, rest = rest.partition(b":")
    number, _, rest = rest.partition(b",")
    return b'%b,%b:"%b",%b' % (created, name, number, rest)


def _of_car(topic: Topic, vin: str, name: str, value: Any, at_ms: int) -> Event:
    return Event(topic, vin, _body(_head(at_ms, "vin", vin), {name: value}), at_ms)


def _of_site(
    topic: Topic,
    site_id: int,
    facts: Mapping[str, Any],
    at_ms: int,
    name: str = "site_id",
) -> Event:
    body = _body(_head(at_ms, name, site_id), facts)
    return Event(topic, str(site_id), body, at_ms)


def _head(at_ms: int, name: str, product: str | int) -> bytes:
    return b'{"createdAt":"%b",%b' % (
        _moment(at_ms),
        _product(name, product),
    )


def _body(head: bytes, facts: Mapping[str, Any]) -> bytes:
    return head + b"," + _json(facts)[1:]


def _json(value: Any) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:
        return orjson.dumps(plain(value))
