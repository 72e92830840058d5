import asyncio
import json
import time
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from tesla_protocol.telemetry import vehicle_data_pb2 as protocol

from fleet.records import envelope
from telemetry.receiver.limits import Limits
from tests.fleet.records import frames
from tests.fleet.records.frames import value
from tests.telemetry.cars import (
    ALICE,
    BOB,
    LEAF,
    SOC,
    VIN,
    Connection,
    Memory,
    TestTesla,
    new_leaf,
    receiving,
    seen_by,
    until,
)
from tests.telemetry.looping import on_uvloop
from vehicles.services.viewers import Viewer

TESLA = TestTesla()
SOMEWHERE = protocol.LocationValue(latitude=30.22, longitude=-97.62)
PLACE = (21, value(string_value="(30.22 N, 97.62 W)"))


@on_uvloop
async def test_a_record_is_published_and_then_acknowledged(tmp_path: Path) -> None:
    gate = asyncio.Event()
    async with receiving(TESLA, tmp_path, channel=Memory(gate=gate)) as there:
        async with there.car() as car:
            await car.send(SOC, txid=b"t-1")
            with pytest.raises(TimeoutError):
                await car.answer(0.2)
            assert there.channel.entries == []
            gate.set()
            assert await car.answer() == (b"t-1", b"V", 5)

        assert there.channel.bodies() == [
            b'{"createdAt":"2026-01-01T00:00:00.983Z","vin":"%b",'
            b'"data":{"Soc":81.5}}' % VIN.encode()
        ]
        assert there.channel.entries[-1].account_id == ALICE


@on_uvloop
async def test_connecting_and_leaving_are_told(tmp_path: Path) -> None:
    async with receiving(TESLA, tmp_path) as there:
        async with there.car(**{"X-Network-Interface": "Cellular"}):
            await until(lambda: len(there.channel.entries) == 2)
        await until(lambda: len(there.channel.entries) == 3)
        told = [
            {**json.loads(one.event.body), "createdAt": ""}
            for one in there.channel.entries
        ]
        line = {"createdAt": "", "vin": VIN, "networkInterface": "cellular"}
        assert told == [
            line | {"status": "CONNECTED"},
            {"createdAt": "", "vin": VIN, "state": "online"},
            line | {"status": "DISCONNECTED"},
        ]


@on_uvloop
async def test_the_place_is_cut_out_for_who_may_not_see_it(tmp_path: Path) -> None:
    both = seen_by(Viewer(ALICE, sees_location=True), Viewer(BOB, sees_location=False))
    async with receiving(TESLA, tmp_path, ask=both) as there:
        async with there.car() as car:
            await car.send(SOC, PLACE, txid=b"1")
            await car.answer()
            await car.send(PLACE, txid=b"2")
            await car.answer()
            # A field that is not known yet tells of a place by its shape.
            await car.send((299, value(location_value=SOMEWHERE)), txid=b"3")
            await car.answer()
        told = [
            (one.account_id, json.loads(one.event.body)["data"])
            for one in there.channel.entries
            if one.event.topic == "data"
        ]
        place = {"latitude": 30.22, "longitude": -97.62}
        assert told == [
            (ALICE, {"Soc": 81.5, "Location": place}),
            (BOB, {"Soc": 81.5}),
            (ALICE, {"Location": place}),
            (ALICE, {"Field_299": place}),
        ]


@on_uvloop
async def test_a_car_whose_clock_is_ahead_tells_of_now(tmp_path: Path) -> None:
    async with receiving(TESLA, tmp_path) as there:
        async with there.car() as car:
            now_ms = int(time.time() * 1000)
            ahead = frames.data(SOC, at_ms=now_ms + 3_600_000)
            await car.socket.send_bytes(frames.frame(ahead.SerializeToString()))
            await car.answer()
        (told,) = (one for one in there.channel.entries if one.event.topic == "data")
        assert abs(told.event.at_ms - now_ms) < 60_000


@on_uvloop
async def test_a_car_that_nobody_sees_is_acknowledged_and_told_to_nobody(
    tmp_path: Path,
) -> None:
    async with receiving(TESLA, tmp_path, ask=seen_by()) as there:
        async with there.car() as car:
            await car.send(SOC, txid=b"1")
            assert await car.answer() == (b"1", b"V", 5)
        assert there.channel.entries == []
        assert there.receiver.counters.nobody == 1


@on_uvloop
async def test_the_certificate_wins_over_the_payload(tmp_path: Path) -> None:
    async with receiving(TESLA, tmp_path) as there:
        async with there.car("5YJ3E1EA4PF000002") as car:
            await car.send(SOC)
            await car.answer()
        products = {one.event.product for one in there.channel.entries}
        assert products == {"5YJ3E1EA4PF000002"}
        assert b"5YJ3E1EA4PF000002" in there.channel.bodies()[0]


@on_uvloop
async def test_a_record_that_comes_twice_is_told_with_the_same_content(
    tmp_path: Path,
) -> None:
    async with receiving(TESLA, tmp_path) as there:
        async with there.car() as car:
            await car.send(SOC, txid=b"1")
            await car.send(SOC, txid=b"1")
            assert await car.answer() == await car.answer()
        first, second = there.channel.bodies()
        assert first == second


@on_uvloop
async def test_broken_frames_are_refused_and_the_connection_lives(
    tmp_path: Path,
) -> None:
    async with receiving(TESLA, tmp_path) as there:
        async with there.car() as car:
            whole = frames.frame(b"\xff\xff", txid=b"bad")
            await car.socket.send_bytes(whole)
            assert await car.answer() == (b"bad", b"", 4)
            await car.socket.send_bytes(whole[:20])
            assert await car.answer() == (b"", b"", 4)
            await car.socket.send_bytes(frames.frame(b"", kind=3, txid=b"tag"))
            assert await car.answer() == (b"tag", b"", 4)
            await car.send(SOC, txid=b"good")
            assert await car.answer() == (b"good", b"V", 5)
        assert there.receiver.counters.malformed == 3


@on_uvloop
async def test_an_unknown_topic_is_acknowledged_and_dropped(tmp_path: Path) -> None:
    async with receiving(TESLA, tmp_path) as there:
        async with there.car() as car:
            await car.send(SOC, topic=b"metrics", txid=b"1")
            assert await car.answer() == (b"1", b"metrics", 5)
        assert there.channel.bodies() == []
        assert there.receiver.counters.unknown_topics == 1


@on_uvloop
async def test_a_frame_that_is_too_long_ends_the_connection(tmp_path: Path) -> None:
    async with receiving(TESLA, tmp_path) as there:
        async with there.car() as car:
            await car.socket.send_bytes(bytes(1_000_001))
            assert await car.closed() in {1006, 1009}
        async with there.car() as car:
            await car.send(SOC)
            await car.answer()


@on_uvloop
async def test_a_frame_in_fragments_is_one_frame(tmp_path: Path) -> None:
    limits = Limits(frame_bytes=5000)
    async with receiving(TESLA, tmp_path, limits=limits) as there, there.car() as car:
        whole = frames.frame(frames.data(SOC).SerializeToString(), txid=b"1")
        await _fragments(car, whole[:50], whole[50:])
        assert await car.answer() == (b"1", b"V", 5)
        await _fragments(car, bytes(4000), bytes(4000))
        assert await car.closed() in {1006, 1009}


@on_uvloop
async def test_text_ends_the_connection(tmp_path: Path) -> None:
    async with receiving(TESLA, tmp_path) as there, there.car() as car:
        await car.socket.send_str("hello")
        assert await car.closed() in {1006, 1003}


@on_uvloop
async def test_another_path_is_not_found(tmp_path: Path) -> None:
    async with receiving(TESLA, tmp_path) as there:
        with pytest.raises(aiohttp.WSServerHandshakeError, match="404"):
            async with there.car(path="admin"):
                pass


@on_uvloop
async def test_redis_away_means_no_acknowledgment_and_a_cut(tmp_path: Path) -> None:
    channel = Memory(away=True)
    async with receiving(TESLA, tmp_path, channel=channel) as there:
        async with there.car() as car:
            await car.send(SOC, txid=b"1")
            assert await car.closed() in {1006, 1013}
        channel.away = False
        async with there.car() as car:
            await car.send(SOC, txid=b"1")
            assert await car.answer() == (b"1", b"V", 5)
        assert there.receiver.counters.unavailable == 1
        assert there.receiver.counters.acknowledged == 1
        assert len(channel.bodies()) == 1


@on_uvloop
async def test_what_waits_for_redis_is_bounded(tmp_path: Path) -> None:
    channel = Memory(gate=asyncio.Event())
    limits = Limits(waiting_bytes=20_000)
    async with (
        receiving(TESLA, tmp_path, channel=channel, limits=limits) as there,
        there.car() as car,
    ):
        for number in range(200):
            await car.send((64, value(string_value="x" * 5000)), txid=b"%d" % number)
        counters = there.receiver.counters
        await until(lambda: counters.limited)
        seen = counters.frames
        await asyncio.sleep(0.1)
        assert counters.frames - seen < 20
        assert counters.frames < 60
        assert channel.gate is not None
        channel.gate.set()
        for number in range(200):
            assert (await car.answer())[0] == b"%d" % number


@on_uvloop
async def test_signals_are_metered_for_one_account(tmp_path: Path) -> None:
    both = seen_by(Viewer(ALICE, sees_location=True), Viewer(BOB, sees_location=True))
    async with receiving(TESLA, tmp_path, ask=both) as there:
        async with there.car() as car:
            for _ in range(3):
                await car.send(SOC, PLACE)
                await car.answer()
        meter = there.meter
    ((key, count),) = meter.counts.items()
    assert (key.user_id, key.subject, key.price_class) == (ALICE, VIN, "streaming")
    assert count.billed == 6


@on_uvloop
async def test_the_certificate_is_renewed_under_connected_cars(tmp_path: Path) -> None:
    shown = [LEAF]
    async with (
        receiving(TESLA, tmp_path, leaf=lambda: shown[0], look_again_s=0.01) as there,
        there.car() as car,
    ):
        before = _serial(car)
        shown[0] = new_leaf()

        async def is_new() -> bool:
            async with there.car() as another:
                return bool(_serial(another) != before)

        async with asyncio.timeout(5):
            while not await is_new():  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        await car.send(SOC, txid=b"1")
        assert await car.answer() == (b"1", b"V", 5)


@on_uvloop
async def test_the_end_acknowledges_what_came_and_sends_cars_away(
    tmp_path: Path,
) -> None:
    async with receiving(TESLA, tmp_path) as there:
        async with there.car() as car:
            await car.send(SOC, txid=b"1")
            await until(lambda: there.receiver.counters.records)
            there.stop.set()
            assert await car.answer() == (b"1", b"V", 5)
            assert await car.closed() in {1006, 1012}
            await there.task
        last = json.loads(there.channel.entries[-1].event.body)
        assert last["status"] == "DISCONNECTED"


def _serial(car: Connection) -> Any:
    tls = car.socket.get_extra_info("ssl_object")
    return tls.getpeercert()["serialNumber"]


async def _fragments(car: Connection, first: bytes, second: bytes) -> None:
    writer = car.socket._writer  # noqa: SLF001 - no client sends fragments openly
    for content, opcode in ((first, 0x02), (second, 0x80)):
        size = len(content)
        length = bytes([0x80 | min(size, 126)])
        if size > 125:
            length += size.to_bytes(2, "big")
        writer.transport.write(bytes([opcode]) + length + bytes(4) + content)


def test_a_refusal_has_words() -> None:
    assert envelope.read(envelope.refusal(b"1", b"words")).payload == b"words"
