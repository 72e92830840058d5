"""Keep all cars streaming that an application told to, for as long as the server runs."""

import asyncio
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

from aiohttp import web

from simulator.config import Config
from simulator.hub import HUB, Hub
from simulator.store import TelemetryConfig
from simulator.streaming.certificates import Authority
from simulator.streaming.fetching import complain, fetch_settings, knows_key
from simulator.streaming.line import CERTIFICATE_ERROR, Terms
from simulator.streaming.stream import SAMPLE_ERROR, Stream, Surroundings
from simulator.world.cars.car import Car

_Key = tuple[str, str]


class Lines:
    """Hold one stream per car and application; `tick` follows what the hub says."""

    def __init__(
        self, hub: Hub, authority: Authority, terms: Terms | None = None
    ) -> None:
        self.authority = authority
        self._hub, self._terms = hub, terms or Terms()
        self._streams: dict[_Key, tuple[TelemetryConfig, Stream]] = {}
        self._jobs: dict[_Key, asyncio.Task[None]] = {}

    async def run(self, tick_s: float) -> None:
        """Tick for ever; when cancelled, all cars hang up."""
        try:
            while True:
                self.tick()
                await asyncio.sleep(tick_s)
        finally:
            jobs = list(self._jobs.values())
            for key in list(self._streams):
                self._end(key)
            await asyncio.gather(*jobs, return_exceptions=True)

    def tick(self) -> None:
        """Let cars fetch settings, begin and end streams, and move each one on."""
        wanted = self._hub.store.configs
        for key, told in list(wanted.items()):
            car = self._hub.world.cars.get(told.vin)
            if car is None:
                continue
            fetch_settings(self._hub, told)
            known = self._streams.get(key)
            if known and (known[0] is not told or known[1].car is not car):
                self._end(key)
            if self._hub.config.streams and self._may_stream(car, told):
                if key not in self._streams:
                    self._begin(key, car, told)
            else:
                self._end(key)
        for key in [key for key in self._streams if key not in wanted]:
            self._end(key)
        self._have_mishaps()
        for _, stream in self._streams.values():
            stream.tick()

    def _have_mishaps(self) -> None:
        """Have the cars send what an operator ordered."""
        while self._hub.mishaps:
            vin, kind = self._hub.mishaps.popleft()
            for stream in self.of(vin):
                if kind == "alert":
                    stream.alert()
                else:
                    stream.fail(SAMPLE_ERROR, "an operator asked for an error")

    def _may_stream(self, car: Car, told: TelemetryConfig) -> bool:
        if not told.takes or not isinstance(told.config["port"], int):
            return False
        key_hex = b64decode(told.config["iss"]).hex()
        return knows_key(self._hub, car, told.client_id, key_hex)

    def _begin(self, key: _Key, car: Car, told: TelemetryConfig) -> None:
        hub = self._hub
        stream = Stream(
            car,
            told.config,
            Surroundings(self.authority, hub.config.telemetry_hosts, self._terms),
            lambda words: complain(hub, told, CERTIFICATE_ERROR, words),
            hides_location=told.hides_location,
        )
        self._streams[key] = told, stream
        self._jobs[key] = asyncio.get_running_loop().create_task(stream.line.run())

    def _end(self, key: _Key) -> None:
        self._streams.pop(key, None)
        job = self._jobs.pop(key, None)
        if job is not None:
            job.cancel()

    def of(self, vin: str) -> list[Stream]:
        """Return the streams of a car."""
        return [stream for (_, one), (_, stream) in self._streams.items() if one == vin]

    def as_json(self, client_id: str, vin: str) -> dict[str, Any] | None:
        """Return how a car's stream for an application does, or None without one."""
        known = self._streams.get((client_id, vin))
        return known[1].as_json() if known else None


LINES = web.AppKey("lines", Lines)


def authority_of(config: Config) -> Authority:
    """Return the CA of the cars: the data folder's, or one for this start alone."""
    if config.folder is None:
        return (
            Authority.made()
            if config.ca_file is None
            else Authority.shown(config.ca_file)
        )
    return Authority.kept(config.folder, config.ca_file)


async def streaming(app: web.Application) -> AsyncIterator[None]:
    """Keep the cars of an application streaming while it serves."""
    job = asyncio.create_task(app[LINES].run(app[HUB].config.tick_s))
    yield
    job.cancel()
    with suppress(asyncio.CancelledError):
        await job
