"""Cars dial a server over mTLS, send, wait for acknowledgments, and dial again."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tesla_protocol.telemetry.vehicle_alert_pb2 import VehicleAlerts
from tesla_protocol.telemetry.vehicle_data_pb2 import Field
from tesla_protocol.telemetry.vehicle_error_pb2 import VehicleErrors

from simulator.clock import Clock
from simulator.streaming.certificates import Authority
from simulator.streaming.convoy import Convoy, make_cars
from simulator.streaming.line import Destination, Terms
from simulator.streaming.running import RunningConvoy
from simulator.streaming.stream import Surroundings
from simulator.world.cars.car import Car
from simulator.world.cast.cars import LUNA
from tests.simulator.doors import NOON
from tests.simulator.streaming.server import HOSTNAME, Server, server_side, serving

QUICK = Terms(patience_s=5.0, first_pause_s=0.01, longest_pause_s=0.05)
AUTHORITY = Authority.made()
SPEED = {"VehicleSpeed": {"interval_seconds": 1}}


def convoy(server: Server, cars: list[Car], **more: Any) -> Convoy:
    """Return cars that tick when told; `more` changes what they are told."""
    hostname = more.pop("hostname", HOSTNAME)
    destination = Destination(hostname, 443, ("127.0.0.1", server.port))
    ca = more.pop("ca", server.ca)
    chosen: dict[str, Any] = {
        "terms": QUICK,
        "authority": AUTHORITY,
        "tick_s": None,
        **more,
    }
    return Convoy(destination, ca, cars, **chosen)


def run(work: Callable[[Server, Car, Clock], Awaitable[None]], **more: Any) -> None:
    """Run a test with a server and one car in the middle of a drive."""

    async def whole() -> None:
        clock = Clock(NOON)
        (car,) = make_cars(1, clock)
        clock.advance(300)
        async with serving(AUTHORITY.pem, **more) as server:
            await work(server, car, clock)

    asyncio.run(whole())


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - what is waited for tells nobody
            await asyncio.sleep(0.005)


def test_a_car_streams_and_is_acknowledged() -> None:
    async def work(server: Server, car: Car, clock: Clock) -> None:
        async with convoy(server, [car]) as cars:
            cars.tick()
            (first,) = await server.wait(1)
            clock.advance(1)
            cars.tick()
            _, second = await server.wait(2)
            await until(lambda: cars.streams[0].as_json()["acknowledged"] == 2)
            told = cars.streams[0].as_json()
        assert (first.subject, first.issuer) == (car.vin, "Tesla Issuing CA")
        assert first.headers["Version"] == "1.2.0"
        assert first.headers["X-Network-Interface"] == "cellular"
        assert len(first.headers["X-TXID"]) == 36
        assert first.sender == f"vehicle_device.{car.vin}"
        assert (first.device_type, first.device_id) == ("vehicle_device", car.vin)
        assert first.created_s == int(NOON.timestamp()) + 300
        assert first.payload.created_at.seconds == first.created_s
        assert first.payload.vin == car.vin
        assert not first.payload.is_resend
        assert first.names >= {"VehicleSpeed", "Location", "Gear"}
        assert second.names >= {"Location", "Odometer"}
        assert "Gear" not in second.names
        assert len({first.txid, second.txid}) == 2
        assert told["state"] == "connected"
        assert (told["buffered"], told["sent"]) == (0, 2)
        assert told["last_ack_at"] == "2026-06-15T19:05:01+00:00"

    run(work)


def test_many_cars_stream_at_once() -> None:
    async def work(server: Server, car: Car, clock: Clock) -> None:
        cars = make_cars(3, clock)
        async with convoy(server, cars, tick_s=0.01):
            found = await server.wait(3)
        assert {one.subject for one in found} == {car.vin for car in cars}

    run(work)


def test_cars_run_in_a_thread_of_their_own() -> None:
    async def work(server: Server, car: Car, clock: Clock) -> None:
        running = RunningConvoy(lambda: convoy(server, [car]))
        # The server's own loop must go on while the convoy comes and goes.
        await asyncio.to_thread(running.__enter__)
        await asyncio.to_thread(running.do, running.convoy.tick)
        (one,) = await server.wait(1)
        await asyncio.to_thread(running.__exit__, None, None, None)
        assert one.subject == car.vin

    run(work)


def test_values_are_typed_and_enums_are_numbers() -> None:
    fields = {name: {"interval_seconds": 1} for name in ("Gear", "Location", "Soc")}

    async def work(server: Server, car: Car, clock: Clock) -> None:
        async with convoy(server, [car], fields=fields) as cars:
            cars.tick()
            (one,) = await server.wait(1)
        values = {Field.Name(item.key): item.value for item in one.payload.data}
        assert values["Gear"].shift_state_value == 5
        assert round(values["Location"].location_value.latitude) == 53
        assert 0 < values["Soc"].double_value < 100

    run(work)


def test_what_was_not_acknowledged_comes_again_after_a_reconnect() -> None:
    async def work(server: Server, car: Car, clock: Clock) -> None:
        server.mood = "close"
        async with convoy(server, [car]) as cars:
            cars.tick()
            await server.wait(2)
            server.mood = "ack"
            await until(lambda: not len(cars.streams[0].outbox))
            told = cars.streams[0].as_json()
        assert len({one.txid for one in server.frames}) == 1
        first, *again = server.frames
        assert not first.payload.is_resend
        assert all(one.payload.is_resend for one in again)
        assert first.payload.data == again[-1].payload.data
        assert first.created_s == again[-1].created_s
        assert told["resent"] == len(again)
        assert told["connections"] == server.connections >= 3

    run(work)


def test_what_is_not_acknowledged_in_time_comes_again_on_the_same_line() -> None:
    async def work(server: Server, car: Car, clock: Clock) -> None:
        server.mood = "silent"
        terms = Terms(patience_s=0.02)
        async with convoy(server, [car], terms=terms) as cars:
            cars.tick()
            await server.wait(3)
        assert server.connections == 1
        assert [one.payload.is_resend for one in server.frames[:3]] == [
            False,
            True,
            True,
        ]

    run(work)


def test_without_the_policy_nothing_is_kept_once_sent() -> None:
    async def work(server: Server, car: Car, clock: Clock) -> None:
        server.mood = "silent"
        more = {"delivery_policy": None}
        async with convoy(server, [car], more=more) as cars:
            cars.tick()
            await server.wait(1)
            assert len(cars.streams[0].outbox) == 0

    run(work)


def test_answers_that_are_no_acknowledgment_keep_the_message() -> None:
    async def work(server: Server, car: Car, clock: Clock) -> None:
        server.mood = "junk"
        async with convoy(server, [car]) as cars:
            cars.tick()
            await until(lambda: cars.streams[0].line.error == "slow down")
            assert len(cars.streams[0].outbox) == 1
            assert cars.streams[0].line.counts.acknowledged == 0

    run(work)


def test_a_cut_line_buffers_and_sends_all_when_it_is_back() -> None:
    async def work(server: Server, car: Car, clock: Clock) -> None:
        async with convoy(server, [car], fields=SPEED) as cars:
            cars.tick()
            await server.wait(1)
            car.condition.streaming.line_cut = True
            cars.tick()
            await server.until_closed()
            for _ in range(20):
                clock.advance(5)
                cars.tick()
            told = cars.streams[0].as_json()
            assert told["state"] == "cut"
            assert told["buffered"] >= 10
            car.condition.streaming.line_cut = False
            cars.tick()
            found = await server.wait(1 + told["buffered"])
        stamps = [one.created_s for one in found]
        assert stamps == sorted(stamps)
        # Sent for the first time: late, but not repeated.
        assert not any(one.payload.is_resend for one in found)

    run(work)


def test_a_car_without_signal_buffers_too() -> None:
    async def work(server: Server, car: Car, clock: Clock) -> None:
        car.condition.wake.has_signal = False
        async with convoy(server, [car]) as cars:
            cars.tick()
            assert car.state == "offline"
            assert len(cars.streams[0].outbox) == 1
            car.condition.wake.has_signal = True
            cars.tick()
            await server.wait(1)

    run(work)


def test_a_car_that_sleeps_hangs_up_and_tells_all_when_it_wakes() -> None:
    async def work(server: Server, car: Car, clock: Clock) -> None:
        (luna,) = make_cars(1, clock, LUNA)
        async with convoy(server, [luna]) as cars:
            cars.tick()
            assert cars.streams[0].as_json()["state"] == "asleep"
            luna.condition.wake.active_s = luna.now_s
            cars.tick()
            (first,) = await server.wait(1)
            assert first.headers["X-Network-Interface"] == "wifi"
            clock.advance(1000)
            cars.tick()
            await server.until_closed()
            luna.wake_up()
            clock.advance(60)
            cars.tick()
            again = (await server.wait(2))[-1]
        assert again.names == first.names

    run(work)


def test_expired_settings_end_the_stream() -> None:
    async def work(server: Server, car: Car, clock: Clock) -> None:
        more = {"exp": int(car.now_s) + 60}
        async with convoy(server, [car], more=more) as cars:
            cars.tick()
            await server.wait(1)
            clock.advance(60)
            cars.tick()
            await server.until_closed()
            assert len(cars.streams[0].outbox) == 0

    run(work)


@pytest.mark.parametrize(
    ("serves", "dials", "why"),
    [
        ({}, {"ca": Authority.made("Other").pem}, "signed by unknown authority"),
        ({}, {"hostname": "elsewhere.example.com"}, "not valid for this name"),
        ({"expired": True}, {}, "has expired or is not yet valid"),
    ],
)
def test_a_certificate_that_does_not_hold_is_complained_of_once(
    serves: dict[str, Any], dials: dict[str, Any], why: str
) -> None:
    async def work(server: Server, car: Car, clock: Clock) -> None:
        async with convoy(server, [car], **dials) as cars:
            cars.tick()
            await until(lambda: cars.streams[0].line.counts.failures >= 2)
        ((vin, words),) = cars.complaints
        assert vin == car.vin
        assert words.startswith("tls: failed to verify certificate: x509: ")
        assert why in words
        assert server.connections == 0

    run(work, **serves)


def test_a_car_that_trusts_nobody_hangs_up_and_cannot_come_back() -> None:
    async def work(server: Server, car: Car, clock: Clock) -> None:
        async with convoy(server, [car]) as cars:
            cars.tick()
            await server.wait(1)
            car.condition.streaming.bad_certificate = True
            cars.tick()
            await server.until_closed()
            cars.tick()
            await until(lambda: cars.complaints)
            car.condition.streaming.bad_certificate = False
            cars.tick()
            await asyncio.sleep(0)
            cars.tick()
            await until(lambda: server.connections == 2)

    run(work)


def test_a_server_that_does_not_know_the_cars_is_tried_again() -> None:
    async def work(server: Server, car: Car, clock: Clock) -> None:
        stranger = Authority.made()
        async with convoy(server, [car], authority=stranger) as cars:
            cars.tick()
            await until(lambda: cars.streams[0].line.counts.failures >= 2)
        assert server.frames == []
        assert cars.complaints == []

    run(work)


def test_a_server_that_is_away_is_dialed_until_it_is_there() -> None:
    async def work(server: Server, car: Car, clock: Clock) -> None:
        port, server.port = server.port, 9
        cars = convoy(server, [car])
        async with cars:
            cars.tick()
            await until(lambda: cars.streams[0].line.counts.failures >= 3)
        assert cars.streams[0].line.error
        server.port = port

    run(work)


def test_pauses_double_up_to_the_longest() -> None:
    terms = Terms()
    for failures, whole_s in ((1, 1), (2, 2), (5, 16), (6, 30), (1000, 30)):
        for _ in range(20):
            assert whole_s / 2 <= terms.pause_s(failures) <= whole_s


def test_alerts_begin_and_end() -> None:
    async def work(server: Server, car: Car, clock: Clock) -> None:
        more = {"alert_types": ["service", "service_fix"]}
        async with convoy(server, [car], fields={}, more=more) as cars:
            (stream,) = cars.streams
            cars.tick()
            assert stream.asks_for_alerts
            assert stream.alert("Some_a001_alert")
            clock.advance(600)
            cars.tick()
            one, other = (found.record for found in await server.wait(2))
        assert isinstance(one, VehicleAlerts)
        assert isinstance(other, VehicleAlerts)
        assert (one.vin, one.alerts[0].name) == (car.vin, "Some_a001_alert")
        assert list(one.alerts[0].audiences) == [2]
        assert not one.alerts[0].HasField("ended_at")
        assert other.alerts[0].started_at == one.alerts[0].started_at
        assert other.alerts[0].ended_at.seconds == one.created_at.seconds + 600

    run(work)


def test_alerts_that_nobody_asked_for_are_not_sent() -> None:
    async def work(server: Server, car: Car, clock: Clock) -> None:
        async with convoy(server, [car], fields={}) as cars:
            assert not cars.streams[0].alert()
            assert len(cars.streams[0].outbox) == 0

    run(work)


def test_errors_are_sent_with_tags() -> None:
    async def work(server: Server, car: Car, clock: Clock) -> None:
        async with convoy(server, [car], fields={}) as cars:
            cars.tick()
            cars.streams[0].fail("some_error", "words")
            (one,) = await server.wait(1)
        assert isinstance(one.record, VehicleErrors)
        (error,) = one.record.errors
        assert (error.name, error.body) == ("some_error", "words")
        assert dict(error.tags) == {"firmware": car.firmware}

    run(work)


def test_alerts_and_errors_come_now_and_then() -> None:
    async def work(server: Server, car: Car, clock: Clock) -> None:
        server.mood = "silent"
        more = {"alert_types": ["customer"]}
        async with convoy(server, [car], fields={}, more=more) as cars:
            for _ in range(300):
                clock.advance(1800)
                cars.tick()
            topics = [one.topic for one in cars.streams[0].outbox.waiting()]
        assert 10 < topics.count(b"alerts") < 200
        assert 2 < topics.count(b"errors") < 60

    run(work)


def test_fields_that_no_simulated_car_knows_are_never_sent() -> None:
    fields = {name: {"interval_seconds": 1} for name in ("RouteLine", "Gear")}

    async def work(server: Server, car: Car, clock: Clock) -> None:
        async with convoy(server, [car], fields=fields) as cars:
            cars.tick()
            (one,) = await server.wait(1)
        assert one.names == {"Gear"}

    run(work)


@pytest.mark.parametrize(
    ("addresses", "url"),
    [
        ({}, "wss://telemetry.example.com:443/"),
        ({HOSTNAME: "127.0.0.1"}, "wss://127.0.0.1:443/"),
        ({HOSTNAME: "127.0.0.1:8443"}, "wss://127.0.0.1:8443/"),
    ],
)
def test_a_destination_may_have_an_address(addresses: dict[str, str], url: str) -> None:
    around = Surroundings(AUTHORITY, addresses, QUICK)
    found = around.destination({"hostname": HOSTNAME, "port": 443})
    assert (found.url, found.hostname) == (url, HOSTNAME)


def test_a_server_side_for_an_address_can_be_made() -> None:
    ca, _ = server_side(AUTHORITY.pem, "127.0.0.1")
    assert ca.startswith("-----BEGIN CERTIFICATE-----")
    assert Destination("::1", 1).url == "wss://[::1]:1/"
    assert Destination(HOSTNAME, 444).url == f"wss://{HOSTNAME}:444/"
