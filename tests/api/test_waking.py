"""Managed wake: a command wakes a sleeping car once, for all who wait for it."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Sum

from accounts.models import User
from api.door import Door
from simulator.testing import RunningSimulator
from tests.api.commanding import (
    DONE,
    Watch,
    asked,
    lull,
    path_of,
    post,
    rouse,
    told,
)
from tests.api.conftest import MakePerson, Person, Program
from tokens.models import Usage
from vehicles.models import Command

ASLEEP = "vehicle unavailable: vehicle is offline or asleep"


@pytest.fixture
def alices(alice: User, person: MakePerson, registered: RunningSimulator) -> Person:
    """Return Alice, whose Red and Granny sleep."""
    someone = person(alice)
    lull(registered, "Red")
    return someone


@pytest.fixture
def watch(registered: RunningSimulator) -> Watch:
    """Return a clock that only waiting moves."""
    return Watch(registered)


def test_sleeping_car_is_woken_and_does_it(
    play: Any, alices: Person, registered: RunningSimulator, watch: Watch
) -> None:
    path = path_of("Red", "honk_horn")

    async def story(program: Program) -> Any:
        watch.set_up(program)
        return await post(program, path)

    answer = play(story, alices.access_token)
    assert answer.json == DONE
    assert registered.billed()["wakes"] == 1
    assert told(registered, "Red") == ["honk_horn"]
    calls = asked(registered)
    assert calls[:2] == ["signed_command", "wake_up"]
    assert calls[-2:] == ["signed_command"] * 2
    assert 10 <= watch.slept_s < 20
    row = Command.objects.get()
    assert (row.state, row.result) == ("done", True)


def test_car_that_signs_by_503_is_woken(
    play: Any, alices: Person, registered: RunningSimulator, watch: Watch
) -> None:
    registered.hub.switches.asleep_is_503 = True
    path = path_of("Red", "honk_horn")

    async def story(program: Program) -> Any:
        watch.set_up(program)
        return await post(program, path)

    assert play(story, alices.access_token).json == DONE
    assert told(registered, "Red") == ["honk_horn"]


def test_car_without_the_protocol_is_woken(
    play: Any, alices: Person, registered: RunningSimulator, watch: Watch
) -> None:
    lull(registered, "Granny")
    registered.world.tempo.busy_after_wake_s = 2.0
    path = path_of("Granny", "honk_horn")

    async def story(program: Program) -> Any:
        watch.set_up(program)
        return await post(program, path)

    assert play(story, alices.access_token).json == DONE
    assert registered.billed()["wakes"] == 1
    assert told(registered, "Granny") == ["honk_horn"]


def test_car_found_asleep_just_now_is_woken_before_it_is_commanded(
    play: Any, alices: Person, registered: RunningSimulator, watch: Watch
) -> None:
    path = path_of("Red", "honk_horn")
    data = path.replace("command/honk_horn", "vehicle_data")

    async def story(program: Program) -> Any:
        watch.set_up(program)
        read = await program.call(data)
        return read, await post(program, path)

    read, answer = play(story, alices.access_token)
    assert (read.status, read.json["response"]["state"]) == (408, "asleep")
    assert answer.json == DONE
    assert "vehicle_data" not in asked(registered)
    assert asked(registered)[1] == "wake_up"


def test_many_commands_share_one_wake(
    play: Any, alices: Person, registered: RunningSimulator
) -> None:
    tempo = registered.world.tempo
    tempo.wake_delay_s = 1.5
    paths = [path_of("Red", name) for name in ("door_lock", "flash_lights")] * 3

    async def story(program: Program) -> Any:
        other = Program(Door(), program.access_token)
        try:
            programs = [program, other] * 3
            calls = zip(programs, paths, strict=True)
            return await asyncio.gather(*(post(one, path) for one, path in calls))
        finally:
            await other.door.close()

    answers = play(story, alices.access_token)
    assert [one.json for one in answers] == [DONE] * 6
    assert registered.billed()["wakes"] == 1
    assert sorted(told(registered, "Red")) == ["door_lock"] * 3 + ["flash_lights"] * 3


def test_car_that_does_not_wake_is_told_with_what_was_tried(
    play: Any, alices: Person, registered: RunningSimulator, watch: Watch
) -> None:
    registered.world.tempo.wake_delay_s = 7200.0
    path = path_of("Red", "honk_horn")

    async def story(program: Program) -> Any:
        watch.set_up(program)
        return await post(program, path)

    answer = play(story, alices.access_token)
    assert (answer.status, answer.error) == (408, ASLEEP)
    said = answer.json["error_description"]
    assert "Keyfob asked Tesla once to wake it, looked" in said
    assert said.endswith("and the car is asleep.")
    assert 50 < watch.slept_s <= 60
    assert registered.billed()["wakes"] == 1
    row = Command.objects.get()
    assert (row.state, row.error_words) == ("failed", said)
    assert told(registered, "Red") == []


def test_setting_of_0_leaves_cars_asleep(
    play: Any, alices: Person, registered: RunningSimulator, settings: Any
) -> None:
    settings.COMMANDS_WAKE_WITHIN_S = 0
    path = path_of("Red", "honk_horn")
    answer = play(lambda program: post(program, path), alices.access_token)
    assert (answer.status, answer.error) == (408, ASLEEP)
    assert asked(registered) == ["signed_command"]


def test_wake_stops_with_the_month_s_money(
    play: Any, alices: Person, registered: RunningSimulator, settings: Any
) -> None:
    settings.MONTHLY_STOP_USD = Decimal("0.001")
    settings.MONTHLY_STOP_COMMANDS_USD = Decimal(1)
    path = path_of("Red", "honk_horn")

    async def story(program: Program) -> Any:
        return [await post(program, path) for _ in range(2)]

    for answer in play(story, alices.access_token):
        assert (answer.status, answer.error) == (402, "insufficient_credits")
    assert registered.billed()["wakes"] == 0


def test_wake_that_tesla_refuses_is_told_and_tried_anew(
    play: Any, alices: Person, registered: RunningSimulator, watch: Watch
) -> None:
    registered.faults.add("rate_limit", "*/wake_up", count=1)
    path = path_of("Red", "honk_horn")

    async def story(program: Program) -> Any:
        watch.set_up(program)
        return [await post(program, path) for _ in range(2)]

    first, second = play(story, alices.access_token)
    assert first.status == 429
    assert second.json == DONE


def test_bad_weather_while_a_car_wakes_is_waited_out(
    play: Any, alices: Person, registered: RunningSimulator, watch: Watch
) -> None:
    registered.faults.add("unanswered", "*/wake_up", status=504, count=1)
    vin = registered.world.car_named("Red").vin
    for kind in ("server_error", "cut", "html"):
        registered.faults.add(kind, f"*/vehicles/{vin}", count=1)
    path = path_of("Red", "honk_horn")

    async def story(program: Program) -> Any:
        watch.set_up(program)
        return await post(program, path)

    assert play(story, alices.access_token).json == DONE
    assert asked(registered).count("wake_up") == 1


def test_grant_that_may_not_wake_says_so(
    play: Any, alice: User, person: MakePerson, registered: RunningSimulator
) -> None:
    someone = person(alice)
    lull(registered, "Red")
    grant = someone.grant
    grant.scopes = [one for one in grant.scopes if one != "vehicle_device_data"]
    grant.save(update_fields=["scopes"])
    path = path_of("Red", "honk_horn")
    answer = play(lambda program: post(program, path), someone.access_token)
    assert (answer.status, answer.error) == (408, ASLEEP)
    assert "wake_up" not in asked(registered)


def test_each_process_wakes_once_without_redis(
    play: Any,
    alices: Person,
    registered: RunningSimulator,
    watch: Watch,
    redis_away: None,
) -> None:
    path = path_of("Red", "honk_horn")

    async def story(program: Program) -> Any:
        watch.set_up(program)
        return await asyncio.gather(*(post(program, path) for _ in range(3)))

    assert [one.json for one in play(story, alices.access_token)] == [DONE] * 3
    assert registered.billed()["wakes"] == 1


def test_car_just_awake_that_still_sleeps_is_commanded_again(
    play: Any, alice: User, person: MakePerson, registered: RunningSimulator
) -> None:
    someone = person(alice)
    rouse(registered, "Red")
    watch = Watch(registered)
    facts = {"status": 408, "count": 2}
    registered.faults.add("status", "*/signed_command", **facts)
    path = path_of("Red", "honk_horn")

    async def story(program: Program) -> Any:
        watch.set_up(program)
        return await post(program, path)

    assert play(story, someone.access_token).json == DONE
    assert registered.billed()["wakes"] == 1


def test_car_that_stays_busy_is_told(
    play: Any, alice: User, person: MakePerson, registered: RunningSimulator
) -> None:
    someone = person(alice)
    rouse(registered, "Granny")
    watch, path = Watch(registered), path_of("Granny", "honk_horn")
    busy = '{"response":null,"error":"vehicle busy or finishing wake-up"}'
    registered.faults.add("body", "*/honk_horn", status=500, body=busy)

    async def story(program: Program) -> Any:
        watch.set_up(program)
        return await post(program, path)

    answer = play(story, someone.access_token)
    assert (answer.status, answer.error) == (503, "vehicle_busy")
    assert asked(registered) == ["honk_horn"] * 3


def test_car_that_is_away_by_an_answer_of_200_is_woken(
    play: Any, alice: User, person: MakePerson, registered: RunningSimulator
) -> None:
    someone = person(alice)
    rouse(registered, "Granny")
    watch, path = Watch(registered), path_of("Granny", "honk_horn")
    away = f'{{"response":null,"error":"{ASLEEP}"}}'
    registered.faults.add("body", "*/honk_horn", status=200, body=away, count=1)
    registered.faults.add("body", "*/wake_up", status=200, body="{}", count=1)

    async def story(program: Program) -> Any:
        watch.set_up(program)
        return await post(program, path)

    assert play(story, someone.access_token).json == DONE
    assert asked(registered).count("wake_up") == 1


def test_wake_without_an_answer_is_not_asked_for_again(
    play: Any, alices: Person, registered: RunningSimulator, settings: Any
) -> None:
    settings.TESLA_TIMEOUT_S = 1
    registered.world.tempo.wake_delay_s = 0.0
    registered.faults.add("lost", "*/wake_up", count=1)
    path = path_of("Red", "honk_horn")
    watch = Watch(registered)

    async def story(program: Program) -> Any:
        watch.set_up(program)
        return await post(program, path)

    assert play(story, alices.access_token).json == DONE
    assert asked(registered).count("wake_up") == 1


def test_programs_that_wake_a_car_at_once_share_one_wake(
    play: Any, alices: Person, registered: RunningSimulator
) -> None:
    path = path_of("Red", "honk_horn").replace("command/honk_horn", "wake_up")
    registered.faults.add("latency", "*/wake_up", seconds=0.2)

    async def story(program: Program) -> Any:
        other = Program(Door(), program.access_token)
        try:
            return await asyncio.gather(
                *(post(one, path) for one in (program, other, program, other))
            )
        finally:
            await other.door.close()

    answers = play(story, alices.access_token)
    vin = path.split("/")[4]
    assert [one.status for one in answers] == [200] * 4
    assert {one.json["response"]["vin"] for one in answers} == {vin}
    assert registered.billed()["wakes"] == 1
    saved = Usage.objects.filter(price_class="wakes").aggregate(Sum("saved"))
    assert saved == {"saved__sum": 3}


def test_program_that_may_read_no_record_wakes_by_itself(
    play: Any, alice: User, person: MakePerson, registered: RunningSimulator
) -> None:
    someone = person(alice)
    lull(registered, "Red")
    path = path_of("Red", "honk_horn").replace("command/honk_horn", "wake_up")
    record = path.replace("/wake_up", "")
    registered.faults.add("status", f"*{record}", status=403)

    async def story(program: Program) -> Any:
        return [await post(program, path) for _ in range(2)]

    answers = play(story, someone.access_token)
    assert [one.status for one in answers] == [200, 200]
    assert asked(registered).count("wake_up") == 2


@pytest.mark.parametrize(
    ("kind", "facts", "status"),
    [
        ("status", {"status": 500}, 500),
        ("rate_limit", {}, 429),
        ("refuse", {}, 503),
    ],
)
def test_wake_that_came_to_nothing_can_be_asked_for_again(
    play: Any,
    alices: Person,
    registered: RunningSimulator,
    kind: str,
    facts: dict[str, Any],
    status: int,
) -> None:
    path = path_of("Red", "honk_horn").replace("command/honk_horn", "wake_up")
    registered.faults.add(kind, "*/wake_up", count=1, **facts)

    async def story(program: Program) -> Any:
        return [await post(program, path) for _ in range(2)]

    answers = play(story, alices.access_token)
    assert [one.status for one in answers] == [status, 200]
    assert registered.billed()["wakes"] >= 1


def test_wake_that_tesla_may_have_heard_is_not_asked_for_twice(
    play: Any, alices: Person, registered: RunningSimulator, settings: Any
) -> None:
    settings.TESLA_TIMEOUT_S = 0.3
    path = path_of("Red", "honk_horn").replace("command/honk_horn", "wake_up")
    registered.faults.add("lost", "*/wake_up", count=1, seconds=1)

    async def story(program: Program) -> Any:
        return [await post(program, path) for _ in range(2)]

    answers = play(story, alices.access_token)
    assert [one.status for one in answers] == [504, 200]
    assert asked(registered).count("wake_up") == 1


def test_car_that_is_awake_is_not_kept_from_being_woken(
    play: Any, alices: Person, registered: RunningSimulator
) -> None:
    rouse(registered, "Red")
    path = path_of("Red", "honk_horn").replace("command/honk_horn", "wake_up")

    async def story(program: Program) -> Any:
        return [await post(program, path) for _ in range(2)]

    assert [one.status for one in play(story, alices.access_token)] == [200, 200]
    assert asked(registered) == ["wake_up", "wake_up"]
