"""Turn a car's record into what each account is told."""

from collections.abc import Mapping, Sequence
from typing import Any

from events import shapes
from events.event import Entry, Event
from fleet.records.record import Record, Topic
from fleet.streamed import tells_place
from vehicles.services.viewers import Viewer


def entries_of(record: Record, viewers: Sequence[Viewer]) -> list[Entry]:
    """Return the entries that tell a record to all who see the car.

    Who may not know the place gets the rest. The same record makes the same entries,
    so what a car sends twice is told with the same content.
    """
    if record.topic is Topic.DATA:
        return _data(record, viewers)
    return [
        Entry(viewer.account_id, event)
        for event in _events(record)
        for viewer in viewers
    ]


def _data(record: Record, viewers: Sequence[Viewer]) -> list[Entry]:
    values = record.values
    if not values or not viewers:
        return []
    whole = shapes.data(record.vin, values, record.at_ms)
    if all(viewer.sees_location for viewer in viewers) or not _placed(values):
        return [Entry(viewer.account_id, whole) for viewer in viewers]
    rest: Event | None = None
    entries = []
    for viewer in viewers:
        if viewer.sees_location:
            entries.append(Entry(viewer.account_id, whole))
            continue
        rest = rest or _without_place(record)
        if rest.packed:
            entries.append(Entry(viewer.account_id, rest))
    return entries


def _placed(values: Mapping[str, Any]) -> bool:
    return any(tells_place(name, value) for name, value in values.items())


def _without_place(record: Record) -> Event:
    values = {
        name: value
        for name, value in record.values.items()
        if not tells_place(name, value)
    }
    return shapes.data(record.vin, values, record.at_ms)


def _events(record: Record) -> list[Event]:
    vin, at_ms = record.vin, record.at_ms
    if record.topic is Topic.ALERTS:
        return [shapes.alerts(vin, record.items, at_ms)] if record.items else []
    if record.topic is Topic.ERRORS:
        return [shapes.errors(vin, record.items, at_ms)] if record.items else []
    is_connected = record.is_connected
    found = [shapes.connectivity(vin, record.network_interface, is_connected, at_ms)]
    if is_connected:
        found.append(shapes.state(vin, "online", at_ms))
    return found
