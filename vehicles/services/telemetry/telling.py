"""Tell who sees a car what it is wanted to stream, and how far that has come."""

import time
from collections.abc import Iterable, Iterator
from typing import Any

from events import shapes
from events.event import Entry
from tokens.models import TeslaGrant
from tokens.services import news
from vehicles.models import TelemetryConfig
from vehicles.services import viewers


def shape(row: TelemetryConfig | None) -> dict[str, Any]:
    """Return a wish as programs read it; without members that are not known.

    It is pending until Tesla has answered to it and the car has fetched it.
    """
    if row is None or not row.fields:
        return {"fields": {}}
    found: dict[str, Any] = {
        "fields": row.fields,
        "alert_types": row.alert_types,
        "delivery_policy": row.delivery_policy,
        "prefer_typed": row.prefer_typed,
        "pending": row.synced_at is None or not row.is_answered,
    }
    for name in ("hostname", "port", "ca", "exp"):
        value = (row.confirmed or {}).get(name)
        if value is not None:
            found[name] = value
    return found


def tell_configs(vins: Iterable[str]) -> None:
    """Tell everybody who sees these cars what differs from what they were told last.

    That a car streams nothing is told only to whom something else was told. While Redis
    is away nothing is told; see `tokens.services.news`.
    """
    news.tell_changed(list(_entries(set(vins))))


def tell_configs_of(grant: TeslaGrant) -> None:
    """Tell the same of all cars that a grant sees now."""
    seen = grant.vehicle_accesses.filter(gone_at=None)
    tell_configs(seen.values_list("vehicle__vin", flat=True))


def _entries(vins: set[str]) -> Iterator[Entry]:
    found = TelemetryConfig.objects.filter(vehicle__vin__in=vins)
    rows = {row.vehicle.vin: row for row in found.select_related("vehicle")}
    now_ms = int(time.time() * 1000)
    for vin, accounts in viewers.of(vins).items():
        row = rows.get(vin)
        event = shapes.config(vin, shape(row), now_ms)
        for viewer in accounts:
            entry = Entry(viewer.account_id, event)
            if row is not None or news.was_told(entry):
                yield entry
