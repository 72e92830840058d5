"""Names are asked for beside each other: what hangs keeps nobody else waiting."""

import asyncio
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings

from tests.webhooks.receiver import Receiver
from tests.webhooks.running import run, until
from webhooks import line
from webhooks.names import Found, Names

WITHIN_S = 30.0


class Servers:
    """Answer for names by what they begin with; what hangs does so until `go_on`."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.free = threading.Event()

    def __call__(self, host: str) -> Found:
        """Do as `names.ask` does."""
        self.asked.append(host)
        if host.startswith("hang"):
            self.free.wait(WITHIN_S)
        if host.startswith("bad"):
            raise socket.gaierror(socket.EAI_AGAIN, "SERVFAIL")
        if host.startswith("odd"):
            raise UnicodeError
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0))]


@pytest.fixture
def servers() -> Iterator[Servers]:
    """Return servers of names; none of them hangs for longer than the test."""
    made = Servers()
    yield made
    made.free.set()


async def _fails(names: Names, host: str) -> type[BaseException]:
    [found] = await asyncio.gather(names.resolve(host, 443), return_exceptions=True)
    assert isinstance(found, Exception)
    return type(found)


def test_names_that_hang_leave_the_others_their_answers(servers: Servers) -> None:
    async def main() -> None:
        names = Names(servers)
        hanging = [
            asyncio.ensure_future(names.resolve(f"hang{n}", 443)) for n in range(40)
        ]
        async with asyncio.timeout(WITHIN_S):
            found = await names.resolve("example.com", 8443)
            assert [one[4] for one in found] == [("127.0.0.1", 8443)]
            assert not any(one.done() for one in hanging)
            servers.free.set()
            assert len(await asyncio.gather(*hanging)) == 40

    run(main())


def test_no_more_are_asked_at_once_than_is_allowed(servers: Servers) -> None:
    async def main() -> None:
        names = Names(servers, most=2)
        hanging = [
            asyncio.ensure_future(names.resolve(f"hang{n}", 443)) for n in range(3)
        ]
        async with asyncio.timeout(WITHIN_S):
            await until(lambda: len(servers.asked) == 2)
            waiting = asyncio.ensure_future(names.resolve("example.com", 443))
            for _ in range(10):
                await asyncio.sleep(0)
            assert set(servers.asked) == {"hang0", "hang1"}
            # What is no name needs no place.
            [(*_, sockaddr)] = await names.resolve("127.0.0.1", 443)
            assert sockaddr == ("127.0.0.1", 443)
            servers.free.set()
            await asyncio.gather(*hanging, waiting)

    run(main())
    assert set(servers.asked[2:]) == {"hang2", "example.com"}


def test_name_is_asked_for_once_at_a_time(servers: Servers) -> None:
    async def main() -> None:
        names = Names(servers)
        impatient, *others = (
            asyncio.ensure_future(names.resolve(host, port))
            for host, port in (("hang", 443), ("hang", 443), ("Hang", 8443))
        )
        await until(lambda: bool(servers.asked))
        impatient.cancel()
        await asyncio.wait([impatient])
        servers.free.set()
        found = await asyncio.gather(*others)
        assert [one[0][4][1] for one in found] == [443, 8443]
        await names.resolve("hang", 443)

    run(main())
    assert servers.asked == ["hang", "hang"]


def test_name_that_failed_is_remembered_for_a_while(servers: Servers) -> None:
    async def main() -> None:
        names = Names(servers, failed_s=1.5)
        for _ in range(3):
            assert await _fails(names, "bad") is socket.gaierror
            assert await _fails(names, "odd") is UnicodeError
        assert servers.asked == ["bad", "odd"]
        async with asyncio.timeout(WITHIN_S):
            while servers.asked.count("bad") < 2:
                assert await _fails(names, "bad") is socket.gaierror
                await asyncio.sleep(0.02)
        never = Names(servers, failed_s=0)
        for _ in range(3):
            await _fails(never, "bad.example.com")
        assert servers.asked.count("bad.example.com") == 3

    run(main())


def test_only_so_many_failures_are_remembered(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webhooks.names._MOST_FAILED", 2)

    async def main() -> None:
        names = Names(servers, failed_s=600)
        for host in ("bad1", "bad2", "bad3", "bad3", "bad2", "bad1"):
            await _fails(names, host)

    run(main())
    assert servers.asked == ["bad1", "bad2", "bad3", "bad1"]


_PROGRAM = """
import asyncio, threading, uvloop
from webhooks.names import Names

async def main():
    asked = threading.Event()
    def hang(_):
        asked.set()
        threading.Event().wait()
    asking = asyncio.ensure_future(Names(hang).resolve("example.com", 443))
    while not asked.is_set():
        await asyncio.sleep(0.01)

uvloop.run(main())
"""


def test_process_ends_while_a_name_hangs() -> None:
    command = [sys.executable, "-c", _PROGRAM]
    subprocess.run(command, cwd=settings.BASE_DIR, check=True, timeout=WITHIN_S)


def test_line_works_if_any_host_takes_a_connection(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line, "_WITHIN_S", 0.3)

    async def works(*urls: Any) -> bool:
        return await line.works(urls, Names(servers, failed_s=0).resolve)

    async def main() -> list[bool]:
        async with Receiver() as receiver:
            good = f"http://example.com:{receiver.port}/"
            refused = "http://example.com:1/"
            return [
                await works("https://hang.example.com", good, "https://bad"),
                await works("https://hang.example.com", "https://bad", "https://odd"),
                await works(refused),
                await works(refused, good),
            ]

    assert run(main()) == [True, False, False, True]
