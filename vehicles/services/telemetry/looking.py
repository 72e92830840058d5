"""Look at Tesla how a car stands with its streaming settings."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import fleet
from fleet.endpoints import BY_NAME
from tokens.readings import Document, one_line
from vehicles.models import TelemetryConfig

_LOG = logging.getLogger(__name__)
# A car's clock and Tesla's may differ a little from ours.
_CLOCKS = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Seen:
    """What Tesla says: what the car has or shall have, whether it has fetched it.

    `config` is None where there is none. `error` is what the car reported last since
    the settings were sent, None where that could not be read.
    """

    config: dict[str, Any] | None
    is_synced: bool
    is_full: bool
    error: tuple[str, datetime | None] | None = None

    @property
    def has_no_place(self) -> bool:
        """Tell whether other applications keep these settings from the car."""
        return self.is_full and not (self.is_synced and self.config is not None)

    def columns(self, row: TelemetryConfig, now: datetime) -> dict[str, Any]:
        """Return what to store of it; a first moment is kept."""
        is_there = self.is_synced and self.config is not None
        found: dict[str, Any] = {
            "looked_at": now,
            "limit_reached": self.has_no_place,
            "synced_at": (row.synced_at or now) if is_there else None,
        }
        if self.error is not None:
            found["car_error"], found["car_error_at"] = self.error
        return found


def look(client: fleet.Client, row: TelemetryConfig) -> Seen:
    """Return how a car stands. Raises `FleetError`; errors it reports are read at best."""
    path = {"vehicle_tag": row.vehicle.vin}
    answer = client.call(BY_NAME["fleet_telemetry_config"], path)
    if not isinstance(answer, dict):
        raise fleet.Unreadable("Tesla's answer has another shape than expected")
    config = answer.get("config")
    return Seen(
        config if isinstance(config, dict) and config else None,
        answer.get("synced") is True,
        answer.get("limit_reached") is True,
        _error(client, row),
    )


def _error(
    client: fleet.Client, row: TelemetryConfig
) -> tuple[str, datetime | None] | None:
    """Return the newest error since the settings were sent, ("", None) for none."""
    path = {"vehicle_tag": row.vehicle.vin}
    try:
        answer = client.call(BY_NAME["fleet_telemetry_errors"], path)
    except fleet.FleetError as error:
        _LOG.warning("A car's streaming errors were not read: %s", type(error).__name__)
        return None
    if isinstance(answer, list):
        answer = {"fleet_telemetry_errors": answer}
    since = row.confirmed_at - _CLOCKS if row.confirmed_at else None
    oldest = datetime.min.replace(tzinfo=UTC)
    found = [
        (_words(one), one.moment("created_at"))
        for one in Document(answer).parts("fleet_telemetry_errors")
    ]
    newer = [
        (words, at)
        for words, at in found
        if words and (not at or not since or at >= since)
    ]
    return max(newer, key=lambda one: one[1] or oldest, default=("", None))


def _words(error: Document) -> str:
    name = error.text("error_name") or error.text("name")
    parts = [part for part in (name, error.text("error")) if part]
    return one_line(": ".join(parts))
