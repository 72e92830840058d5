"""The unmodified `teslemetry_stream` client listens to a real process over TLS."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
from teslemetry_stream import TeslemetryStream

from accounts.models import User
from events import shapes
from tests.ports import free_port
from tests.telemetry.stream.conftest import SITE, VIN, MakePerson, Person
from tests.telemetry.stream.listening import beside, lock_out, serving
from tests.telemetry.stream.names import certificate, connector

NAME = "na.teslemetry.com"
AT_MS = 1785233730007
WITHIN_S = 60


Heard = list[dict[str, Any]]


async def until(is_true: Callable[[], bool]) -> None:
    while not is_true():  # noqa: ASYNC110  # the library tells nobody
        await asyncio.sleep(0.02)


def everything(who: Person) -> None:
    who.tell(
        shapes.state(VIN, "online", AT_MS),
        shapes.data(VIN, {"Soc": 81.5, "MinutesToArrival": None}, AT_MS),
        shapes.connectivity(VIN, "wifi", connected=True, at_ms=AT_MS),
        shapes.alerts(VIN, [{"name": "A", "audiences": ["Customer"]}], AT_MS),
        shapes.errors(VIN, [{"name": "E"}], AT_MS),
        shapes.vehicle_data(VIN, {"vin": VIN, "state": "online"}, AT_MS),
        shapes.config(VIN, {"fields": {"Soc": {"interval_seconds": 60}}}, AT_MS),
        shapes.credits("command", 1, "wake_up", 5, 0.5, AT_MS),
        shapes.live_status(SITE, {"solar_power": 1}, AT_MS),
        shapes.site_info(SITE, {"site_name": "Home"}, AT_MS),
        shapes.tariff(SITE, None, AT_MS),
        shapes.wall_connector_totals(SITE, "2026-07-28", {"DIN": 1}, AT_MS),
    )


KINDS = {
    *("state", "data", "networkInterface", "alerts", "errors", "vehicle_data"),
    *("config", "credits", "live_status", "site_info", "tariff_content_v2", "totals"),
}


def kinds(heard: Heard) -> set[str]:
    return {kind for one in heard for kind in KINDS if kind in one}


async def listened(who: Person, folder: Path) -> None:
    """Listen, be cut off by a restart, and lose the token."""
    authority, key = certificate(folder)
    tls = ("--ssl-certificate", str(authority), "--ssl-keyfile", str(key))
    port = free_port()
    heard: Heard = []
    async with (
        asyncio.timeout(WITHIN_S),
        aiohttp.ClientSession(connector=connector(authority, port)) as session,
    ):
        stream = TeslemetryStream(session, who.token, server=NAME, parse_timestamp=True)
        running = serving(folder, *tls, port=port)
        await beside(running.__enter__)
        stream.async_add_listener(heard.append)
        await until(lambda: stream.connected)
        everything(who)
        await until(lambda: kinds(heard) == KINDS)
        assert not any("isCache" in one for one in heard)
        assert all(isinstance(one["timestamp"], int) for one in heard)
        heard.clear()
        await beside(running.__exit__, None, None, None)
        running = serving(folder, *tls, port=port)
        await beside(running.__enter__)
        await until(lambda: kinds(heard) == KINDS)
        assert all(one["isCache"] for one in heard)
        await beside(lock_out)
        # Refused with 401, it stops for good.
        await until(lambda: not stream.active)
        assert not stream.connected
        await beside(running.__exit__, None, None, None)
        stream.close()


def test_client_hears_every_kind_comes_back_and_stops(
    person: MakePerson, alice: User, tmp_path: Path
) -> None:
    asyncio.run(listened(person(alice, site=SITE), tmp_path))
