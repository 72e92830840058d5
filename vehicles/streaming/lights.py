"""The five lights: how far a car's streaming has come, and what is missing."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from events import latest
from events.errors import Unavailable
from events.event import Topic
from events.latest import Snapshot
from tokens import shared
from vehicles import places
from vehicles.models import TelemetryConfig, Vehicle
from vehicles.services import keys
from vehicles.services.telemetry.refusals import (
    FULL,
    Code,
    Reason,
    Step,
    reason_of,
    reason_of_car_error,
)

# A car's clock and ours may differ a little.
_CLOCKS = timedelta(minutes=2)
_UNHEARD_AFTER = timedelta(seconds=20)
_UNKNOWN = Reason(
    "Not known just now",
    "What cars tell is kept in Redis, which does not answer at the moment. The car is"
    " not affected.",
)
_TOGGLE = Reason(
    "Streaming is off in the car",
    "This car has no virtual key, its owner allows streaming on its screen: under"
    " Controls, Safety, allow third-party app data streaming.",
)
_FETCHING = Reason(
    "Waiting for the car",
    "The car fetches its settings when it next connects to Tesla. A short drive is the"
    " surest way; a parked car may take a day.",
)
_CONNECTING = Reason(
    "Waiting for the car to connect",
    "An awake car connects within a minute. If it does not, take a short drive; the"
    " receiver's port must be open to the internet, without a proxy that ends TLS.",
)
_FIRST = Reason(
    "Waiting for a value",
    "A value is sent once it changes. Open a door or take a short drive.",
)


@dataclass(frozen=True, slots=True)
class Light:
    """One light: `state` is lit, waiting, bad, off or unknown; `why` when it is not lit.

    `at` is when it came on, `details` what Tesla or the car said in their own words.
    """

    name: str
    title: str
    state: str
    at: datetime | None = None
    why: Reason | None = None
    details: str = ""

    @property
    def word(self) -> str:
        """Return the state in a word, for who cannot see the color."""
        return _WORDS[self.state]


_WORDS = {
    "lit": "Yes",
    "waiting": "Waiting",
    "bad": "No",
    "off": "Not yet",
    "unknown": "Not known",
}


@dataclass(frozen=True, slots=True)
class Heard:
    """What the car told: `snapshot` None while that cannot be known."""

    snapshot: Snapshot | None
    connected_at: datetime | None = None
    left_at: datetime | None = None
    value_at: datetime | None = None


def heard(account_id: UUID, vin: str, *, sees_location: bool) -> Heard:
    """Return what an account may know that it heard of the car, as Redis tells."""
    try:
        found = shared.ask(lambda client: latest.snapshot(client, account_id, vin))
    except Unavailable:
        found = None
    if found is None:
        return Heard(None)
    found = places.shown(found, sees_location=sees_location)
    line = found.others.get(Topic.CONNECTIVITY)
    status = json.loads(line.body).get("status") if line else None
    line_at = moment(line.at_ms) if line else None
    values = [known.at_ms for known in found.signals.values()]
    value_at = moment(max(values)) if values else None
    is_newer = bool(line_at and value_at and value_at - line_at > _CLOCKS)
    if status == "DISCONNECTED" and is_newer:
        # Another line of the car, to another process, lives.
        status, line_at = "CONNECTED", value_at
    return Heard(
        found,
        connected_at=line_at if status == "CONNECTED" else None,
        left_at=line_at if status == "DISCONNECTED" else None,
        value_at=value_at,
    )


def moment(at_ms: int) -> datetime:
    """Return the moment that milliseconds since 1970 stand for."""
    return datetime.fromtimestamp(at_ms / 1000, UTC)


def lights(
    row: TelemetryConfig | None, vehicle: Vehicle, heard_: Heard, now: datetime
) -> list[Light]:
    """Return the five lights; what comes after one that is not lit is off."""
    if row is None or not row.fields:
        return [Light(name, title, "off") for name, title in _TITLES.items()]
    first = _accepted(row, vehicle, now)
    found = [first, _slot(row, first), _fetched(row)]
    return [*found, _connected(row, vehicle, heard_), _value(row, heard_)]


def is_wanted_taken(row: TelemetryConfig) -> bool:
    """Tell whether Tesla has what is wanted now."""
    taken = row.confirmed or {}
    return row.confirmed_at is not None and taken.get("fields") == row.fields


def _is_fetched(row: TelemetryConfig) -> bool:
    """Tell whether the car has what is wanted now."""
    return row.synced_at is not None and is_wanted_taken(row)


def _accepted(row: TelemetryConfig, vehicle: Vehicle, now: datetime) -> Light:
    if row.refusal and row.refusal not in {*FULL, Code.NO_ANSWER, Code.NOT_KEPT}:
        why = reason_of(row.refusal)
        if row.refusal == Code.MISSING_KEY and _is_toggled_off(vehicle):
            why = _TOGGLE
        return _light("accepted", "bad", row.refused_at, why, row.refusal_details)
    if is_wanted_taken(row):
        return _light("accepted", "lit", row.confirmed_at)
    if row.refusal in FULL:
        return _light("accepted", "waiting", why=Reason("Waiting for a free slot", ""))
    if row.refusal == Code.NO_ANSWER:
        why = reason_of(row.refusal)
        return _light("accepted", "waiting", None, why, row.refusal_details)
    words = "A worker is bringing this to Tesla."
    if now - row.wanted_at > _UNHEARD_AFTER and row.lease_until is None:
        words = "No worker has picked this up yet: the background worker may not be running."
    return _light("accepted", "waiting", why=Reason("Sending", words))


def _slot(row: TelemetryConfig, accepted: Light) -> Light:
    if row.refusal in FULL or row.limit_reached:
        why = reason_of(Code.MAX_CONFIGS)
        return _light("slot", "bad", row.refused_at, why)
    if accepted.state == "lit":
        return _light("slot", "lit", row.looked_at or row.confirmed_at)
    return _light("slot", "off")


def _fetched(row: TelemetryConfig) -> Light:
    if row.refusal == Code.NOT_KEPT:
        return _light("fetched", "bad", row.refused_at, reason_of(row.refusal))
    if _is_fetched(row):
        return _light("fetched", "lit", row.synced_at)
    if not is_wanted_taken(row) or row.refusal in FULL:
        return _light("fetched", "off")
    return _light("fetched", "waiting", why=_FETCHING)


def _connected(row: TelemetryConfig, vehicle: Vehicle, heard_: Heard) -> Light:
    connected_at, left_at = heard_.connected_at, heard_.left_at
    is_complaint = row.car_error and (
        connected_at is None
        or (row.car_error_at is not None and row.car_error_at > connected_at)
    )
    if is_complaint:
        why = reason_of_car_error(row.car_error)
        return _light("connected", "bad", row.car_error_at, why, row.car_error)
    if heard_.snapshot is None:
        return _light("connected", "unknown", why=_UNKNOWN)
    if not _is_fetched(row):
        return _light("connected", "off")
    if connected_at is not None:
        return _light("connected", "lit", connected_at)
    if left_at is not None:
        why = Reason(
            "Not connected now", "Cars that sleep, or are out of reach, are not."
        )
        return _light("connected", "waiting", left_at, why)
    return _light(
        "connected", "waiting", why=_TOGGLE if _is_toggled_off(vehicle) else _CONNECTING
    )


def _value(row: TelemetryConfig, heard_: Heard) -> Light:
    if heard_.snapshot is None:
        return _light("value", "unknown", why=_UNKNOWN)
    if not _is_fetched(row):
        return _light("value", "off")
    if heard_.value_at is not None and heard_.value_at > row.wanted_at - _CLOCKS:
        return _light("value", "lit", heard_.value_at)
    if heard_.connected_at is not None:
        return _light("value", "waiting", why=_FIRST)
    return _light("value", "off")


def _is_toggled_off(vehicle: Vehicle) -> bool:
    return (
        vehicle.safety_screen_streaming_toggle is False
        and keys.key_state(vehicle) is not keys.KeyState.MISSING
    )


_TITLES = {
    "accepted": "Accepted by Tesla",
    "slot": "Slot free",
    "fetched": "Fetched by the car",
    "connected": "Connected",
    "value": "First value",
}


def _light(
    name: str,
    state: str,
    at: datetime | None = None,
    why: Reason | None = None,
    details: str = "",
) -> Light:
    return Light(name, _TITLES[name], state, at, why, details)


def step_of(found: list[Light]) -> Step:
    """Return what the person can do next, by the first light that is bad."""
    steps = (one.why.step for one in found if one.state == "bad" and one.why)
    return next(steps, Step.NONE)
