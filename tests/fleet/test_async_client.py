"""The client of the gateway: passing on, limits, secrets."""

import asyncio
import gzip
import logging
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from fleet.async_client import AsyncClient
from fleet.errors import FleetError, TimedOut, Unreachable, Unreadable
from fleet.hosts import TESLA, Hosts
from fleet.wire import Answer, Timeouts
from simulator.testing import RunningSimulator
from tests.fleet.loopback import Loopback, cut, dripping, http, silent

TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.our-tesla-access-token"
GOOD = http({"response": True}, X_Txid="abc")


def _run(work: Callable[[AsyncClient], Awaitable[Any]]) -> Any:
    async def main() -> Any:
        client = AsyncClient(TESLA, Timeouts())
        try:
            return await work(client)
        finally:
            await client.close()

    return asyncio.run(main())


def _send(server: Loopback, **more: Any) -> Answer:
    method = more.pop("method", "GET")
    path_qs = more.pop("path_qs", "/api/1/products")
    answer: Answer = _run(
        lambda client: client.send(
            method, server.url, path_qs, tesla_access_token=TOKEN, **more
        )
    )
    return answer


def test_answer_is_passed_on_as_it_came() -> None:
    with Loopback(http(b"Retry in 5 seconds\n", 429, Retry_After="5")) as server:
        answer = _send(server)

    assert answer == Answer(
        429,
        [("content-length", "19"), ("retry-after", "5")],
        b"Retry in 5 seconds\n",
    )


def test_request_carries_our_headers_and_none_of_a_clients_secrets() -> None:
    given = {
        "authorization": "Bearer of-the-client",
        "Cookie": "session=x",
        "Host": "evil.example",
        "accept-encoding": "gzip, br",
        "Accept-Language": "de",
    }
    with Loopback(GOOD) as server:
        _send(server, method="POST", body=b'{"a":1}', headers=given)
        _send(server)

    first, second = server.asked
    assert (first.method, first.body) == ("POST", b'{"a":1}')
    assert first.headers == {
        "host": server.url.removeprefix("http://"),
        "authorization": f"Bearer {TOKEN}",
        "content-type": "application/json",
        "content-length": "7",
        "accept-encoding": "gzip, br",
        "accept-language": "de",
        "user-agent": "Keyfob",
        "accept": "*/*",
    }
    assert second.headers == {
        "host": server.url.removeprefix("http://"),
        "authorization": f"Bearer {TOKEN}",
        "accept-encoding": "identity",
        "user-agent": "Keyfob",
        "accept": "*/*",
    }


def test_path_is_sent_as_it_is() -> None:
    path = "/api/1/vehicles/x/vehicle_data?endpoints=a%3Bb;c&q=%2e%2E"
    with Loopback(GOOD) as server:
        _send(server, path_qs=path)

    assert server.asked[0].target == path


@pytest.mark.parametrize(
    "path", ["", "api", "/a b", "/a#b", "/é", "/a\r\nHost: x", "/a\x00", "/a\x7f"]
)
def test_path_that_no_request_can_hold_is_refused(path: str) -> None:
    with Loopback(GOOD) as server, pytest.raises(ValueError, match="encoded"):
        _send(server, path_qs=path)

    assert server.asked == []


def test_compressed_body_stays_as_it_came() -> None:
    body = gzip.compress(b'{"response": []}')
    with Loopback(http(body, Content_Encoding="gzip")) as server:
        assert _send(server).body == body


def test_connections_are_kept_and_shared() -> None:
    async def work(client: AsyncClient) -> None:
        for _ in range(3):
            await client.send("GET", server.url, "/x", tesla_access_token=TOKEN)

    with Loopback(GOOD) as server:
        _run(work)

        assert server.connections == 1
        assert len(server.asked) == 3


def test_cookies_do_not_cross_from_one_call_to_another() -> None:
    async def work(client: AsyncClient) -> None:
        for _ in range(2):
            await client.send("GET", server.url, "/x", tesla_access_token=TOKEN)

    with Loopback(http(b"", Set_Cookie="person=alice; Path=/")) as server:
        _run(work)

        assert "cookie" not in server.asked[1].headers


def test_redirect_is_not_followed() -> None:
    with Loopback(http(b"", 302, Location="/elsewhere")) as server:
        assert _send(server).status == 302
        assert len(server.asked) == 1


def test_client_opens_again_after_close_and_on_another_loop() -> None:
    client = AsyncClient(TESLA)

    async def main() -> int:
        answer = await client.send("GET", server.url, "/x", tesla_access_token=TOKEN)
        await client.close()
        await client.close()
        return answer.status

    with Loopback(GOOD) as server:
        assert asyncio.run(main()) == 200
        assert asyncio.run(main()) == 200


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (cut(), Unreachable),
        (cut(GOOD[:-3]), Unreachable),
        (cut(b"no http at all\r\n\r\n"), Unreadable),
        (http(b"x" * (8 * 1024 * 1024 + 1)), Unreadable),
    ],
)
def test_bad_answer_has_its_error(answer: Any, kind: type[FleetError]) -> None:
    with Loopback(answer) as server, pytest.raises(FleetError) as caught:
        _send(server)

    assert type(caught.value) is kind


@pytest.mark.parametrize("answer", [silent, dripping(GOOD * 20, 0.05)])
def test_slow_answer_times_out_as_a_whole(answer: Any) -> None:
    with Loopback(answer) as server, pytest.raises(TimedOut):
        _send(server, timeout_s=0.4)


def test_no_server_is_unreachable() -> None:
    with Loopback(b"") as server:
        pass

    with pytest.raises(Unreachable) as caught:
        _send(server)

    assert caught.value.description


def test_change_is_never_sent_again() -> None:
    with Loopback(GOOD, cut()) as server:

        async def work(client: AsyncClient) -> None:
            await client.send("POST", server.url, "/x", tesla_access_token=TOKEN)
            with pytest.raises(Unreachable):
                await client.send("POST", server.url, "/x", tesla_access_token=TOKEN)

        _run(work)

        assert len(server.asked) == 2


@pytest.mark.parametrize("answer", [cut(), cut(TOKEN.encode()), cut(GOOD[:-3]), silent])
def test_errors_and_logs_never_contain_the_token(
    answer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    path = f"/api/1/products?token={TOKEN}"

    with Loopback(answer) as server, pytest.raises(FleetError) as caught:
        _send(server, path_qs=path, timeout_s=0.2)

    shown = "".join(traceback.format_exception(caught.value))
    for told in (shown, repr(caught.value), repr(vars(caught.value)), caplog.text):
        assert TOKEN not in told


def test_many_calls_at_once_reach_the_simulated_tesla(
    tesla: RunningSimulator, hosts: Hosts
) -> None:
    token = tesla.link("alice@example.com")["access_token"]

    async def work(client: AsyncClient) -> list[Answer]:
        calls = (
            client.send(
                "GET",
                hosts.base_urls["na"],
                "/api/1/products",
                tesla_access_token=token,
            )
            for _ in range(20)
        )
        return list(await asyncio.gather(*calls))

    answers = _run(work)

    assert [answer.status for answer in answers] == [200] * 20
    assert len({answer.body for answer in answers}) <= 2
