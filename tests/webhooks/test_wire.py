"""Connections are kept, and none is used that could answer for another request."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest
from yarl import URL

from tests.webhooks.receiver import Receiver, status
from tests.webhooks.running import run, until
from webhooks import wire
from webhooks.connection import (
    Answer,
    BadAnswer,
    ConnectTimeout,
    Partial,
    Reset,
    Unresolved,
)
from webhooks.guard import Guard
from webhooks.networks import policy
from webhooks.wire import Wire, head_of, request

Post = Callable[[], Awaitable[Answer]]


def _asked(receiver: Receiver, work: Callable[[Post, Receiver], Awaitable[Any]]) -> Any:
    """Run something that posts to a receiver over one wire."""

    async def main() -> Any:
        by = Wire(Guard(policy(["127.0.0.0/8"]), plain=True), 1, most=65536, kept=4096)
        async with receiver:
            url = URL(receiver.url())
            content = request(head_of(url, {}), {"X": "1"}, b"{}")
            found = await work(
                lambda: by.post(url, content, tls=None, total_s=2), receiver
            )
            await by.close()
            return found

    return run(main())


def _once(answer: Any) -> Answer:
    """Post once to a receiver that answers so, and return what came."""
    receiver = Receiver()
    receiver.default = answer

    async def work(post: Post, _: Receiver) -> Answer:
        return await post()

    found: Answer = _asked(receiver, work)
    return found


def _reader(writer: asyncio.StreamWriter) -> asyncio.StreamReader:
    """Return what comes over a connection of which a receiver gave the writer."""
    protocol: Any = writer.transport.get_protocol()
    found: asyncio.StreamReader = protocol._stream_reader  # noqa: SLF001
    return found


@pytest.mark.parametrize(
    "answer",
    [
        status(200),
        status(204),
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 304 Not Modified\r\n\r\n",
        b"HTTP/1.1 500 X\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + status(200, body=b"yes"),
    ],
)
def test_connection_is_kept_after_a_whole_answer(answer: bytes) -> None:
    receiver = Receiver()
    receiver.default = answer

    async def work(post: Post, there: Receiver) -> tuple[int, int]:
        first, second = await post(), await post()
        assert first == second
        return there.connections, len(there.requests)

    assert _asked(receiver, work) == (1, 2)


@pytest.mark.parametrize(
    "answer",
    [
        status(200, "Connection: close"),
        b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        # What comes after an answer is nobody's.
        status(200) + status(500),
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    ],
)
def test_connection_is_not_kept_after_others(answer: bytes) -> None:
    receiver = Receiver()
    receiver.default = answer

    async def work(post: Post, there: Receiver) -> tuple[int, int]:
        first = await post()
        await asyncio.sleep(0.05)
        assert (await post()).status == first.status
        return there.connections, len(there.requests)

    assert _asked(receiver, work) == (2, 2)


def test_what_comes_unasked_ends_a_kept_connection() -> None:
    receiver = Receiver()
    is_answered, is_closed = asyncio.Event(), asyncio.Event()

    async def late(writer: asyncio.StreamWriter) -> None:
        writer.write(status(200))
        await writer.drain()
        await is_answered.wait()
        writer.write(status(500))
        await writer.drain()
        with suppress(ConnectionError):
            await _reader(writer).read()
        is_closed.set()

    async def work(post: Post, there: Receiver) -> tuple[int, int]:
        there.script = [late]
        assert (await post()).status == 200
        is_answered.set()
        await asyncio.wait_for(is_closed.wait(), 5)
        return (await post()).status, there.connections

    assert _asked(receiver, work) == (200, 2)


def test_request_is_made_again_where_a_kept_connection_was_closed() -> None:
    receiver = Receiver()

    async def deaf(writer: asyncio.StreamWriter) -> None:
        """Answer once, and break off at the second request."""
        writer.write(status(200))
        await writer.drain()
        await _reader(writer).readuntil(b"\r\n\r\n")
        writer.transport.abort()

    async def work(post: Post, there: Receiver) -> tuple[int, int]:
        there.script = [deaf]
        await post()
        return (await post()).status, there.connections

    assert _asked(receiver, work) == (200, 2)


def test_new_connection_gets_what_is_left_of_the_time() -> None:
    async def stuck(_: str, __: int) -> list[Any]:
        await asyncio.Event().wait()
        return []

    async def late(writer: asyncio.StreamWriter) -> None:
        writer.write(status(200))
        await writer.drain()
        await asyncio.sleep(0.2)
        writer.transport.abort()

    async def main() -> None:
        guard = Guard(policy(["127.0.0.0/8"]), plain=True)
        by = Wire(guard, 60, most=1, kept=1)
        async with asyncio.timeout(20), Receiver() as receiver:
            receiver.default = late
            url = URL(receiver.url())
            content = request(head_of(url, {}), {}, b"")
            await by.post(url, content, tls=None, total_s=5)
            guard._resolve = stuck  # noqa: SLF001  # from now on
            with pytest.raises(ConnectTimeout):
                await by.post(url, content, tls=None, total_s=0.5)
            await by.close()

    run(main())


def test_request_is_not_made_again_where_a_new_connection_was_closed() -> None:
    receiver = Receiver()

    async def deaf(writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    async def work(post: Post, there: Receiver) -> int:
        there.default = deaf
        with pytest.raises(Reset):
            await post()
        return len(there.requests)

    assert _asked(receiver, work) == 1


def test_unused_connections_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "KEPT_S", 0.1)

    async def work(post: Post, there: Receiver) -> int:
        await asyncio.gather(post(), post())
        await until(lambda: not there._open, 5)  # noqa: SLF001  # what the receiver sees
        await post()
        return there.connections

    assert _asked(Receiver(), work) == 3


def test_answer_may_end_with_its_connection() -> None:
    async def until_end(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 503 X\r\nRetry-After: 7\r\n\r\nbusy")
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    found = _once(until_end)
    assert (found.status, found.retry_after, found.body) == (503, "7", b"busy")
    assert found.peer == "127.0.0.1"


def test_body_of_a_word_in_between_is_no_part_of_the_answer() -> None:
    assert _once(status(199, body=b"no") + status(200, body=b"yes")).body == b"yes"


@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_answer_that_is_coded_otherwise_ends_with_its_connection(coding: str) -> None:
    async def until_end(writer: asyncio.StreamWriter) -> None:
        writer.write(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: %b\r\n\r\nyes" % coding.encode()
        )
        await writer.drain()

    assert _once(until_end).body == b"yes"


@pytest.mark.parametrize("after", [b"0\r\nX: ", b"5;x="])
def test_endless_frame_of_a_body_is_cut(after: bytes) -> None:
    sent = 0

    async def endless(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + after)
        while not writer.is_closing() and sent < 10_000_000:
            writer.write(b"y" * 10_000)
            sent += 10_000
            await writer.drain()

    assert _once(endless).status == 200
    assert sent < 10_000_000


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\n\r"])
def test_header_of_several_lines_is_none(end: str) -> None:
    headers = {"X": f"1{end}Y: 2"}
    with pytest.raises(ValueError, match="more than one line"):
        head_of(URL("http://a.example/"), headers)
    with pytest.raises(ValueError, match="more than one line"):
        request(head_of(URL("http://a.example/"), {}), headers, b"")


@pytest.mark.parametrize("host", ["a..b", 64 * "a" + ".example.com"])
def test_name_that_cannot_be_one_leads_nowhere(host: str) -> None:
    async def main() -> None:
        by = Wire(Guard(policy([]), plain=False), 1, most=1, kept=1)
        url = URL(f"https://{host}/")
        await by.post(url, head_of(url, {}), tls=None, total_s=1)

    with pytest.raises(Unresolved):
        run(main())


def test_chunked_answer_that_breaks_off_is_partial() -> None:
    async def half(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel")
        await writer.drain()

    with pytest.raises(Partial):
        _once(half)


async def _endless_head(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while not writer.is_closing():
        writer.write(b"X-Y: z\r\n" * 100)
        await asyncio.sleep(0)


async def _endless_line(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nX: ")
    while not writer.is_closing():
        writer.write(b"y" * 1000)
        await asyncio.sleep(0)


@pytest.mark.parametrize("answer", [_endless_head, _endless_line])
def test_endless_head_is_no_answer(answer: Any) -> None:
    with pytest.raises(BadAnswer):
        _once(answer)
