"""Paddle's API asked over HTTP: what comes back odd becomes an error of ours."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from aiohttp import web

from billing.errors import ProviderAway, ProviderBusy, ProviderRefused
from billing.provider.paddle.client import Client
from billing.provider.reading import count, moment, objects
from simulator.paddle.known import PRICE_IDS
from simulator.serving import Serving

PRICE = PRICE_IDS["vehicle:month"]
Answering = Callable[[], web.Response]


class Odd:
    """A server that answers whatever it was told to."""

    def __init__(self) -> None:
        self.answer: Answering = web.Response
        self.asked: list[str] = []

    def app(self) -> web.Application:
        async def respond(request: web.Request) -> web.Response:
            self.asked.append(f"{request.method} {request.path_qs}")
            return self.answer()

        app = web.Application()
        app.router.add_route("*", "/{rest:.*}", respond)
        return app


@pytest.fixture
def odd() -> Odd:
    return Odd()


@pytest.fixture
def client(odd: Odd) -> Iterator[Client]:
    with Serving(odd.app) as serving:
        yield Client(serving.url, "secret-key")


@pytest.mark.parametrize(
    "answer",
    [
        lambda: web.Response(text="<html>"),
        lambda: web.json_response([]),
        lambda: web.json_response({}),
        lambda: web.json_response({"data": []}),
        lambda: web.Response(status=500),
        lambda: web.Response(status=200, body=b"\xff"),
    ],
)
def test_answer_that_is_none_is_no_answer(
    odd: Odd, client: Client, answer: Answering
) -> None:
    odd.answer = answer
    with pytest.raises(ProviderAway):
        client.get("prices", PRICE)
    assert odd.asked == [f"GET /prices/{PRICE}"]


def test_refusal_keeps_code_and_request_id_but_no_words(
    odd: Odd, client: Client
) -> None:
    content = {
        "error": {"code": "not_found", "detail": "alice@example.com"},
        "meta": {"request_id": "req_1"},
    }
    odd.answer = lambda: web.json_response(content, status=404)
    with pytest.raises(ProviderRefused) as refusal:
        client.get("prices", PRICE)
    caught = refusal.value
    assert (caught.status, caught.code, caught.request_id) == (
        404,
        "not_found",
        "req_1",
    )
    assert "alice" not in f"{caught} {caught!r}"


def test_refusal_without_a_code_is_one_too(odd: Odd, client: Client) -> None:
    odd.answer = lambda: web.json_response({}, status=403)
    with pytest.raises(ProviderRefused, match="403 unknown"):
        client.get("prices", PRICE)


@pytest.mark.parametrize(
    ("header", "seconds"), [("3", 3), ("999999", 3600), ("soon", 60), ("", 60)]
)
def test_wait_is_as_long_as_asked_within_reason(
    odd: Odd, client: Client, header: str, seconds: int
) -> None:
    headers = {"Retry-After": header} if header else {}
    odd.answer = lambda: web.Response(status=429, headers=headers)
    with pytest.raises(ProviderBusy) as busy:
        client.post("transactions", content={})
    assert busy.value.retry_after_s == seconds
    assert len(odd.asked) == 1


def test_next_page_is_asked_of_our_own_host(odd: Odd, client: Client) -> None:
    pages = [
        {
            "data": [{"id": "a"}],
            "meta": {
                "pagination": {
                    "has_more": True,
                    "next": "https://evil.example.com/x?after=a",
                }
            },
        },
        {"data": [{"id": "b"}], "meta": {"pagination": {"has_more": False}}},
    ]
    odd.answer = lambda: web.json_response(pages.pop(0))
    rows = [*client.all("subscriptions", query={})]
    assert rows == [{"id": "a"}, {"id": "b"}]
    assert odd.asked == [
        "GET /subscriptions?per_page=200",
        "GET /subscriptions?after=a",
    ]


@pytest.mark.parametrize("part", ["../x", "sub_1", "", "A", "sub_" + "a" * 27])
def test_odd_id_never_becomes_an_address(part: str) -> None:
    with pytest.raises(ValueError, match="cannot be part of an address"):
        Client("http://127.0.0.1:9", "key").get("subscriptions", part)


def test_nobody_there_is_no_answer() -> None:
    with pytest.raises(ProviderAway):
        Client("http://127.0.0.1:9", "key").get("prices", PRICE)


def test_key_is_never_shown(client: Client) -> None:
    assert "secret-key" not in repr(client)


def test_odd_values_read_as_nothing() -> None:
    odd: dict[str, object] = {"a": True, "b": "x", "c": [1, {}], "d": -4, "e": 3}
    assert [count(odd, one) for one in "abcdef"] == [0, 0, 0, 0, 3, 0]
    assert (objects(odd, "c"), objects(odd, "b")) == ([{}], [])
    at = moment({"at": "2026-05-01T12:00:00"}, "at")
    assert at is not None
    assert at.utcoffset() == timedelta(0)
