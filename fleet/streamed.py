"""Know the fields that cars can stream: type, category, firmware, scope, intervals."""

import json
from functools import cache
from pathlib import Path
from typing import Any

LOCATION_SIGNALS = frozenset(
    {
        "Location",
        "OriginLocation",
        "DestinationLocation",
        "DestinationName",
        "RouteLine",
        "GpsState",
        "GpsHeading",
    }
)
"""The fields that need the scope of location, and that `hide_private` withholds."""
_PLACE = frozenset({"latitude", "longitude"})
OLDEST_FIRMWARE = "2024.26"
"""The oldest firmware that takes signed settings."""
_FILE = Path(__file__).with_name("streamed_fields.json")


def tells_place(name: str, value: Any) -> bool:
    """Tell whether a signal says where a car is, or goes, under whatever name."""
    if name in LOCATION_SIGNALS:
        return True
    return isinstance(value, dict) and not _PLACE.isdisjoint(value)


@cache
def document() -> bytes:
    """Return the catalog of fields as JSON.

    Shape: by the field's name `type` (int, float, bool, enum, string, time, location or
    unknown), `category`, `version` (the oldest firmware, where known), `nullable`,
    `scopes`, `interval_seconds` and `minimum_delta` with defaults and least values,
    `models` (where not all have it). Source: Tesla's protocol of vehicle data.
    """
    return _FILE.read_bytes()


@cache
def fields() -> dict[str, Any]:
    """Return the catalog of fields, as `document` describes it."""
    found = json.loads(document())
    assert isinstance(found, dict)  # noqa: S101 - the file is part of the program
    return found
