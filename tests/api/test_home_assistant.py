"""What Home Assistant does when it is set up, with its two unchanged libraries.

Names and certificates lead to this console: the clients think that it is Teslemetry.
"""

import asyncio
import inspect
from datetime import datetime
from typing import Any

import aiohttp
import pytest
from tesla_fleet_api import Teslemetry
from tesla_fleet_api.exceptions import InvalidToken
from teslemetry_stream import TeslemetryStream
from teslemetry_stream.exception import TeslemetryStreamAuthenticationError
from teslemetry_stream.vehicle import TeslemetryStreamVehicle

from tests.api.houses import HA_TOPICS, KINDS, Heard, House, kinds_of, set_up, until
from tests.telemetry.stream.listening import lock_out

HA_KINDS = KINDS - {"alerts", "errors", "config"}
OF_A_CHARGE = {"BatteryLevel", "Soc", "Locked", "TpmsLastSeenPressureTimeFl"}
NO_SIGNALS = {"State", "VehicleData", "Cellular", "Wifi", "Alerts", "Errors"}


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
