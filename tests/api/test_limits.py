"""Limits: of a token, of Tesla's for one car; in several processes, and without Redis."""

import asyncio
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any
from uuid import uuid4

import pytest
import redis
from django.conf import settings as django_settings

from accounts.models import User
from api.limits import Limits
from simulator.testing import RunningSimulator
from tests.api.conftest import MakePerson, Program
from tests.api.test_readings import path_of
from tests.tokens.processes import ROOT, go, result_of, wait_until_ready
from tests.vehicles.conftest import rouse
from tokens.async_shared import Shared
from tokens.models import Usage

Clock = Callable[[], float]


class Watch:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now_s = 1_000_000.5

    def __call__(self) -> float:
        return self.now_s


def story_of(processes: int, tell: Callable[..., Any]) -> Any:
    """Tell a story to the limits of so many processes that share a Redis."""

    async def scene() -> Any:
        watch = Watch()
        shared = [Shared() for _ in range(processes)]
        try:
            return await tell(watch, *(Limits(one, clock=watch) for one in shared))
        finally:
            for one in shared:
                await one.close()

    return asyncio.run(scene())


def test_thirty_calls_pass_and_the_next_one_waits() -> None:
    async def tell(watch: Watch, limits: Limits) -> list[float]:
        waits = [await limits.take("a", 30) for _ in range(31)]
        watch.now_s += 59
        waits.append(await limits.take("a", 30))
        watch.now_s += 0.5
        waits.append(await limits.take("a", 30))
        return waits

    assert story_of(1, tell) == [0.0] * 30 + [59.5, 0.5, 0.0]


def test_calls_of_any_minute_never_pass_the_limit() -> None:
    async def tell(watch: Watch, limits: Limits) -> list[float]:
        let_in = []
        for _ in range(3000):
            watch.now_s += 0.1
            if not await limits.take("a", 30):
                let_in.append(watch.now_s)
        return let_in

    let_in = story_of(1, tell)
    assert 150 <= len(let_in) <= 160
    for number, at_s in enumerate(let_in[30:]):
        assert at_s - let_in[number] > 59


@pytest.mark.parametrize("limit", [30, 500])
def test_two_processes_share_a_window(limit: int) -> None:
    async def tell(watch: Watch, first: Limits, second: Limits) -> tuple[int, int]:
        used = [0, 0]
        for number in range(2 * limit):
            limits = (first, second)[number % 2]
            used[number % 2] += not await limits.take("a", limit)
            watch.now_s += 0.01
        return used[0], used[1]

    first, second = story_of(2, tell)
    assert first + second <= limit
    # What a process leased and did not use is at most a sixty-fourth.
    assert first + second >= limit - limit // 32


def test_unused_lease_is_given_back() -> None:
    async def tell(watch: Watch, limits: Limits) -> int:
        let_in = 0
        for _ in range(90):
            let_in += not await limits.take("a", 640)
            watch.now_s += 0.5
        return let_in

    assert story_of(1, tell) == 90
    with redis.Redis.from_url(django_settings.REDIS_URL) as client:
        counted = client.hvals("keyfob:calls:a")
    assert sum(map(int, counted)) <= 90 + 10


def test_refusals_ask_redis_once_a_second() -> None:
    async def tell(watch: Watch, limits: Limits) -> list[float]:
        await limits.take("a", 1)
        await limits.take("a", 1)
        with redis.Redis.from_url(django_settings.REDIS_URL) as client:
            client.delete("keyfob:calls:a")
        again = [await limits.take("a", 1)]
        watch.now_s += 1.01
        return [*again, await limits.take("a", 1)]

    assert story_of(1, tell) == [59.5, 0.0]


def test_without_redis_each_process_holds_the_limit_itself(redis_away: None) -> None:
    async def tell(watch: Watch, first: Limits, second: Limits) -> list[int]:
        used = [0, 0, 0]
        for number in range(120):
            used[number % 2] += not await (first, second)[number % 2].take("a", 30)
        watch.now_s += 60
        used[2] = sum([not await first.take("a", 30) for _ in range(40)])
        return used

    assert story_of(2, tell) == [30, 30, 30]


def test_calls_count_on_when_redis_goes_away(settings: Any) -> None:
    async def tell(_watch: Watch, limits: Limits) -> int:
        let_in = sum([not await limits.take("a", 30) for _ in range(20)])
        limits._shared._away_until_s = float("inf")  # noqa: SLF001  # it goes away now
        return let_in + sum([not await limits.take("a", 30) for _ in range(20)])

    assert story_of(1, tell) == 30


def test_many_names_are_forgotten_in_time(redis_away: None) -> None:
    async def tell(_watch: Watch, limits: Limits) -> int:
        for number in range(10_010):
            await limits.take(str(number), 5)
        return len(limits._leases)  # noqa: SLF001  # its bound is what is tested

    assert story_of(1, tell) <= 10_000


def test_real_processes_together_let_in_just_the_limit() -> None:
    command = [sys.executable, "-m", "tests.api.program", f"t{uuid4()}", "30", "40"]
    with ExitStack() as stack:
        running = [
            stack.enter_context(
                subprocess.Popen(
                    command,
                    cwd=ROOT,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for _ in range(2)
        ]
        for process in running:
            wait_until_ready(process)
        for process in running:
            go(process)
        assert sum(result_of(process) for process in running) == 30


def test_token_above_its_limit_is_told_when_to_come_back(
    play: Any, alice: User, person: MakePerson, settings: Any
) -> None:
    settings.API_CALLS_PER_MINUTE = 3
    token = person(alice).access_token

    async def story(program: Program) -> list[Any]:
        return [await program.call("/api/test") for _ in range(5)]

    *passed, refused, _ = play(story, token)
    assert [one.status for one in passed] == [200, 200, 200]
    assert (refused.status, refused.error) == (429, "rate_limited")
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert refused.headers["ratelimit-limit"] == "3"
    assert refused.headers["ratelimit-remaining"] == "0"
    assert refused.headers["ratelimit-reset"] == refused.headers["retry-after"]
    usage = Usage.objects.get()
    assert (usage.calls, usage.refused, usage.price_class) == (5, 2, "free")


def test_limit_is_each_token_s_own_and_0_is_none(
    play: Any, alice: User, bob: User, person: MakePerson, settings: Any
) -> None:
    settings.API_CALLS_PER_MINUTE = 1
    tokens = [person(one).access_token for one in (alice, bob)]

    async def story(program: Program) -> list[int]:
        statuses = []
        for program.access_token in (*tokens, *tokens):
            statuses.append((await program.call("/api/test")).status)
        settings.API_CALLS_PER_MINUTE = 0
        statuses.append((await program.call("/api/test")).status)
        return statuses

    assert play(story) == [200, 200, 429, 429, 200]


def test_tesla_s_limit_of_a_car_holds_for_all_its_people(
    play: Any,
    alice: User,
    bob: User,
    person: MakePerson,
    registered: RunningSimulator,
    settings: Any,
) -> None:
    settings.TESLA_CALLS_PER_MINUTE = {"data": 2, "wakes": 1}
    owner, driver = person(alice), person(bob)
    rouse(registered, "Red")
    path = path_of(owner)
    wake = path.replace("vehicle_data", "wake_up")
    # One that Tesla takes is shared by all who wake the car just then.
    registered.faults.add("status", "*/wake_up", status=500, count=1)

    async def story(program: Program) -> list[Any]:
        answers = []
        for program.access_token in (owner.access_token, driver.access_token) * 2:
            answers.append(await program.call(path, query=b"use_cache=false"))
        answers += [await program.call(wake, method="POST") for _ in range(2)]
        answers.append(await program.call(path))
        return answers

    first, second, third, _, woken, again, _ = play(story)
    assert (first.status, second.status) == (200, 200)
    assert (third.status, third.error) == (429, "rate_limited")
    assert "reads of one car" in third.json["error_description"]
    assert (woken.status, again.status) == (500, 429)
    assert int(again.headers["retry-after"]) <= 60
    asked = [one.path for one in registered.calls if one.path.endswith("vehicle_data")]
    assert len(asked) == 2


def test_hanging_redis_holds_nobody_up_for_long(
    play: Any, alice: User, person: MakePerson, settings: Any
) -> None:
    settings.API_CALLS_PER_MINUTE = 5
    token = person(alice).access_token

    async def hang(_reader: Any, writer: Any) -> None:
        try:
            await asyncio.sleep(30)
        finally:
            writer.close()

    async def story(program: Program) -> tuple[list[int], float]:
        server = await asyncio.start_server(hang, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        settings.REDIS_URL = f"redis://127.0.0.1:{port}/0"
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        statuses = [(await program.call("/api/test")).status for _ in range(6)]
        took_s = loop.time() - began_s
        server.close()
        return statuses, took_s

    statuses, took_s = play(story, token)
    assert statuses == [200] * 5 + [429]
    assert took_s < 2


def test_callers_at_the_same_moment_do_not_wait_for_each_other_forever() -> None:
    async def tell(_watch: Watch, limits: Limits) -> int:
        async def some() -> int:
            return sum([not await limits.take("a", 100) for _ in range(7)])

        async with asyncio.timeout(20):
            return sum(await asyncio.gather(*(some() for _ in range(32))))

    assert story_of(1, tell) == 100
