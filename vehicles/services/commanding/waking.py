"""Wake a car once for everybody who waits for it, and wait until it is there."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from uuid import UUID

from redis.asyncio import Redis

from fleet.endpoints import BY_NAME
from fleet.errors import (
    FleetError,
    RateLimited,
    Refused,
    ServerFault,
    TimedOut,
    Unreachable,
    Unreadable,
    VehicleUnavailable,
    refusal,
)
from fleet.wire import Answer
from tokens.async_shared import Shared
from vehicles.services.commanding.ways import Way

WAKES = "keyfob:waking:"
_PAUSES_S = (1.0, 1.0, 2.0, 2.0, 3.0)
_LAST_PAUSE_S = 4.0
_MOST_KNOWN = 2000
_PASSING = (ServerFault, VehicleUnavailable)


class DidNotWake(VehicleUnavailable):
    """Say that a car stayed away though it was woken; `tried` tells what was done."""

    tried: str = ""


class Wakes:
    """One event loop's wakes under way, shared with other processes by Redis."""

    def __init__(
        self,
        shared: Shared,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._shared = shared
        self._clock = clock
        self._sleep = sleep
        self._under_way: dict[tuple[UUID, str], asyncio.Task[None]] = {}
        self._woken_until_s: dict[str, float] = {}

    async def wake(self, way: Way, vin: str, within_s: float) -> None:
        """Return when the car is online, having woken it unless somebody just did.

        Raises `DidNotWake` after `within_s` seconds, and why Tesla was not asked to.
        """
        key = way.grant_id, vin
        task = self._under_way.get(key)
        if task is None:
            task = asyncio.create_task(self._rouse(way, vin, within_s))
            self._under_way[key] = task
            task.add_done_callback(lambda done: self._landed(key, done))
        # Shielded: others wait for the same car when this one leaves.
        await asyncio.shield(task)

    async def join(self, way: Way, vin: str, within_s: float) -> Answer | None:
        """Return the car's record where somebody is waking it just now.

        None where that falls to the caller, who follows with `ask`: for `within_s`
        seconds nobody else does.
        """
        if await self._claim(vin, within_s):
            return None
        record = await way.send("GET", BY_NAME["vehicle"].path.format(vehicle_tag=vin))
        # Not every grant may read the record; a wake is open to more of them.
        return record if record.status == 200 else None

    async def ask(self, way: Way, vin: str) -> Answer:
        """Ask Tesla once to wake the car, and return its answer.

        What came to nothing, and a car that is awake, leave the next caller free.
        """
        path = BY_NAME["wake_up"].path.format(vehicle_tag=vin)
        try:
            answer = await way.send("POST", path, b"{}")
        except (TimedOut, Unreadable):
            # It may have been heard.
            raise
        except BaseException:
            await self._release(vin)
            raise
        if answer.status != 200 or _state(answer, passing=()) == "online":
            await self._release(vin)
        return answer

    def _landed(self, key: tuple[UUID, str], task: asyncio.Task[None]) -> None:
        del self._under_way[key]
        if not task.cancelled():
            # Those who waited may have left, and asyncio would complain.
            task.exception()

    async def _rouse(self, way: Way, vin: str, within_s: float) -> None:
        began_s, asked, looks = self._clock(), 0, 0
        while True:
            if await self._claim(vin, within_s):
                asked += 1
                state = await self._ask_to_wake(way, vin)
            else:
                looks += 1
                state = await look(way, vin)
            if state == "online":
                return
            known = looks < len(_PAUSES_S)
            pause_s = _PAUSES_S[looks] if known else _LAST_PAUSE_S
            waited_s = self._clock() - began_s
            if waited_s + pause_s > within_s:
                raise _did_not_wake(state, asked, looks, waited_s)
            await self._sleep(pause_s)

    async def _ask_to_wake(self, way: Way, vin: str) -> str:
        """Ask Tesla to wake the car; return the state that it names, "" for none."""
        path = BY_NAME["wake_up"].path.format(vehicle_tag=vin)
        try:
            answer = await way.send("POST", path, b"{}")
            return _state(answer, passing=_PASSING)
        except (TimedOut, Unreadable):
            # It may have been heard, so it is not said again.
            return ""
        except BaseException:
            await self._release(vin)
            raise

    async def _claim(self, vin: str, within_s: float) -> bool:
        """Tell whether it falls to us to wake the car; nobody else does for a while."""
        if self._woken_until_s.get(vin, 0.0) > self._clock():
            return False
        kept_ms = max(1, int(within_s * 1000))

        async def take(client: Redis) -> bool:
            return bool(await client.set(WAKES + vin, 1, nx=True, px=kept_ms))

        taken = await self._shared.ask(take)
        if taken is False:
            return False
        if len(self._woken_until_s) >= _MOST_KNOWN:
            self._woken_until_s.clear()
        self._woken_until_s[vin] = self._clock() + within_s
        return True

    async def _release(self, vin: str) -> None:
        self._woken_until_s.pop(vin, None)
        await self._shared.ask(lambda client: client.delete(WAKES + vin))


async def look(way: Way, vin: str) -> str:
    """Return the car's state by its record, which is free and wakes nothing."""
    try:
        path = BY_NAME["vehicle"].path.format(vehicle_tag=vin)
        answer = await way.send("GET", path)
    except (Unreachable, Unreadable):
        return ""
    return _state(answer, passing=(*_PASSING, RateLimited))


def _state(answer: Answer, *, passing: tuple[type[Refused], ...]) -> str:
    """Return the state in a record, "" for none; raise a refusal that will not pass."""
    if answer.status != 200:
        error = refusal(answer.status, answer.body, dict(answer.headers))
        if isinstance(error, passing):
            return ""
        raise error
    try:
        return str(json.loads(answer.body)["response"]["state"])
    except (ValueError, KeyError, TypeError):
        return ""


def _did_not_wake(state: str, asked: int, looks: int, waited_s: float) -> FleetError:
    times = "once" if asked == 1 else f"{asked} times"
    woke = f"asked Tesla {times} to wake it" if asked else "waited for another wake"
    error = DidNotWake(
        status=408, code="vehicle unavailable: vehicle is offline or asleep"
    )
    error.tried = (
        f"Keyfob {woke}, looked {looks} times within {waited_s:.0f} s, and the car is"
        f" {state or 'not there'}."
    )
    return error
