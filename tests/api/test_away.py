"""A region of Tesla's that is away: told at once, and nobody else held up."""

from typing import Any

import pytest

from accounts.models import User
from fleet.breaker import BREAKER, MOST_FAILURES
from simulator.testing import RunningSimulator
from tests.api.commanding import path_of, post, rouse
from tests.api.conftest import MakePerson, Program
from tokens.models import Usage

pytestmark = pytest.mark.fault
PRODUCTS = "/api/1/products"
AWAY = "/na/api/1/*"


@pytest.mark.parametrize(
    ("kind", "facts", "status"),
    [
        ("status", {"status": 500}, 500),
        ("html", {}, 502),
        ("truncate", {}, 502),
        ("hang", {"seconds": 5}, 504),
        ("refuse", {}, 503),
    ],
)
def test_region_that_keeps_failing_is_answered_for(
    play: Any,
    alice: User,
    person: MakePerson,
    registered: RunningSimulator,
    settings: Any,
    kind: str,
    facts: dict[str, Any],
    status: int,
) -> None:
    token = person(alice).access_token
    settings.TESLA_TIMEOUT_S = 0.2
    registered.faults.add(kind, AWAY, **facts)

    async def story(program: Program) -> list[Any]:
        return [await program.call(PRODUCTS) for _ in range(MOST_FAILURES + 3)]

    answers = play(story, token)
    assert [one.status for one in answers[:MOST_FAILURES]] == [status] * MOST_FAILURES
    for one in answers[MOST_FAILURES:]:
        assert (one.status, one.error) == (503, "tesla_away")
        assert 1 <= int(one.headers["retry-after"]) <= 10
        assert "Nobody has to do anything" in one.json["error_description"]
    assert len(registered.calls) <= MOST_FAILURES
    registered.faults.clear()
    BREAKER.forget()
    assert play(lambda program: program.call(PRODUCTS), token).status == 200


@pytest.mark.parametrize("kind", ["rate_limit", "status"])
def test_refusals_are_passed_on_for_ever(
    play: Any,
    alice: User,
    person: MakePerson,
    registered: RunningSimulator,
    kind: str,
) -> None:
    token = person(alice).access_token
    facts = {"status": 408} if kind == "status" else {}
    registered.faults.add(kind, AWAY, **facts)

    async def story(program: Program) -> list[Any]:
        return [await program.call(PRODUCTS) for _ in range(3 * MOST_FAILURES)]

    answers = play(story, token)
    assert {one.status for one in answers} == {408 if facts else 429}
    assert all(facts or int(one.headers["retry-after"]) >= 1 for one in answers)
    assert len(registered.calls) == len(answers)


def test_what_needs_no_tesla_and_other_regions_go_on(
    play: Any,
    alice: User,
    bob: User,
    person: MakePerson,
    registered: RunningSimulator,
) -> None:
    hers, his = person(alice).access_token, person(bob).access_token
    vin = rouse(registered, "Luna").vin
    data = f"/api/1/vehicles/{vin}/vehicle_data"

    async def story(program: Program) -> list[tuple[int, str]]:
        assert (await program.call(data)).status == 200
        registered.faults.add("status", AWAY, status=503)
        for _ in range(MOST_FAILURES):
            await program.call(PRODUCTS)
        away = await program.call(PRODUCTS)
        ours = [await program.call(path) for path in ("/api/test", "/api/metadata")]
        kept = await program.call(data)
        live = await program.call(data, query=b"use_cache=false")
        program.access_token = his
        other = await program.call(PRODUCTS)
        return [
            (one.status, one.json.get("error") or "")
            for one in (away, *ours, kept, live, other)
        ]

    ends = play(story, hers)
    away, good = (503, "tesla_away"), (200, "")
    assert ends == [away, good, good, good, away, good]
    assert {call.path.partition("/api")[0] for call in registered.calls} == {
        "/na",
        "/eu",
    }


def test_command_to_a_region_that_is_away_is_not_sent_and_not_counted(
    play: Any, alice: User, person: MakePerson, registered: RunningSimulator
) -> None:
    token = person(alice).access_token
    rouse(registered, "Red")
    path = path_of("Red", "honk_horn")
    registered.faults.add("status", AWAY, status=502)

    async def story(program: Program) -> Any:
        for _ in range(MOST_FAILURES):
            await program.call(PRODUCTS)
        return await post(program, path)

    answer = play(story, token)
    assert (answer.status, answer.error) == (503, "tesla_away")
    assert len(registered.calls) == MOST_FAILURES
    asked = dict(Usage.objects.values_list("price_class", "asked"))
    assert asked.get("commands", 0) == 0
