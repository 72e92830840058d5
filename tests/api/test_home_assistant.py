"""What Home Assistant does when it is set up, with its two unchanged libraries.

Names and certificates lead to this console: the clients think that it is Teslemetry.
"""

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from tesla_fleet_api import Teslemetry
from tesla_fleet_api.exceptions import InvalidToken, VehicleOffline
from teslemetry_stream import TeslemetryStream
from teslemetry_stream.exception import TeslemetryStreamAuthenticationError
from teslemetry_stream.vehicle import TeslemetryStreamVehicle

from accounts.models import User
from simulator.world.cars.car import Car
from tests.api.conftest import MakePerson, Person
from tests.fixtures.live import LiveConsole, free_port
from tests.telemetry.stream.listening import lock_out, serving
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
HA_KINDS = KINDS - {"alerts", "errors", "config"}
OF_A_CHARGE = {"BatteryLevel", "Soc", "Locked", "TpmsLastSeenPressureTimeFl"}
NO_SIGNALS = {"State", "VehicleData", "Cellular", "Wifi", "Alerts", "Errors"}


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


@pytest.fixture
def house(
    streaming: LiveConsole, alice: User, person: MakePerson, tmp_path: Path
) -> House:
    """Return Alice's house; Red is awake, Luna charges at its Wall Connector."""
    world = streaming.simulator.world
    tempo = world.tempo
    tempo.wake_delay_s = tempo.report_lag_s = tempo.write_lag_s = 0.0
    red, luna = world.car_named("Red"), world.car_named("Luna")
    red.wake_up()
    luna.settle()
    luna.condition.charging.limit_percent = 100
    # So long car and connector agree before current flows.
    streaming.simulator.clock.advance(10)
    alices: Person = person(alice)
    return House(streaming, tmp_path, alices.access_token, red)


async def until(is_true: Callable[[], bool], words: Callable[[], object] = str) -> None:
    """Wait until something is so; `words` say on failure how it is instead."""
    end_at_s = asyncio.get_running_loop().time() + STEP_WITHIN_S
    while not is_true():  # the libraries tell nobody
        assert asyncio.get_running_loop().time() < end_at_s, words()
        await asyncio.sleep(0.02)


def hear(vehicle: TeslemetryStreamVehicle, signals: dict[str, Any]) -> int:
    """Register a listener for every signal that there is; return how many."""
    names = [
        name.removeprefix("listen_")
        for name, _ in inspect.getmembers(vehicle, callable)
        if name.startswith("listen_")
    ]
    for name in names:
        if name not in NO_SIGNALS:

            def note(value: Any, name: str = name) -> None:
                signals[name] = value

            getattr(vehicle, f"listen_{name}")(note)
    return len(names) - len(NO_SIGNALS)


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


def listener(
    session: aiohttp.ClientSession, house: House, topics: tuple[str, ...] | None
) -> tuple[TeslemetryStream, Heard]:
    """Return a client of the stream that was not begun, and what it hears."""
    heard: Heard = []
    stream = TeslemetryStream(
        session,
        house.token,
        server="na.teslemetry.com",
        parse_timestamp=True,
        manual=True,
        topics=topics,
    )
    stream.async_add_listener(heard.append)
    return stream, heard


async def is_set_up(house: House) -> None:
    """Do all that Home Assistant does, in its order; then restart, then lock it out."""
    signals: dict[str, Any] = {}
    vin = house.red.vin
    async with house.session() as session:
        async with house.web():
            teslemetry = Teslemetry(session, house.token)
            metadata, products = await set_up(teslemetry)
            assert teslemetry.server == "https://na.teslemetry.com"
            assert len(products) == 4
            red = metadata["vehicles"][vin]
            assert (red["access"], red["polling"]) == (True, False)
            stream, heard = listener(session, house, HA_TOPICS)
            every, all_heard = listener(session, house, None)
            vehicle = stream.get_vehicle(vin)
            assert hear(vehicle, signals) > 200
            await until(lambda: len(vehicle.fields) > 200)
            wanted = await fields(session, house, vin)
            assert wanted.keys() == vehicle.fields.keys()
            listening = asyncio.create_task(stream.listen())
            listening_too = asyncio.create_task(every.listen())
            await until(lambda: stream.connected and every.connected)
            await until(lambda: "data" in kinds_of(all_heard))
            await happen(house, teslemetry, every)
            await until(
                lambda: kinds_of(all_heard) == KINDS,
                lambda: KINDS ^ kinds_of(all_heard),
            )
            await until(
                lambda: kinds_of(heard) == HA_KINDS, lambda: HA_KINDS ^ kinds_of(heard)
            )
            await until(lambda: signals.keys() >= OF_A_CHARGE)
            assert isinstance(signals["BatteryLevel"], float | int)
            assert isinstance(signals["TpmsLastSeenPressureTimeFl"], datetime)
            assert all(isinstance(one["timestamp"], int) for one in all_heard)
            heard.clear()
            all_heard.clear()
        async with house.web():
            await until(
                lambda: kinds_of(all_heard) == KINDS,
                lambda: KINDS ^ kinds_of(all_heard),
            )
            await until(
                lambda: kinds_of(heard) == HA_KINDS, lambda: HA_KINDS ^ kinds_of(heard)
            )
            assert any("isCache" in one for one in heard)
            await asyncio.to_thread(lock_out)
            for task in (listening, listening_too):
                with pytest.raises(TeslemetryStreamAuthenticationError):
                    await task
            assert not stream.active
            with pytest.raises(InvalidToken):
                await teslemetry.metadata()


async def happen(
    house: House, teslemetry: Teslemetry, stream: TeslemetryStream
) -> None:
    """Let happen what does not by itself while a car stands and charges."""
    mishaps = house.console.simulator.hub.mishaps
    mishaps += [(house.red.vin, "alert"), (house.red.vin, "error")]
    vehicle = stream.get_vehicle(house.red.vin)
    await vehicle.update_config({"fields": {"Soc": {"interval_seconds": 5}}})
    data = await teslemetry.vehicles.create(house.red.vin).vehicle_data()
    assert data["response"]["vin"] == house.red.vin


async def fields(
    session: aiohttp.ClientSession, house: House, vin: str
) -> dict[str, Any]:
    """Return what the car is told to stream, as any client reads it."""
    answer = await session.get(
        f"https://api.teslemetry.com/api/config/{vin}",
        headers={"Authorization": f"Bearer {house.access_token}"},
    )
    assert answer.status == 200
    found: dict[str, Any] = (await answer.json())["fields"]
    return found


def test_home_assistant_is_set_up(house: House) -> None:
    asyncio.run(is_set_up(house))
