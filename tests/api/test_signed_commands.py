"""Signed commands through the gateway: one call to Tesla each once a session is there."""

import asyncio
import json
import logging
import subprocess
import sys
from contextlib import ExitStack
from decimal import Decimal
from typing import Any

import pytest
import redis
from django.conf import settings as django_settings

from accounts.models import User
from api.door import Door
from simulator.testing import RunningSimulator
from tests.api.commanding import DONE, asked, lull, path_of, post, rouse, told
from tests.api.conftest import Answer, MakePerson, Person, Program
from tests.fixtures.live import live_environment
from tests.tokens.processes import ROOT, go, result_of, wait_until_ready
from tokens.models import Usage
from vehicles.models import Command, Vehicle


@pytest.fixture
def alices(alice: User, person: MakePerson, registered: RunningSimulator) -> Person:
    """Return Alice; her Red is awake, has our key and takes signed commands only."""
    someone = person(alice)
    assert rouse(registered, "Red").protocol_required
    return someone


@pytest.fixture
def send(play: Any, alices: Person) -> Any:
    """Return a function that has Alice's program send one command."""

    def run(path: str, **body: Any) -> Answer:
        answer = play(lambda program: post(program, path, **body), alices.access_token)
        assert isinstance(answer, Answer)
        return answer

    return run


def test_second_command_is_one_call(
    play: Any, alices: Person, registered: RunningSimulator
) -> None:
    lock, unlock = path_of("Red", "door_lock"), path_of("Red", "door_unlock")

    async def story(program: Program) -> Any:
        answers = [await post(program, unlock)]
        first = len(registered.calls)
        answers.append(await post(program, lock))
        return answers, first

    answers, first = play(story, alices.access_token)
    assert [(one.status, one.json) for one in answers] == [(200, DONE)] * 2
    assert (first, asked(registered)) == (2, ["signed_command"] * 3)
    assert registered.billed()["commands"] == 3
    assert told(registered, "Red") == ["door_unlock", "door_lock"]
    usage = Usage.objects.get(price_class="commands")
    assert (usage.calls, usage.asked, usage.billed) == (2, 3, 3)


def test_each_computer_of_a_car_has_its_session(
    play: Any, alices: Person, registered: RunningSimulator
) -> None:
    paths = [path_of("Red", name) for name in ("door_lock", "flash_lights")] * 2

    async def story(program: Program) -> Any:
        return [await post(program, path) for path in paths]

    assert [one.json for one in play(story, alices.access_token)] == [DONE] * 4
    assert len(registered.calls) == 2 + 4


def test_command_is_written_down_after_its_answer(
    play: Any, alices: Person, registered: RunningSimulator
) -> None:
    path = path_of("Red", "set_charge_limit")
    headers = (
        (b"authorization", f"Bearer {alices.access_token}".encode()),
        (b"x-library", b"python tesla_fleet_api 1.18.1"),
    )

    async def story(program: Program) -> Any:
        body = b'{"percent":70}'
        return await program.call(path, method="POST", body=body, headers=headers)

    assert play(story).json == DONE
    row = Command.objects.select_related("vehicle").get()
    assert (row.user, row.vehicle.name, row.grant) == (alices.user, "Red", alices.grant)
    assert (row.name, row.parameters) == ("set_charge_limit", {"percent": 70})
    assert (row.source, row.access_token_name) == ("api", "test")
    assert row.client == "python tesla_fleet_api 1.18.1"
    assert (row.state, row.result, row.reason) == ("done", True, "")
    assert row.has_worked
    assert row.duration_ms is not None
    assert row.duration_ms < 60_000
    assert row.answered_at is not None
    assert row.answered_at >= row.asked_at


def test_car_that_says_no_is_an_answer_and_no_error(send: Any) -> None:
    answer = send(path_of("Red", "set_charge_limit"), percent=50)
    assert answer.json == DONE
    answer = send(path_of("Red", "set_charge_limit"), percent=50)
    said = answer.json["response"]
    assert (answer.status, said["result"]) == (200, False)
    assert said["reason"] == "already_set"
    row = Command.objects.order_by("-asked_at")[0]
    assert (row.state, row.result, row.reason) == ("done", False, "already_set")


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (3, 403, "key_not_paired"),
        (4, 403, "key_inactive"),
        (7, 403, "insufficient_privileges"),
        (9, 422, "command_unsupported"),
        (12, 502, "wrong_vehicle"),
        (14, 412, "keychain_full"),
        (21, 403, "mobile_access_disabled"),
        (23, 403, "account_credentials_required"),
        (29, 403, "proximity_required"),
    ],
)
def test_fault_of_the_car_is_told_clearly(
    send: Any, registered: RunningSimulator, fault: int, status: int, code: str
) -> None:
    assert send(path_of("Red", "honk_horn")).json == DONE
    registered.faults.add("signed_fault", "*/signed_command", status=fault, count=1)
    registered.hub.ledger.clear()
    answer = send(path_of("Red", "honk_horn"))
    assert (answer.status, answer.error) == (status, code)
    assert asked(registered) == ["signed_command"]
    row = Command.objects.order_by("-asked_at")[0]
    assert (row.state, row.error_code, row.result) == ("failed", code, None)
    assert row.error_words == answer.json["error_description"]
    assert told(registered, "Red") == ["honk_horn"]


@pytest.mark.parametrize("fault", [5, 6, 15, 17])
def test_session_out_of_step_is_mended(
    play: Any, alices: Person, registered: RunningSimulator, fault: int
) -> None:
    path = path_of("Red", "honk_horn")

    async def story(program: Program) -> Any:
        await post(program, path)
        facts = {"status": fault, "count": 1}
        registered.faults.add("signed_fault", "*/signed_command", **facts)
        return await post(program, path)

    assert play(story, alices.access_token).json == DONE
    assert told(registered, "Red") == ["honk_horn"] * 2


def test_key_that_is_not_in_the_car_is_told(
    send: Any, registered: RunningSimulator
) -> None:
    rouse(registered, "Luna")
    answer = send(path_of("Luna", "door_lock"))
    assert (answer.status, answer.error) == (403, "key_not_paired")
    assert len(registered.calls) == 1


def test_owner_who_forbids_it_is_named(send: Any, registered: RunningSimulator) -> None:
    for name in ("Red", "Granny"):
        rouse(registered, name).condition.mobile_access = False
        answer = send(path_of(name, "honk_horn"))
        assert (answer.status, answer.error) == (403, "mobile_access_disabled")
        assert told(registered, name) == []
    assert asked(registered) == ["honk_horn"]


def test_car_without_the_protocol_is_commanded_plainly(
    send: Any, registered: RunningSimulator
) -> None:
    rouse(registered, "Granny")
    assert send(path_of("Granny", "honk_horn")).json == DONE
    assert asked(registered) == ["honk_horn"]
    answer = send(path_of("Granny", "ping", "custom_command"))
    assert (answer.status, answer.error) == (422, "protocol_unsupported")
    assert len(registered.calls) == 1


def test_car_that_turns_out_without_the_protocol_is_remembered(
    play: Any, alices: Person, registered: RunningSimulator
) -> None:
    rouse(registered, "Granny")
    granny = Vehicle.objects.filter(name="Granny")
    granny.update(command_signing="", protocol_required=None)
    path = path_of("Granny", "honk_horn")

    async def story(program: Program) -> Any:
        return [await post(program, path) for _ in range(2)]

    assert [one.json for one in play(story, alices.access_token)] == [DONE] * 2
    assert asked(registered) == ["signed_command", "honk_horn", "honk_horn"]
    assert granny.get().command_signing == "off"


def test_car_that_turns_out_to_want_signatures_gets_them(
    send: Any, registered: RunningSimulator
) -> None:
    red = Vehicle.objects.filter(name="Red")
    red.update(command_signing="off", protocol_required=None)
    assert send(path_of("Red", "honk_horn")).json == DONE
    assert asked(registered) == ["honk_horn", "signed_command", "signed_command"]
    assert red.get().command_signing == "required"


def test_custom_command_finds_out_that_a_car_is_too_old(
    send: Any, registered: RunningSimulator
) -> None:
    rouse(registered, "Granny")
    granny = Vehicle.objects.filter(name="Granny")
    granny.update(command_signing="", protocol_required=None)
    answer = send(path_of("Granny", "ping", "custom_command"))
    assert (answer.status, answer.error) == (422, "protocol_unsupported")
    assert "signed only" in answer.json["error_description"]
    assert granny.get().command_signing == "off"


def test_custom_command_tells_what_the_car_said(
    send: Any, registered: RunningSimulator
) -> None:
    said = send(path_of("Red", "ping", "custom_command")).json["response"]
    assert (said["result"], said["reason"]) == (True, "")
    answer = send(path_of("Red", "closure", "custom_command"), rearTrunk="move")
    assert answer.json == DONE
    assert set(asked(registered)) == {"signed_command"}


def test_wrong_value_is_named_and_nobody_is_asked(
    send: Any, registered: RunningSimulator
) -> None:
    answer = send(path_of("Red", "add_charge_schedule"), days_of_week="Someday")
    assert answer.status == 400
    assert answer.error == "invalid_field"
    assert registered.calls == []


def test_lost_answer_is_told_and_nothing_is_sent_twice(
    send: Any, registered: RunningSimulator
) -> None:
    assert send(path_of("Red", "flash_lights")).json == DONE
    for kind, facts in (
        ("cut", {}),
        ("truncate", {}),
        ("unanswered", {"status": 504}),
        ("unanswered", {"status": 503}),
    ):
        registered.faults.add(kind, "*/signed_command", count=1, **facts)
        registered.hub.ledger.clear()
        answer = send(path_of("Red", "honk_horn"))
        assert (answer.status, answer.error) == (504, "command_ambiguous")
        assert asked(registered).count("signed_command") == 1
        assert Command.objects.order_by("-asked_at")[0].result is None
    assert told(registered, "Red").count("honk_horn") == 4


def test_lost_answer_of_a_plain_command_is_told(
    send: Any, registered: RunningSimulator
) -> None:
    rouse(registered, "Granny")
    for kind in ("cut", "truncate"):
        registered.faults.add(kind, "*/honk_horn", count=1)
        registered.hub.ledger.clear()
        answer = send(path_of("Granny", "honk_horn"))
        assert asked(registered) == ["honk_horn"]
        assert (answer.status, answer.error) == (504, "command_ambiguous")


def test_lost_answer_of_what_may_be_done_twice_is_asked_again(
    send: Any, registered: RunningSimulator
) -> None:
    assert send(path_of("Red", "door_lock")).json == DONE
    registered.faults.add("cut", "*/signed_command", count=1)
    assert send(path_of("Red", "door_unlock")).json == DONE
    assert told(registered, "Red") == ["door_lock", "door_unlock", "door_unlock"]


def test_call_that_never_left_is_no_loss(
    send: Any, settings: Any, registered: RunningSimulator
) -> None:
    path = path_of("Red", "honk_horn")
    hosts = settings.TESLA_HOSTS
    nobody = dict.fromkeys(hosts.base_urls, "http://127.0.0.1:9/na")
    settings.TESLA_HOSTS = type(hosts)(
        **{
            name: getattr(hosts, name)
            for name in hosts.__dataclass_fields__
            if name != "base_urls"
        },
        base_urls=nobody,
    )
    for one in (path, path_of("Granny", "honk_horn")):
        answer = send(one)
        assert (answer.status, answer.error) == (503, "upstream_unreachable")


def test_two_doors_share_a_session(
    play: Any, alices: Person, registered: RunningSimulator
) -> None:
    path = path_of("Red", "door_lock")

    async def story(program: Program) -> Any:
        other = Program(Door(), program.access_token)
        try:
            first = await post(program, path)
            second = await post(other, path)
            one_by_one = len(registered.calls)
            programs = [program, other] * 4
            many = await asyncio.gather(*(post(one, path) for one in programs))
            return [first, second, *many], one_by_one
        finally:
            await other.door.close()

    answers, one_by_one = play(story, alices.access_token)
    assert [one.json for one in answers] == [DONE] * 10
    assert (one_by_one, len(registered.calls)) == (3, 11)


def test_commands_are_right_without_redis(
    play: Any, alices: Person, registered: RunningSimulator, redis_away: None
) -> None:
    path = path_of("Red", "honk_horn")

    async def story(program: Program) -> Any:
        other = Program(Door(), program.access_token)
        try:
            alone = [await post(program, path) for _ in range(2)]
            calls = len(registered.calls)
            programs = [other, program] * 3
            return alone + [await post(one, path) for one in programs], calls
        finally:
            await other.door.close()

    answers, calls = play(story, alices.access_token)
    assert [one.json for one in answers] == [DONE] * 8
    # Agreed on anew each time: another process may have spoken to the car.
    assert calls == 4
    assert told(registered, "Red") == ["honk_horn"] * 8


def test_nothing_in_redis_opens_a_car(send: Any, registered: RunningSimulator) -> None:
    send(path_of("Red", "door_lock"))
    vin = registered.world.car_named("Red").vin
    with redis.Redis.from_url(django_settings.REDIS_URL) as client:
        kept = client.hgetall(f"keyfob:session:{vin}")
        assert client.get(f"keyfob:commanding:{vin}") is None
        assert 0 < client.ttl(f"keyfob:session:{vin}") <= 7 * 86_400
    assert [*kept] == [b"2"]
    assert kept[b"2"].startswith(b"v1:t1:")


def test_pin_stands_nowhere(
    send: Any, registered: RunningSimulator, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    registered.faults.add("cut", "*/signed_command", count=1)
    for _ in range(2):
        send(path_of("Red", "speed_limit_activate"), pin="7391")
    rows = Command.objects.filter(name="speed_limit_activate")
    assert [row.parameters for row in rows] == [{"pin": "hidden"}] * 2
    assert "7391" not in caplog.text
    assert "7391" not in json.dumps(list(rows.values("reason", "error_words")))


def test_stranger_and_driver(
    ask: Any,
    alice: User,
    bob: User,
    charlie: User,
    person: MakePerson,
    registered: RunningSimulator,
) -> None:
    person(alice)
    driver, stranger = person(bob), person(charlie)
    rouse(registered, "Red")
    path = path_of("Red", "door_lock")
    assert ask(driver.access_token, path, method="POST").json == DONE
    answer = ask(stranger.access_token, path, method="POST")
    assert (answer.status, answer.error) == (404, "not_found")
    assert [row.user for row in Command.objects.all()] == [bob]


def test_commands_stop_last_and_are_written_down(
    send: Any, settings: Any, registered: RunningSimulator
) -> None:
    settings.MONTHLY_STOP_COMMANDS_USD = Decimal("0.002")
    assert send(path_of("Red", "door_lock")).json == DONE
    answer = send(path_of("Red", "door_lock"))
    assert (answer.status, answer.error) == (402, "insufficient_credits")
    row = Command.objects.order_by("-asked_at")[0]
    assert (row.state, row.error_code) == ("failed", "insufficient_credits")
    assert len(registered.calls) == 2


def test_question_wakes_nobody(
    play: Any, alices: Person, registered: RunningSimulator
) -> None:
    lull(registered, "Red")
    path = path_of("Red", "get_rate_tariff", "custom_command")
    answer = play(lambda program: post(program, path), alices.access_token)
    assert answer.status == 408
    assert asked(registered) == ["signed_command"]


def test_processes_share_sessions_and_the_wake(
    transactional_db: None,
    alices: Person,
    registered: RunningSimulator,
) -> None:
    lull(registered, "Red")
    registered.world.tempo.wake_delay_s = 1.5
    paths = [path_of("Red", name) for name in ("door_lock", "flash_lights")]
    command = [sys.executable, "-m", "tests.api.commander", alices.access_token]
    environment = live_environment("http://localhost:8000", registered) | {
        "REDIS_URL": django_settings.REDIS_URL,
        "DJANGO_SETTINGS_MODULE": "console.settings",
    }
    with ExitStack() as stack:
        processes = [
            stack.enter_context(
                subprocess.Popen(
                    [*command, "3", *paths],
                    cwd=ROOT,
                    env=environment,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for _ in range(2)
        ]
        for process in processes:
            stack.callback(process.kill)
            wait_until_ready(process)
        for process in processes:
            go(process)
        answers = [one for process in processes for one in result_of(process)]
    assert answers == [DONE] * 12
    assert registered.billed()["wakes"] == 1
    names = told(registered, "Red")
    assert sorted(names) == ["door_lock"] * 6 + ["flash_lights"] * 6
    awake = [call.status for call in registered.calls if call.price == "commands"]
    # Two computers of the car, so two sessions, whoever began them.
    assert awake.count(200) == 12 + 2
    assert Command.objects.filter(result=True).count() == 12
