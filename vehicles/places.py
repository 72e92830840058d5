"""Keep a car's place from who may not know it now, whatever was known before."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from events.event import Event, Topic
from events.latest import Snapshot
from fleet.scopes import Scope
from fleet.streamed import tells_place
from vehicles.models import VehicleAccess

_PLACES_BEGIN = (
    "latitude",
    "longitude",
    "heading",
    "gps_as_of",
    "corrected_",
    "native_",
    "active_route_",
)
_LOCATION = "location_data"
_DRIVE = "drive_state"


def sees_location(access: VehicleAccess) -> bool:
    """Tell whether this grant may know where the car is now."""
    return access.grant.has(Scope.VEHICLE_LOCATION) and not access.hide_private


def shown(snapshot: Snapshot, *, sees_location: bool) -> Snapshot:
    """Return what is known of a car as somebody may see it now."""
    if sees_location:
        return snapshot
    signals = {
        name: value
        for name, value in snapshot.signals.items()
        if not tells_place(name, json.loads(value.value))
    }
    others = dict(snapshot.others)
    read = others.get(Topic.VEHICLE_DATA)
    if read is not None:
        others[Topic.VEHICLE_DATA] = _event_without_place(read)
    return replace(snapshot, signals=signals, others=others)


def reading(content: Mapping[str, Any], *, sees_location: bool) -> dict[str, Any]:
    """Return a whole reading as somebody may see it now."""
    if sees_location:
        return dict(content)
    found = {name: part for name, part in content.items() if name != _LOCATION}
    drive = found.get(_DRIVE)
    if isinstance(drive, Mapping):
        found[_DRIVE] = {
            name: value
            for name, value in drive.items()
            if not name.startswith(_PLACES_BEGIN)
        }
    return found


def _event_without_place(event: Event) -> Event:
    content = json.loads(event.body)
    name = event.topic.value
    content[name] = reading(content[name], sees_location=False)
    body = json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()
    return Event(event.topic, event.product, body, event.at_ms)
