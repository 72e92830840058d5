"""Post signed notifications, in the weather that was ordered."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import aiohttp

_TRIES = 4
_PATIENCE_S = 5.0


@dataclass(frozen=True, slots=True)
class Notification:
    """One event as it goes over the wire, the same bytes each time."""

    event_id: str
    event_type: str
    occurred_at: datetime
    body: bytes
    data: dict[str, Any] = field(repr=False)


@dataclass(slots=True)
class Weather:
    """What goes wrong on the way: all of it may be set while it runs.

    `delay_s` holds each notification back; `copies` sends each more than once;
    `lose` is how many of the next never arrive; `reverse_s` gathers what comes within
    that time and sends it backwards.
    """

    delay_s: float = 0.0
    copies: int = 1
    lose: int = 0
    reverse_s: float = 0.0


class Mailer:
    """Keep all notifications, and post them when there is somebody to post them to."""

    header = ""

    def __init__(self, destination: str, secrets: tuple[str, ...]) -> None:
        self.destination = destination
        self.secrets = secrets
        self.weather = Weather()
        self.sent: list[Notification] = []
        self._gathered: list[Notification] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def signature(self, body: bytes, at_s: float) -> str:
        """Return the header that signs a body at a moment, with every secret in use."""
        raise NotImplementedError

    def send(self, notification: Notification) -> None:
        """Note an event and send it on its way."""
        self.sent.append(notification)
        if self.destination:
            self._start(self._bring(notification))

    async def close(self) -> None:
        """Drop what is still under way."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _bring(self, notification: Notification) -> None:
        weather = self.weather
        if weather.lose > 0:
            weather.lose -= 1
            return
        if weather.reverse_s:
            self._gathered.append(notification)
            if len(self._gathered) > 1:
                return
            await asyncio.sleep(weather.reverse_s)
            gathered, self._gathered = self._gathered[::-1], []
        else:
            gathered = [notification]
        await asyncio.sleep(weather.delay_s)
        for one in gathered:
            for _ in range(max(1, weather.copies)):
                await self._post(one)

    async def _post(self, notification: Notification) -> None:
        timeout = aiohttp.ClientTimeout(total=_PATIENCE_S)
        for number in range(_TRIES):
            now_s = datetime.now(UTC).timestamp()
            headers = {
                "Content-Type": "application/json",
                self.header: self.signature(notification.body, now_s),
            }
            try:
                async with (
                    aiohttp.ClientSession(timeout=timeout) as session,
                    session.post(
                        self.destination, data=notification.body, headers=headers
                    ) as answer,
                ):
                    if answer.status == 200:
                        return
            except (aiohttp.ClientError, TimeoutError):
                pass
            await asyncio.sleep(0.2 * 4**number)
