"""The breaker: what opens it, whom it holds up, and how it finds the way back."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from fleet.async_client import AsyncClient
from fleet.breaker import (
    BREAKER,
    FIRST_PAUSE_S,
    LONGEST_PAUSE_S,
    MOST_FAILURES,
    Breaker,
    is_failure,
)
from fleet.client import Client
from fleet.errors import FleetError, TeslaAway, TimedOut, Unreadable, explain
from fleet.hosts import TESLA
from fleet.wire import Answer, Timeouts
from tests.clocks import Clock
from tests.fleet.loopback import Loopback, cut, dripping, http, silent

NA, EU = "https://na.example", "https://eu.example"
PATH = "/api/1/products"
JSON = [("Content-Type", "application/json; charset=utf-8")]
FAULT = Answer(500, JSON, b'{"response":null,"error":"server_error"}')
GOOD = Answer(200, JSON, b'{"response":true}')
VIN, OTHER_VIN = "5YJ3E1EA0LF000001", "5YJ3E1EA0LF000002"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(clock)


def call(
    breaker: Breaker,
    outcome: Answer | FleetError,
    *,
    times: int = 1,
    base_url: str = NA,
    path: str = PATH,
) -> None:
    """Let calls through that end so."""
    for _ in range(times):
        with breaker.passing(base_url, path) as passing:
            if isinstance(outcome, Answer):
                passing.answered(outcome)
        if isinstance(outcome, FleetError):
            fail(breaker, outcome, base_url)


def fail(breaker: Breaker, error: FleetError, base_url: str = NA) -> None:
    with pytest.raises(type(error)), breaker.passing(base_url, PATH):
        raise error


def is_open(breaker: Breaker, base_url: str = NA) -> bool:
    """Tell whether calls to a host pause."""
    try:
        breaker.check(base_url)
    except TeslaAway:
        return True
    return False


@pytest.mark.parametrize(
    "answer",
    [
        FAULT,
        Answer(503, [], b""),
        Answer(502, [("content-type", "text/html")], b"<html>"),
        Answer(200, [("content-type", "text/html")], b"<html>"),
        Answer(200, JSON, b'{"response":'),
        Answer(302, [("location", "https://elsewhere.example")], b""),
    ],
)
def test_faults_of_the_host_open_it(breaker: Breaker, answer: Answer) -> None:
    assert is_failure(answer)
    call(breaker, answer, times=MOST_FAILURES - 1)
    assert not is_open(breaker)
    call(breaker, answer)
    assert is_open(breaker)


@pytest.mark.parametrize("error", [TimedOut(), Unreadable()])
def test_answers_that_do_not_come_open_it(breaker: Breaker, error: FleetError) -> None:
    for _ in range(MOST_FAILURES):
        fail(breaker, error)
    assert is_open(breaker)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 408, 412, 421, 429])
def test_refusals_are_no_failure(breaker: Breaker, status: int) -> None:
    call(breaker, Answer(status, [], b"Retry in 5 seconds"), times=50)
    assert not is_open(breaker)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, JSON, b' {"response":[]} '),
        Answer(200, [("content-type", "application/pdf")], b"%PDF-"),
        Answer(200, [*JSON, ("content-encoding", "gzip")], b"\x1f\x8b"),
        Answer(200, [], b"BEGIN PUBLIC KEY"),
    ],
)
def test_good_answer_ends_a_row(breaker: Breaker, answer: Answer) -> None:
    for _ in range(3):
        call(breaker, FAULT, times=MOST_FAILURES - 1)
        call(breaker, answer)
    assert not is_open(breaker)


def test_failures_far_apart_are_no_row(breaker: Breaker, clock: Clock) -> None:
    for _ in range(3 * MOST_FAILURES):
        call(breaker, FAULT)
        clock.now_s += 121
    assert not is_open(breaker)


def test_one_car_with_a_fault_holds_up_nobody(breaker: Breaker) -> None:
    path = f"/api/1/vehicles/{VIN}/vehicle_data?endpoints=drive_state"
    call(breaker, FAULT, times=50, path=path)
    assert not is_open(breaker)
    call(breaker, FAULT, path=f"/api/1/vehicles/{OTHER_VIN}/vehicle_data")
    assert is_open(breaker)


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        (Answer(540, JSON, b'{"error":"device"}'), "vehicle_data"),
        (Answer(503, JSON, b'{"error":"offline"}'), "signed_command"),
        (Answer(500, JSON, b'{"error":"Vehicle busy"}'), "command/honk_horn"),
    ],
)
def test_cars_that_sleep_or_are_busy_hold_up_nobody(
    breaker: Breaker, answer: Answer, what: str
) -> None:
    for number in range(50):
        call(breaker, answer, path=f"/api/1/vehicles/{VIN[:-2]}{number:02}/{what}")
    assert not is_open(breaker)


def test_other_region_is_not_held_up(breaker: Breaker) -> None:
    call(breaker, FAULT, times=MOST_FAILURES, base_url=f"{NA}/")
    assert is_open(breaker)
    assert not is_open(breaker, EU)
    call(breaker, GOOD, base_url=EU)


def test_pause_says_how_long_and_ends_with_one_probe(
    breaker: Breaker, clock: Clock
) -> None:
    call(breaker, FAULT, times=MOST_FAILURES)
    clock.now_s += 4
    with pytest.raises(TeslaAway) as raised:
        call(breaker, GOOD)
    assert raised.value.retry_after_s == FIRST_PAUSE_S - 4
    words = explain(raised.value)
    assert words.who == "nobody"
    assert words.words.endswith("Try again in 6 seconds.")
    clock.now_s += 6
    with breaker.passing(NA, PATH) as probe:
        with pytest.raises(TeslaAway) as held:
            call(breaker, GOOD)
        assert held.value.retry_after_s == 1.0
        probe.answered(GOOD)
    call(breaker, FAULT, times=MOST_FAILURES - 1)
    assert not is_open(breaker)


def test_pause_grows_to_a_minute_while_probes_fail(
    breaker: Breaker, clock: Clock
) -> None:
    call(breaker, FAULT, times=MOST_FAILURES)
    pauses = []
    for _ in range(5):
        began_s = clock.now_s
        while is_open(breaker):
            clock.now_s += 1
        pauses.append(clock.now_s - began_s)
        call(breaker, FAULT)
    assert pauses == [FIRST_PAUSE_S, 20.0, 40.0, LONGEST_PAUSE_S, LONGEST_PAUSE_S]


def test_probe_that_leaves_lets_another_try(breaker: Breaker, clock: Clock) -> None:
    call(breaker, FAULT, times=MOST_FAILURES)
    clock.now_s += FIRST_PAUSE_S
    with pytest.raises(asyncio.CancelledError), breaker.passing(NA, PATH):
        raise asyncio.CancelledError
    assert not is_open(breaker)
    call(breaker, GOOD)


def test_calls_under_way_when_the_pause_begins_do_not_lengthen_it(
    breaker: Breaker, clock: Clock
) -> None:
    with breaker.passing(NA, PATH) as late:
        call(breaker, FAULT, times=MOST_FAILURES)
        late.answered(FAULT)
    clock.now_s += FIRST_PAUSE_S
    assert not is_open(breaker)


def test_probe_that_finds_a_car_asleep_learns_nothing(
    breaker: Breaker, clock: Clock
) -> None:
    call(breaker, FAULT, times=MOST_FAILURES)
    clock.now_s += FIRST_PAUSE_S
    busy = Answer(500, JSON, b'{"error":"vehicle busy"}')
    call(breaker, busy, path=f"/api/1/vehicles/{VIN}/command/honk_horn")
    call(breaker, FAULT)
    assert is_open(breaker)


WEATHER: dict[str, Callable[[], Any]] = {
    "500": lambda: http({"response": None, "error": "x"}, 500),
    "silence": lambda: silent,
    "drops": lambda: dripping(http(json.dumps([0] * 99).encode()), 0.02),
    "page": lambda: http(b"<html>away</html>", 200, Content_Type="text/html"),
    "half": lambda: http(b'{"response": [', 200, Content_Type="application/json"),
    "cut": lambda: cut(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"),
}


@pytest.mark.parametrize("weather", WEATHER)
def test_gateways_client_asks_a_host_in_bad_weather_at_most_five_times(
    weather: str,
) -> None:
    async def story(server: Loopback) -> list[str]:
        client = AsyncClient(TESLA, Timeouts(), Breaker())
        ends = []
        for _ in range(2 * MOST_FAILURES):
            try:
                answer = await client.send(
                    "GET", server.url, PATH, tesla_access_token="t", timeout_s=0.1
                )
                ends.append(str(answer.status))
            except FleetError as error:
                ends.append(type(error).__name__)
        await client.close()
        return ends

    with Loopback(WEATHER[weather]()) as server:
        ends = asyncio.run(story(server))
        # One that was given up early may not have arrived.
        assert 0 < len(server.asked) <= MOST_FAILURES
    assert ends[MOST_FAILURES:] == ["TeslaAway"] * MOST_FAILURES
    assert "TeslaAway" not in ends[:MOST_FAILURES]


@pytest.mark.parametrize("weather", WEATHER)
def test_workers_client_asks_a_host_in_bad_weather_at_most_five_times(
    weather: str,
) -> None:
    timeouts = Timeouts(read_s=0.1, total_s=0.1)
    ends = []
    with Loopback(WEATHER[weather]()) as server:
        client = Client(server.url, "t", timeouts=timeouts)
        for _ in range(2 * MOST_FAILURES):
            with pytest.raises(FleetError) as raised:
                client.products()
            ends.append(type(raised.value).__name__)
        # A GET that is cut off before its answer is sent once more.
        assert 0 < len(server.asked) <= 2 * MOST_FAILURES
    assert ends[MOST_FAILURES:] == ["TeslaAway"] * MOST_FAILURES
    assert "TeslaAway" not in ends[:MOST_FAILURES]


def test_both_clients_of_a_process_share_what_they_know() -> None:
    async def ask(server: Loopback) -> None:
        client = AsyncClient(TESLA)
        try:
            await client.send("GET", server.url, PATH, tesla_access_token="t")
        finally:
            await client.close()

    with Loopback(http({"error": "x"}, 500)) as server:
        for _ in range(MOST_FAILURES):
            asyncio.run(ask(server))
        with pytest.raises(TeslaAway):
            Client(server.url, "t").products()
        BREAKER.forget()
        with pytest.raises(FleetError) as raised:
            Client(server.url, "t").products()
    assert not isinstance(raised.value, TeslaAway)
