"""What Home Assistant does when it is set up, with its two unchanged libraries.

Names and certificates lead to this console: the clients think that it is Teslemetry.
"""

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from tesla_fleet_api import Teslemetry
from tesla_fleet_api.exceptions import VehicleOffline
from teslemetry_stream import TeslemetryStream
from teslemetry_stream.vehicle import TeslemetryStreamVehicle

from accounts.models import User
from simulator.world.cars.cable import plug_in
from simulator.world.cars.car import Car
from tests.api.conftest import MakePerson, Person
from tests.fixtures.live import LiveConsole, free_port
from tests.telemetry.stream.listening import serving
from tests.telemetry.stream.names import certificate, connector

Heard = list[dict[str, Any]]
WITHIN_S = 90
HA_TOPICS = (
    *("state", "vehicle_data", "data", "connectivity", "credits", "live_status"),
    *("site_info", "tariff_content_v2", "energy_totals", "wall_connector_totals"),
)
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
    """Return Alice's house; her car Red is awake, charges and has the key."""
    world = streaming.simulator.world
    tempo = world.tempo
    tempo.wake_delay_s = tempo.report_lag_s = tempo.busy_after_wake_s = 0.0
    red = world.car_named("Red")
    red.wake_up()
    plug_in(red)
    alices: Person = person(alice)
    return House(streaming, tmp_path, alices.access_token, red)


async def until(is_true: Callable[[], bool]) -> None:
    while not is_true():  # noqa: ASYNC110  # the libraries tell nobody
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
            assert all("din" in one for one in live.get("wall_connectors", ()))
            assert (await site.site_info())["response"]["installation_time_zone"]
        else:
            vin = product["vin"]
            assert {"display_name", "command_signing"} <= product.keys()
            if metadata["vehicles"][vin]["polling"]:
                with suppress(VehicleOffline):
                    await teslemetry.vehicles.create(vin).vehicle_data()
    return metadata, products["response"]


async def is_set_up(house: House) -> None:
    """Do all that Home Assistant does, in its order, until each entity has a value."""
    signals: dict[str, Any] = {}
    heard: Heard = []
    vin = house.red.vin
    async with house.web(), house.session() as session:
        teslemetry = Teslemetry(session, house.token)
        metadata, products = await set_up(teslemetry)
        assert teslemetry.server == "https://na.teslemetry.com"
        assert len(products) == 4
        assert metadata["vehicles"][vin]["access"] is True
        stream = TeslemetryStream(
            session,
            house.token,
            server=f"{metadata['region'].lower()}.teslemetry.com",
            parse_timestamp=True,
            manual=True,
            topics=HA_TOPICS,
        )
        vehicle = stream.get_vehicle(vin)
        asked = hear(vehicle, signals)
        stream.async_add_listener(heard.append)
        await until(lambda: len(vehicle.fields) > 100)
        assert asked > 200
        assert vehicle.fields.keys() <= (await fields(session, house, vin)).keys()
        await stream.connect()
        listening = asyncio.create_task(stream.listen())
        kinds = {*HA_TOPICS, "networkInterface", "totals"}
        kinds -= {"connectivity", "energy_totals", "wall_connector_totals", "config"}
        await until(lambda: all(any(k in one for one in heard) for k in kinds))
        await until(lambda: {"BatteryLevel", "Soc", "Locked"} <= signals.keys())
        await until(lambda: len([one for one in heard if "totals" in one]) > 1)
        assert isinstance(signals["BatteryLevel"], float | int)
        assert isinstance(signals["TpmsLastSeenPressureTimeFl"], int)
        assert not any("alerts" in one or "config" in one for one in heard)
        assert all(isinstance(one["timestamp"], int) for one in heard)
        stream.close()
        with suppress(asyncio.CancelledError):
            await listening


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
