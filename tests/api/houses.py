"""A house whose Home Assistant, with its two unchanged libraries, finds this console."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
from tesla_fleet_api import Teslemetry
from tesla_fleet_api.exceptions import VehicleOffline

from simulator.world.cars.car import Car
from tests.fixtures.live import LiveConsole
from tests.ports import free_port
from tests.telemetry.stream.listening import serving
from tests.telemetry.stream.names import certificate, connector

Heard = list[dict[str, Any]]
WITHIN_S = 90
STEP_WITHIN_S = 40
HA_TOPICS = (
    *("state", "vehicle_data", "data", "connectivity", "credits", "live_status"),
    *("site_info", "tariff_content_v2", "energy_totals", "wall_connector_totals"),
)
KINDS = {*HA_TOPICS, "networkInterface", "alerts", "errors", "config"}
KINDS -= {"connectivity"}


class House:
    """A Home Assistant on which Alice's console is set up, reached over TLS."""

    def __init__(
        self, console: LiveConsole, folder: Path, access_token: str, red: Car
    ) -> None:
        self.console, self.folder, self.red = console, folder, red
        self.access_token = access_token
        self.port = free_port()
        self.authority, self._key = certificate(folder)

    async def token(self) -> str:
        """Return the token, which Home Assistant asks for at each call."""
        return self.access_token

    @asynccontextmanager
    async def web(self) -> AsyncIterator[None]:
        """Run a web process under Teslemetry's names."""
        tls = (
            *("--ssl-certificate", str(self.authority)),
            *("--ssl-keyfile", str(self._key)),
        )
        env = dict(self.console.environment)
        running = serving(self.folder, *tls, port=self.port, **env)
        await asyncio.to_thread(running.__enter__)
        try:
            yield
        finally:
            await asyncio.to_thread(running.__exit__, None, None, None)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[aiohttp.ClientSession]:
        """Return what Home Assistant makes its calls with."""
        async with (
            asyncio.timeout(WITHIN_S),
            aiohttp.ClientSession(
                connector=connector(self.authority, self.port)
            ) as session,
        ):
            yield session


async def until(is_true: Callable[[], bool], words: Callable[[], object] = str) -> None:
    """Wait until something is so; `words` say on failure how it is instead."""
    end_at_s = asyncio.get_running_loop().time() + STEP_WITHIN_S
    while not is_true():  # the libraries tell nobody
        assert asyncio.get_running_loop().time() < end_at_s, words()
        await asyncio.sleep(0.02)


async def set_up(teslemetry: Teslemetry) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Ask what Home Assistant asks first; return the account and its products."""
    metadata, products = await asyncio.gather(
        teslemetry.metadata(), teslemetry.products()
    )
    for key in ("uid", "scopes", "region", "vehicles", "energy_sites"):
        assert key in metadata
    for product in products["response"]:
        if "energy_site_id" in product:
            site = teslemetry.energySites.create(product["energy_site_id"])
            live = (await site.live_status())["response"]
            await site.time_of_use_settings({"code": "TOU-1"})
            assert all("din" in one for one in live.get("wall_connectors", ()))
            assert (await site.site_info())["response"]["installation_time_zone"]
        else:
            vin = product["vin"]
            assert {"display_name", "command_signing"} <= product.keys()
            if metadata["vehicles"][vin]["polling"]:
                with suppress(VehicleOffline):
                    await teslemetry.vehicles.create(vin).vehicle_data()
    return metadata, products["response"]


def kinds_of(heard: Heard) -> set[str]:
    """Return which kinds of events came, as the clients tell them apart."""
    found = set()
    for one in heard:
        found |= KINDS & one.keys()
        if "totals" in one:
            is_site = "total_home_usage" in one["totals"]
            found.add("energy_totals" if is_site else "wall_connector_totals")
    return found
