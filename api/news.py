"""Tell what programs' calls showed of cars, off the hot path.

States and whole readings are collected and handed on a moment later, the newest of each
car only; so a storm of calls tells each listener four things a second at most.
"""

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from django.db import DatabaseError

from api.threads import Threads
from energy.services import pacing
from vehicles.models import VehicleAccess
from vehicles.places import sees_location
from vehicles.services import announcing, vehicles

_log = logging.getLogger(__name__)
_TELL_AFTER_S = 0.25
# Another process may have seen another state meanwhile: what is old is said again.
_STATE_KNOWN_S = 30.0
_MOST_KNOWN = 5000
_MOST_WAITING = 1000
_WHOLE = frozenset(
    {
        "charge_state",
        "climate_state",
        "drive_state",
        "vehicle_config",
        "vehicle_state",
    }
)


def is_whole(groups: str) -> bool:
    """Tell whether a reading holds what listeners expect of one; "" is Tesla's usual."""
    asked = set(groups.split(";"))
    return not groups or asked >= _WHOLE


@dataclass(frozen=True, slots=True)
class Seen:
    """A whole reading of a car, as it came: for the account that asked with a grant."""

    user_id: UUID
    grant_id: UUID
    at_s: float
    body: bytes = field(repr=False)


class News:
    """One process's news of cars that are not yet told."""

    def __init__(
        self, threads: Threads, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._threads = threads
        self._clock = clock
        self._known: dict[str, tuple[str, float]] = {}
        self._states: dict[str, tuple[str, datetime]] = {}
        self._readings: dict[tuple[UUID, str], Seen] = {}
        self._sites: set[int] = set()
        self._telling: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()

    def saw_state(self, vin: str, state: str, at_s: float) -> None:
        """Note which state a car was in; one that was said just now is no news."""
        now_s = self._clock()
        known = self._known.get(vin)
        if known is not None and known[0] == state and known[1] > now_s:
            return
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        self._known[vin] = state, now_s + _STATE_KNOWN_S
        if state in announcing.STATES:
            self._states[vin] = state, datetime.fromtimestamp(at_s, UTC)
            self._soon()

    def saw_reading(self, vin: str, seen: Seen) -> None:
        """Note a whole reading of a car."""
        if len(self._readings) < _MOST_WAITING:
            self._readings[seen.user_id, vin] = seen
            self._soon()

    def changed_site(self, site_id: int) -> None:
        """Note that a program changed an energy site, so that it is soon read anew."""
        self._sites.add(site_id)
        self._soon()

    async def flush(self) -> None:
        """Tell what waits; what the database cannot take is let go."""
        states, self._states = self._states, {}
        readings, self._readings = self._readings, {}
        sites, self._sites = self._sites, set()
        try:
            await self._threads.quickly(lambda: _tell(states, readings, sites))
        except DatabaseError:
            _log.warning("The news of %d cars was not told.", len(states))

    async def close(self) -> None:
        """Tell what is left."""
        self._closing.set()
        if self._telling is not None:
            await asyncio.gather(self._telling, return_exceptions=True)

    def _soon(self) -> None:
        if self._telling is None or self._telling.done():
            self._telling = asyncio.ensure_future(self._tell_soon())

    async def _tell_soon(self) -> None:
        while self._states or self._readings or self._sites:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), _TELL_AFTER_S)
            await self.flush()


def _tell(
    states: dict[str, tuple[str, datetime]],
    readings: dict[tuple[UUID, str], Seen],
    sites: set[int],
) -> None:
    for site_id in sites:
        pacing.forget(site_id, pacing.INFO)
    vehicles.note_seen(states)
    for (account_id, vin), seen in readings.items():
        access = (
            VehicleAccess.objects.filter(
                vehicle__vin=vin, grant=seen.grant_id, grant__user=account_id
            )
            .select_related("grant")
            .defer("vehicle_data")
            .first()
        )
        reading = _content(seen.body)
        if access is not None and reading:
            announcing.tell_reading(
                account_id,
                vin,
                reading,
                datetime.fromtimestamp(seen.at_s, UTC),
                sees_location=sees_location(access),
            )


def _content(body: bytes) -> dict[str, object]:
    try:
        content = json.loads(body)["response"]
    except (ValueError, KeyError, TypeError):
        return {}
    return content if isinstance(content, dict) else {}
