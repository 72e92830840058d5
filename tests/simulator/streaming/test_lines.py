"""From pushed settings to values on a server: a whole simulator's cars stream."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from tesla_protocol.telemetry.vehicle_alert_pb2 import VehicleAlerts
from tesla_protocol.telemetry.vehicle_error_pb2 import VehicleErrors

from simulator.app import make_app
from simulator.config import Config
from simulator.hub import HUB, Hub
from simulator.streaming.certificates import Authority
from simulator.streaming.lines import LINES, Lines
from simulator.testing import APPLICATION, RunningSimulator
from simulator.world import World
from tests.simulator.doors import KEY_HEX, NOON, PRIVATE_KEY, Doors
from tests.simulator.streaming.server import HOSTNAME, Server, serving
from tests.simulator.streaming.settings import config, errors, push, shown
from tests.simulator.streaming.signing import token

Work = Callable[[Doors, Server], Awaitable[None]]


@pytest.fixture(scope="module")
def _streaming() -> Iterator[RunningSimulator]:
    with RunningSimulator(at=NOON, telemetry_hosts={}) as running:
        yield running


@pytest.fixture
def run(_streaming: RunningSimulator) -> Iterator[Callable[[Work], None]]:
    """Return what runs a test with a simulator whose Red is awake, and a server."""
    sim = _streaming
    sim.reset()
    sim.register(KEY_HEX)
    doors = Doors(sim)
    doors.put("Red", "online")

    def whole(work: Work) -> None:
        async def serve() -> None:
            async with serving(sim.telemetry_ca) as server:
                sim.telemetry_hosts[HOSTNAME] = f"127.0.0.1:{server.port}"
                try:
                    await work(doors, server)
                finally:
                    sim.reset()
                    await server.until_closed()

        asyncio.run(serve())

    yield whole
    doors.http.close()


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - what is waited for tells nobody
            await asyncio.sleep(0.02)


def state_of(doors: Doors, name: str = "Red") -> dict[str, Any]:
    answer = doors.admin("GET", f"cars/{doors.car(name).vin}/telemetry")
    found: dict[str, Any] = answer.json()
    return found


def test_pushed_settings_make_a_car_stream(run: Callable[[Work], None]) -> None:
    async def work(doors: Doors, server: Server) -> None:
        push(doors, ca=server.ca)
        (first,) = await server.wait(1)
        assert (first.subject, first.names) == (doors.car("Red").vin, {"VehicleSpeed"})
        await until(lambda: state_of(doors)["streams"][0]["line"]["acknowledged"])
        (stream,) = state_of(doors)["streams"]
        line = stream.pop("line")
        assert stream == {
            "client_id": "test-client",
            "hostname": HOSTNAME,
            "port": 443,
            "fields": 1,
            "synced": True,
            "takes": True,
        }
        assert (line["state"], line["buffered"]) == ("connected", 0)
        assert line["last_ack_at"] == "2026-06-15T19:00:00+00:00"
        assert errors(doors) == []

    run(work)


def test_new_settings_replace_the_old_stream(run: Callable[[Work], None]) -> None:
    async def work(doors: Doors, server: Server) -> None:
        push(doors, ca=server.ca)
        await server.wait(1)
        push(doors, ca=server.ca, fields={"Gear": {"interval_seconds": 1}})
        found = await server.wait(2)
        assert found[1].names == {"Gear"}
        await until(lambda: server.open == 1)

    run(work)


@pytest.mark.parametrize("how", ["delete", "revoke", "unpair"])
def test_a_stream_ends(run: Callable[[Work], None], how: str) -> None:
    async def work(doors: Doors, server: Server) -> None:
        vin = doors.car("Red").vin
        push(doors, ca=server.ca)
        await server.wait(1)
        if how == "delete":
            path = f"vehicles/{vin}/fleet_telemetry_config"
            doors.call("DELETE", path, doors.token())
        elif how == "revoke":
            body = {"client_id": "test-client"}
            doors.admin("POST", "persons/alice@example.com/revoke", body)
        else:
            doors.admin("POST", f"cars/{vin}", {"unpair": "keys.example.com"})
        await server.until_closed()

    run(work)


def test_a_wrong_signature_never_connects(run: Callable[[Work], None]) -> None:
    async def work(doors: Doors, server: Server) -> None:
        stranger = ec.generate_private_key(ec.SECP256R1())
        push(doors, key=stranger, signer=stranger, ca=server.ca)
        await until(lambda: errors(doors))
        assert shown(doors)["synced"]
        assert state_of(doors)["streams"][0]["line"] is None
        assert server.connections == 0

    run(work)


def test_a_port_as_text_silently_never_connects(run: Callable[[Work], None]) -> None:
    async def work(doors: Doors, server: Server) -> None:
        assert push(doors, ca=server.ca, port="443").status_code == 200
        await until(lambda: shown(doors)["synced"])
        assert state_of(doors)["streams"][0]["line"] is None
        assert errors(doors) == []

    run(work)


def test_a_certificate_that_ca_does_not_vouch_for_is_told_to_tesla(
    run: Callable[[Work], None],
) -> None:
    async def work(doors: Doors, server: Server) -> None:
        push(doors)
        await until(lambda: errors(doors))
        assert errors(doors)[0]["error_name"] == "connection_error"
        assert errors(doors)[0]["error"].endswith("signed by unknown authority")
        assert state_of(doors)["errors"] == errors(doors)

    run(work)


def test_positions_that_are_hidden_are_not_streamed(
    run: Callable[[Work], None],
) -> None:
    async def work(doors: Doors, server: Server) -> None:
        red = doors.car("Red")
        red.hide_from(doors.sim.world.persons["bob@example.com"])
        fields = {
            "Location": {"interval_seconds": 1},
            "Gear": {"interval_seconds": 1, "include_fields": ["GpsState", "Soc"]},
        }
        told = config(ca=server.ca, fields=fields)
        body = {"vins": [red.vin], "token": token(PRIVATE_KEY, told)}
        bearer = doors.token("bob@example.com")
        doors.post("vehicles/fleet_telemetry_config_jws", bearer, body, region="eu")
        (first,) = await server.wait(1)
        assert first.names == {"Gear", "Soc"}

    run(work)


def test_operators_cut_the_line_and_send_alerts(run: Callable[[Work], None]) -> None:
    async def work(doors: Doors, server: Server) -> None:
        path = f"cars/{doors.car('Red').vin}/telemetry"
        push(doors, ca=server.ca)
        await server.wait(1)
        assert doors.admin("POST", path, {"line_cut": True}).json()["line_cut"]
        await server.until_closed()
        doors.admin("POST", path, {"send": "alert"})
        doors.admin("POST", path, {"send": "error"})
        await until(lambda: state_of(doors)["streams"][0]["line"]["buffered"] == 2)
        assert state_of(doors)["streams"][0]["line"]["state"] == "cut"
        doors.admin("POST", path, {"line_cut": False})
        _, alert, error = await server.wait(3)
        assert isinstance(alert.record, VehicleAlerts)
        assert isinstance(error.record, VehicleErrors)

    run(work)


def test_a_drive_now_is_streamed(run: Callable[[Work], None]) -> None:
    async def work(doors: Doors, server: Server) -> None:
        path = f"cars/{doors.car('Red').vin}/telemetry"
        push(doors, ca=server.ca)
        (parked,) = await server.wait(1)
        assert parked.payload.data[0].value.double_value == 0
        assert doors.admin("POST", path, {"drive_now": True}).json()["is_driving"]
        doors.sim.clock.advance(120)
        found = await server.wait(2)
        assert found[1].payload.data[0].value.double_value > 1

    run(work)


def test_settings_of_a_car_that_is_no_more_are_left_alone() -> None:
    async def work() -> None:
        hub = Hub(Config("", (APPLICATION,)), World(1))
        hub.store.configure("test-client", "unknown", config(), NOON)
        lines = Lines(hub, Authority.made())
        lines.tick()
        assert lines.of("unknown") == []
        assert lines.as_json("test-client", "unknown") is None

    asyncio.run(work())


def test_the_ca_is_written_where_it_is_wanted(tmp_path: Path) -> None:
    wanted = tmp_path / "wanted.pem"
    app = make_app(Config("", folder=tmp_path / "data", ca_file=wanted))
    pem = app[LINES].authority.pem
    assert wanted.read_text() == (tmp_path / "data/telemetry-ca.pem").read_text() == pem
    again = make_app(Config("", folder=tmp_path / "data"))
    assert again[LINES].authority.pem == pem
    assert again[HUB].store.configs == {}
    alone = make_app(Config("", ca_file=wanted))
    assert wanted.read_text() == alone[LINES].authority.pem != pem
    assert make_app(Config(""))[LINES].authority.pem != pem
