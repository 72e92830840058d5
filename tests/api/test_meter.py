"""The meter and the monthly stop: what is counted, when it is written, what is refused."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar
from uuid import uuid4

import pytest
from django.db import DatabaseError
from django.utils import timezone

from accounts.models import User
from api.door import Door
from api.meter import Meter
from api.threads import Threads
from fleet.endpoints import Price
from simulator.testing import RunningSimulator
from tests.api.conftest import MakePerson, Person, Program
from tests.api.test_readings import data_calls, path_of
from tests.vehicles.conftest import rouse
from tokens.auth import Caller
from tokens.models import AccessToken, Spending, Usage
from tokens.services import spending

T = TypeVar("T")
LIVE = b"use_cache=false"


@pytest.fixture
def owner_(alice: User, person: MakePerson, registered: RunningSimulator) -> Person:
    """Return Alice, whose car Red is awake."""
    someone = person(alice)
    rouse(registered, "Red")
    return someone


def spend(**billed: int) -> None:
    """Let so many calls of each class be billed this month."""
    month = spending.month_of(timezone.now())
    for price_class, count in billed.items():
        Spending.objects.create(month_date=month, price_class=price_class, billed=count)


def test_calls_are_one_row_a_day_token_car_and_class(
    play: Any, owner_: Person, registered: RunningSimulator
) -> None:
    path = path_of(owner_)
    headers = (
        (b"authorization", f"Bearer {owner_.access_token}".encode()),
        (b"user-agent", b"never this one"),
        (b"x-library", b"python tesla_fleet_api 1.19.0" + b"x" * 100),
    )

    async def story(program: Program) -> None:
        for query in (LIVE, LIVE, b"use_cache=true"):
            answer = await program.call(path, query=query, headers=headers)
            assert answer.status == 200
        await program.call("/api/1/vehicles/5YJ3E1EA0NF999999", headers=headers)
        registered.faults.add("status", "*/vehicle_data", status=500)
        await program.call(path, query=LIVE, headers=headers)

    play(story, owner_.access_token)
    token = AccessToken.objects.get()
    data = Usage.objects.get(price_class="data")
    assert data.user == token.user
    assert (data.access_token_key, data.program) == (token.pk, "test")
    assert data.client == ("python tesla_fleet_api 1.19.0" + "x" * 100)[:80]
    assert (data.subject, data.day_date) == (
        path.split("/")[4],
        datetime.now(UTC).date(),
    )
    assert (data.calls, data.asked, data.billed, data.saved) == (4, 3, 2, 1)
    assert (data.refused, data.failed) == (0, 1)
    assert data.duration_ms >= data.longest_ms > 0
    free = {row.subject: row for row in Usage.objects.filter(price_class="free")}
    assert set(free) == {"", data.subject}
    assert (free[""].calls, free[""].refused) == (1, 1)
    assert (free[data.subject].calls, free[data.subject].asked) == (0, 1)
    assert Spending.objects.get().billed == 2


def test_counts_are_written_within_moments_and_added_up(
    play: Any, alice: User, person: MakePerson
) -> None:
    token = person(alice).access_token

    async def story(program: Program) -> list[int]:
        def calls() -> int:
            return sum(Usage.objects.values_list("calls", flat=True))

        seen: list[int] = []
        for _ in range(2):
            await program.call("/api/test")
            count = await program.door.threads.quickly(calls)
            async with asyncio.timeout(10):
                while count in {0, *seen}:
                    await asyncio.sleep(0.05)
                    count = await program.door.threads.quickly(calls)
            seen.append(count)
        return seen

    assert play(story, token) == [1, 2]
    assert Usage.objects.count() == 1


class Weather(Threads):
    """Threads whose database is away while they are told so."""

    is_away = False

    async def quickly(self, question: Callable[[], T]) -> T:
        if self.is_away:
            raise DatabaseError
        return await super().quickly(question)


def test_database_that_is_away_loses_no_counts_and_stops_nobody(
    transactional_db: None, alice: User
) -> None:
    caller = Caller(token_id=uuid4(), user_id=alice.pk, name="evcc")

    async def story() -> list[int]:
        weather = Weather()
        meter = Meter(weather)
        weather.is_away = True
        sizes = []
        for _ in range(2):
            await meter.check(Price.DATA)
            meter.reserve(Price.DATA)
            meter.asked(caller, "car", Price.DATA, 200)
            await meter.flush()
            sizes.append(meter.size)
        weather.is_away = False
        await meter.close()
        await asyncio.to_thread(weather.close)
        return [*sizes, meter.size]

    assert asyncio.run(story()) == [1, 1, 0]
    assert Usage.objects.get().billed == Spending.objects.get().billed == 2


def test_user_who_is_gone_is_not_counted(
    play: Any, alice: User, person: MakePerson
) -> None:
    someone = person(alice)

    async def story(program: Program) -> None:
        await program.call("/api/test")
        await program.door.threads.quickly(alice.delete)

    play(story, someone.access_token)
    assert Usage.objects.count() == 0


def test_two_processes_add_to_the_same_row(
    play: Any, alice: User, person: MakePerson
) -> None:
    token = person(alice).access_token

    async def story(program: Program) -> None:
        other = Door()
        for _ in range(3):
            await program.call("/api/test")
            await Program(other, token).call("/api/test")
        await other.close()

    play(story, token)
    assert Usage.objects.get().calls == 6


def test_stop_refuses_reads_and_wakes_and_commands_last(
    play: Any, owner_: Person, registered: RunningSimulator, settings: Any
) -> None:
    path = path_of(owner_)
    wake = path.replace("vehicle_data", "wake_up")
    settings.MONTHLY_STOP_USD = Decimal("0.006")

    async def story(program: Program) -> list[Any]:
        answers = [await program.call(path, query=LIVE) for _ in range(5)]
        answers.append(await program.call(wake, method="POST"))
        answers.append(await program.call(path, query=b"use_cache=true"))
        answers.append(await program.call(path.removesuffix("/vehicle_data")))
        return answers

    *reads, woken, cached, record = play(story, owner_.access_token)
    assert [one.status for one in reads] == [200, 200, 200, 402, 402]
    assert reads[3].error == woken.error == "insufficient_credits"
    assert "MONTHLY_STOP_USD" in reads[3].json["error_description"]
    assert (woken.status, cached.status, record.status) == (402, 200, 200)
    assert data_calls(registered) == 3
    assert Spending.objects.get().billed == 3


def test_calls_at_the_same_moment_do_not_pass_the_stop_together(
    play: Any, owner_: Person, registered: RunningSimulator, settings: Any
) -> None:
    path = path_of(owner_)
    settings.MONTHLY_STOP_USD = Decimal("0.004")

    async def story(program: Program) -> list[int]:
        await program.call(path, query=LIVE)
        registered.faults.add("latency", "*/vehicle_data", seconds=0.2)
        calls = (
            program.call(path, query=LIVE + b"&endpoints=" + group)
            for group in (b"charge_state", b"drive_state", b"gui_settings")
        )
        return [answer.status for answer in await asyncio.gather(*calls)]

    assert sorted(play(story, owner_.access_token)) == [200, 402, 402]


def test_what_others_spent_counts_and_failed_calls_do_not(
    play: Any, owner_: Person, registered: RunningSimulator, settings: Any
) -> None:
    path = path_of(owner_)
    settings.MONTHLY_STOP_USD = Decimal(10)
    spend(data=4999, commands=0)

    async def story(program: Program) -> list[int]:
        registered.faults.add("status", "*/vehicle_data", status=503, count=2)
        return [(await program.call(path, query=LIVE)).status for _ in range(4)]

    assert play(story, owner_.access_token) == [503, 503, 200, 402]


def test_stop_of_0_never_stops(play: Any, owner_: Person, settings: Any) -> None:
    path = path_of(owner_)
    settings.MONTHLY_STOP_USD = Decimal(0)
    spend(data=1_000_000)

    async def story(program: Program) -> int:
        return int((await program.call(path, query=LIVE)).status)

    assert play(story, owner_.access_token) == 200


def test_prices_are_the_operator_s(play: Any, owner_: Person, settings: Any) -> None:
    path = path_of(owner_)
    settings.PRICES_USD = {"data": Decimal(10)}

    async def story(program: Program) -> list[int]:
        return [(await program.call(path, query=LIVE)).status for _ in range(2)]

    assert play(story, owner_.access_token) == [200, 402]


def test_spending_of_other_processes_is_seen_within_seconds(
    play: Any, owner_: Person
) -> None:
    path = path_of(owner_)

    async def story(program: Program) -> list[int]:
        statuses = [(await program.call(path, query=LIVE)).status]
        await asyncio.sleep(0.1)
        await program.door.threads.quickly(lambda: spend(wakes=500))
        await asyncio.sleep(2.2)
        async with asyncio.timeout(10):
            while (await program.call(path, query=LIVE)).status == 200:  # noqa: ASYNC110  # what changes is elsewhere
                await asyncio.sleep(0.05)
        statuses.append((await program.call(path, query=LIVE)).status)
        return statuses

    assert play(story, owner_.access_token) == [200, 402]
