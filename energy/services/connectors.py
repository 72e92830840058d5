"""Follow what a site's Wall Connectors give to cars, while they do and once after.

Tesla's list of sessions holds those that are over, and does not always say of which
connector. So the power of each connector is also added up from poll to poll: that knows
every connector, but only while somebody listens. What is told is the larger of the two.
"""

import json
import time
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

import fleet
from energy import totals
from energy.services import pacing
from energy.services.listeners import Watched
from events import shapes
from tokens.readings import Document

_NOTE = "connectors"
# Two polls further apart than this do not know what happened in between.
_LONGEST_S = 150.0


@dataclass(slots=True)
class _Measured:
    """What was added up of one day: `day_wh` and, of a session that runs, `running_wh`.

    `watts` is what each connector gave at the last poll, `sessions` Tesla's list then.
    """

    day: str
    at_s: float
    watts: dict[str, float] = field(default_factory=dict)
    day_wh: dict[str, float] = field(default_factory=dict)
    running_wh: dict[str, float] = field(default_factory=dict)
    sessions: dict[str, float] = field(default_factory=dict)


def follow(
    watched: Watched, client: fleet.Client, live: dict[str, Any], zone: ZoneInfo
) -> None:
    """Tell the day's sums while a connector charges a car, and once after."""
    watts = totals.charging(live)
    today = totals.local_day(timezone.now(), zone)
    before = _load(watched.site_id, today.isoformat())
    if not watts and not before.watts:
        return
    now = _added(before, watts)
    is_over = not watts
    if is_over or pacing.may_ask(watched.site_id, pacing.SESSIONS):
        now.sessions = _sessions(watched, client, live, today, zone)
    _tell(watched, now)
    text = json.dumps(
        [now.day, now.at_s, watts, now.day_wh, now.running_wh, now.sessions]
    )
    pacing.note(watched.site_id, _NOTE, text)


def _tell(watched: Watched, now: _Measured) -> None:
    begun = {
        din: now.sessions.get(din, 0.0) + given for din, given in now.running_wh.items()
    }
    sums = totals.highest(now.day_wh, now.sessions, begun)
    at_ms = int(now.at_s * 1000)
    event = shapes.wall_connector_totals(watched.site_id, now.day, sums, at_ms)
    watched.tell(event)


def _added(before: _Measured, watts: dict[str, float]) -> _Measured:
    """Add up what the connectors gave since the last poll, at the power of then."""
    now = _Measured(
        before.day, time.time(), watts, dict(before.day_wh), sessions=before.sessions
    )
    passed_s = now.at_s - before.at_s
    for din, power_w in before.watts.items():
        given = power_w * passed_s / 3600 if passed_s <= _LONGEST_S else 0.0
        now.day_wh[din] = now.day_wh.get(din, 0.0) + given
        if din in watts:
            now.running_wh[din] = before.running_wh.get(din, 0.0) + given
    return now


def _sessions(
    watched: Watched,
    client: fleet.Client,
    live: dict[str, Any],
    day: date,
    zone: ZoneInfo,
) -> dict[str, float]:
    """Return what the sessions that are over gave; {} where Tesla does not say."""
    parts = Document(live).parts("wall_connectors")
    dins = [din for part in parts if (din := part.text("din"))]
    query = {"kind": "charge", **totals.day_bounds(day, zone)}
    try:
        history = watched.ask(client, "telemetry_history", query)
    except fleet.FleetError:
        return {}
    return totals.of_sessions(history, day, zone, dins)


def _load(site_id: int, today: str) -> _Measured:
    """Return what was noted at the last poll; a new day begins at nothing."""
    try:
        day, at_s, watts, day_wh, running_wh, sessions = json.loads(
            pacing.noted(site_id, _NOTE) or "null"
        )
    except TypeError:
        return _Measured(today, time.time())
    if day != today:
        return _Measured(today, at_s, watts)
    return _Measured(day, at_s, watts, day_wh, running_wh, sessions)
