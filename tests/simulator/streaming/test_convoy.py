"""Cars dial a server over mTLS, send, wait for acknowledgments, and dial again."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from simulator.clock import Clock
from simulator.streaming.certificates import Authority
from simulator.streaming.convoy import Convoy, make_cars
from simulator.streaming.line import Destination, Terms
from simulator.world.cars.car import Car
from tests.simulator.doors import NOON
from tests.simulator.streaming.server import HOSTNAME, Server, serving

QUICK = Terms(patience_s=5.0, first_pause_s=0.01, longest_pause_s=0.05)
AUTHORITY = Authority.made()


def convoy(server: Server, cars: list[Car], **more: object) -> Convoy:
    destination = Destination(HOSTNAME, 443, ("127.0.0.1", server.port))
    chosen = {"terms": QUICK, "authority": AUTHORITY, "tick_s": None} | more
    return Convoy(destination, server.ca, cars, **chosen)  # type: ignore[arg-type]


def run(work: Callable[[Server], Awaitable[None]], **more: object) -> None:
    async def whole() -> None:
        async with serving(AUTHORITY.pem, **more) as server:  # type: ignore[arg-type]
            await work(server)

    asyncio.run(whole())


def test_a_car_streams_and_is_acknowledged() -> None:
    clock = Clock(NOON)
    (car,) = make_cars(1, clock)

    async def work(server: Server) -> None:
        async with convoy(server, [car]) as cars:
            cars.tick()
            (first,) = await server.wait(1)
            clock.advance(90)
            cars.tick()
            _, second = await server.wait(2)
            assert first.subject == car.vin
            assert first.issuer == "Tesla Issuing CA"
            assert first.headers["Version"] == "1.2.0"
            assert first.headers["X-Network-Interface"] == "cellular"
            assert len(first.headers["X-TXID"]) == 36
            assert (first.sender, first.device_id) == (
                f"vehicle_device.{car.vin}",
                car.vin,
            )
            assert first.device_type == "vehicle_device"
            assert first.created_s == int(NOON.timestamp())
            assert first.payload.vin == car.vin
            assert not first.payload.is_resend
            assert first.names >= {"VehicleSpeed", "Location", "Gear"}
            assert "Gear" not in second.names
            assert "VehicleSpeed" in second.names
            assert len({first.txid, second.txid}) == 2

    run(work)


@pytest.mark.parametrize("hostname", [HOSTNAME])
def test_many_cars_stream_at_once(hostname: str) -> None:
    async def work(server: Server) -> None:
        cars = make_cars(3, Clock(NOON))
        async with convoy(server, cars, tick_s=0.01):
            found = await server.wait(3)
            assert {one.subject for one in found} == {car.vin for car in cars}

    run(work)
