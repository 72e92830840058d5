"""Who gets in: certificates, caps, patience."""

import asyncio
import shutil
import socket
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cryptography.hazmat.primitives import serialization

from telemetry.issuing import Issued
from telemetry.receiver import tls
from telemetry.receiver.door import listen
from telemetry.receiver.limits import Limits
from tests.telemetry.cars import (
    LEAF,
    SOC,
    Connection,
    TestTesla,
    car_context,
    der,
    new_leaf,
    receiving,
    until,
)
from tests.telemetry.looping import on_uvloop

TESLA = TestTesla()
NOW = datetime.now(UTC)


async def _is_let_in(url: str, context: ssl.SSLContext) -> bool:
    try:
        async with Connection(url, context) as car:
            await car.send(SOC)
            await car.answer(2)
    except (OSError, aiohttp.ClientError, ssl.SSLError):
        return False
    return True


async def _shown(port: int, context: ssl.SSLContext) -> bytes | None:
    """Return the receiver's certificate, as TLS hands it over."""
    _reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    found: bytes | None = writer.get_extra_info("ssl_object").getpeercert(
        binary_form=True
    )
    writer.close()
    return found


@pytest.mark.parametrize(
    "certificate",
    [
        lambda: TestTesla("Somebody Else").car(),
        lambda: TestTesla().car(),  # the right name, another key
        lambda: TESLA.car(ends=NOW - timedelta(days=1)),
        lambda: TESLA.car(starts=NOW + timedelta(days=1)),
        lambda: TESLA.car(usages=["1.3.6.1.5.5.7.3.1"]),
        lambda: None,
    ],
    ids=["stranger", "forged", "expired", "not yet", "server's", "none"],
)
@on_uvloop
async def test_a_bad_certificate_is_refused_by_tls(
    tmp_path: Path, certificate: Callable[[], Issued | None]
) -> None:
    async with receiving(TESLA, tmp_path) as there:
        assert not await _is_let_in(there.url, car_context(tmp_path, certificate()))
        counters = there.receiver.counters
        await until(lambda: counters.refused_tls and not counters.connections)
        assert await _is_let_in(there.url, car_context(tmp_path, TESLA.car()))
        assert there.receiver.counters.frames == 1


@on_uvloop
async def test_a_certificate_of_no_car_is_refused_after_tls(tmp_path: Path) -> None:
    async with receiving(TESLA, tmp_path) as there:
        context = car_context(tmp_path, TESLA.car("Powerwall"))
        async with Connection(there.url, context) as car:
            assert await car.closed() in {1006, 1008}
        counters = there.receiver.counters
        await until(lambda: not counters.connections)
        assert (counters.refused_identity, counters.connected) == (1, 0)
        assert there.channel.entries == []


def test_old_tls_is_refused() -> None:
    context = tls.make_context()
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert context.verify_mode == ssl.CERT_REQUIRED


def test_teslas_authorities_are_trusted() -> None:
    trusted = tls.make_context().get_ca_certs(binary_form=True)
    pem = tls.TESLA_AUTHORITIES.read_text(encoding="ascii")
    assert len(trusted) == pem.count("BEGIN CERTIFICATE")
    assert any(b"Tesla" in one for one in trusted)


@on_uvloop
async def test_no_authorities_are_named_to_cars(tmp_path: Path) -> None:
    """A car that is told a long list refuses to show its certificate."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not here to see what the server asks for")

    async with receiving(TESLA, tmp_path) as there:
        for version in ("-tls1_2", "-tls1_3"):
            process = await asyncio.create_subprocess_exec(
                *(openssl, "s_client", version),
                *("-connect", f"127.0.0.1:{there.port}"),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
            shown, _ = await process.communicate()
            assert b"No client certificate CA names sent" in shown
            assert b"CN = 127.0.0.1" in shown


@on_uvloop
async def test_one_address_has_only_so_many_connections(tmp_path: Path) -> None:
    limits = Limits(connections_per_address=5, handshake_s=1)
    async with receiving(TESLA, tmp_path, limits=limits) as there:
        sockets = [
            await asyncio.open_connection("127.0.0.1", there.port) for _ in range(30)
        ]
        counters = there.receiver.counters
        await until(lambda: counters.refused_address == 25)
        # Who says nothing is gone after a while, and gives the place free.
        await until(lambda: counters.connections == 0)
        assert counters.refused_tls == 5
        assert await _is_let_in(there.url, car_context(tmp_path, TESLA.car()))
        for _, writer in sockets:
            writer.close()


@on_uvloop
async def test_ten_thousand_connections_from_one_address_do_no_harm(
    tmp_path: Path,
) -> None:
    limits = Limits(connections_per_address=50, handshake_s=2)
    async with receiving(TESLA, tmp_path, limits=limits) as there:
        context = car_context(tmp_path, TESLA.car())
        async with Connection(there.url, context) as car:
            await asyncio.to_thread(_knock, there.port, 10_000)
            await car.send(SOC, txid=b"1")
            assert await car.answer() == (b"1", b"V", 5)
            counters = there.receiver.counters
            await until(
                lambda: counters.refused_address + counters.refused_tls >= 9_900
            )
            assert counters.connections <= 50
        await until(lambda: counters.connections == 0)
        assert await _is_let_in(there.url, context)


@on_uvloop
async def test_a_full_process_takes_nobody_more(tmp_path: Path) -> None:
    async with receiving(TESLA, tmp_path, limits=Limits(connections=1)) as there:
        context = car_context(tmp_path, TESLA.car())
        async with Connection(there.url, context):
            assert not await _is_let_in(there.url, context)
        counters = there.receiver.counters
        await until(lambda: not counters.connections)
        assert counters.refused_full == 1
        assert await _is_let_in(there.url, context)


@on_uvloop
async def test_a_car_that_connects_again_and_again_loses_its_oldest(
    tmp_path: Path,
) -> None:
    limits = Limits(connections_per_car=2)
    async with receiving(TESLA, tmp_path, limits=limits) as there:
        async with (
            there.car() as first,
            there.car() as second,
            there.car() as third,
        ):
            await first.closed()
            for car in (second, third):
                await car.send(SOC)
                await car.answer()
        assert there.receiver.counters.replaced == 1


@on_uvloop
async def test_who_is_too_fast_is_read_more_slowly_and_loses_nothing(
    tmp_path: Path,
) -> None:
    limits = Limits(burst=20, frames_per_second=50)
    async with receiving(TESLA, tmp_path, limits=limits) as there:
        async with there.car() as car:
            for number in range(60):
                await car.send(SOC, txid=b"%d" % number)
            for number in range(60):
                assert (await car.answer())[0] == b"%d" % number
        assert there.receiver.counters.limited >= 1


@on_uvloop
async def test_a_car_that_says_nothing_for_long_is_sent_away(tmp_path: Path) -> None:
    async with receiving(TESLA, tmp_path, limits=Limits(idle_s=0.1)) as there:
        async with there.car() as car:
            await car.closed()
        assert there.receiver.counters.idle == 1


@on_uvloop
async def test_a_car_that_has_nothing_to_say_but_pings_stays(tmp_path: Path) -> None:
    async with (
        receiving(TESLA, tmp_path, limits=Limits(idle_s=2)) as there,
        there.car() as car,
    ):
        for _ in range(12):
            await car.socket.ping()
            await asyncio.sleep(0.25)
        assert there.receiver.counters.idle == 0
        await car.closed()
        assert there.receiver.counters.idle == 1


@on_uvloop
async def test_a_request_that_is_no_websocket_is_let_go(tmp_path: Path) -> None:
    async with receiving(TESLA, tmp_path, limits=Limits(handshake_s=1.5)) as there:
        context = car_context(tmp_path, TESLA.car())
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", there.port, ssl=context
        )
        writer.write(b"GARBAGE\r\n\r\n")
        await reader.read()
        writer.close()
        silent, other = await asyncio.open_connection(
            "127.0.0.1", there.port, ssl=context
        )
        assert await silent.read() == b""
        other.close()
        await until(lambda: not there.receiver.counters.connections)


@on_uvloop
async def test_authorities_that_come_later_are_trusted_then(tmp_path: Path) -> None:
    async with receiving(TESLA, tmp_path, look_again_s=0.01) as there:
        newer = TestTesla("TeslaMotors")
        context = car_context(tmp_path, newer.car())
        assert not await _is_let_in(there.url, context)
        path = tmp_path / "tesla.pem"
        path.write_text("no certificate")
        await asyncio.sleep(0.05)
        path.unlink()
        await asyncio.sleep(0.05)
        path.write_text(newer.pem)
        async with asyncio.timeout(5):
            while not await _is_let_in(there.url, context):  # noqa: ASYNC110
                await asyncio.sleep(0.02)


@on_uvloop
async def test_a_certificate_that_cannot_be_read_later_leaves_the_old(
    tmp_path: Path,
) -> None:
    calls: list[int] = []

    def leaf() -> Issued:
        calls.append(1)
        if len(calls) > 1:
            raise OSError("the disk is away")
        return LEAF

    async with receiving(TESLA, tmp_path, leaf=leaf, look_again_s=0.01) as there:
        await until(lambda: len(calls) > 2)
        assert await _is_let_in(there.url, car_context(tmp_path, TESLA.car()))


def _with_password(pem: str) -> str:
    key = serialization.load_pem_private_key(pem.encode(), None)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"a password"),
    ).decode()


@pytest.mark.parametrize(
    "broken",
    [
        lambda newer: Issued(newer.certificate_pem, LEAF.private_pem),
        lambda newer: Issued(LEAF.certificate_pem, newer.private_pem),
        lambda newer: Issued(newer.certificate_pem, _with_password(newer.private_pem)),
        lambda newer: Issued(newer.certificate_pem, newer.private_pem[:90]),
        lambda newer: Issued(newer.certificate_pem[:90], newer.private_pem),
    ],
    ids=["another key", "another certificate", "password", "half a key", "half"],
)
@on_uvloop
async def test_a_certificate_that_does_not_fit_its_key_leaves_the_old(
    tmp_path: Path, broken: Callable[[Issued], Issued]
) -> None:
    newer, looks = new_leaf(), [0]
    now = [LEAF]

    def leaf() -> Issued:
        looks[0] += 1
        return now[0]

    async def looked() -> None:
        before = looks[0]
        await until(lambda: looks[0] > before + 2)

    async with receiving(TESLA, tmp_path, leaf=leaf, look_again_s=0.02) as there:
        context = car_context(tmp_path, TESLA.car())
        now[0] = broken(newer)
        await looked()
        assert await _shown(there.port, context) == der(LEAF)
        assert await _is_let_in(there.url, context)
        now[0] = LEAF
        await looked()
        assert await _is_let_in(there.url, context)
        now[0] = newer
        await looked()
        assert await _shown(there.port, context) == der(newer)
        assert await _is_let_in(there.url, context)


@on_uvloop
async def test_a_certificate_that_cannot_be_read_at_the_start_stops_it(
    tmp_path: Path,
) -> None:
    def leaf() -> Issued:
        raise OSError("no")

    with pytest.raises(OSError, match="no"):
        async with receiving(TESLA, tmp_path, leaf=leaf):
            pass


def test_the_key_is_never_in_a_file_for_long(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    tls.show(tls.make_context(), LEAF)
    assert list(tmp_path.iterdir()) == []


def test_listening_on_all_addresses_of_both_kinds() -> None:
    for host in ("127.0.0.1", "::1"):
        with listen(host, 0, shared=True) as one:
            port = one.getsockname()[1]
            with listen(host, port, shared=True) as other:
                assert other.getsockname()[1] == port


def _knock(port: int, times: int, at_once: int = 250) -> None:
    """Connect again and again without a word, many at once."""
    for _ in range(times // at_once):
        kept = [
            socket.create_connection(("127.0.0.1", port), timeout=5)
            for _ in range(at_once)
        ]
        for one in kept:
            one.close()
