"""Bad weather at Tesla, of the grant and of the database: a plain answer, never a 500."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connections
from django.utils import timezone

from accounts.models import User
from tests.api.conftest import MakePerson, Program
from tokens.models import TeslaGrant
from tokens.services import grants

PRODUCTS = "/api/1/products"


@pytest.mark.parametrize(
    ("kind", "facts", "status", "error"),
    [
        ("html", {}, 502, "upstream_unreadable"),
        ("truncate", {}, 502, "upstream_unreadable"),
        ("cut", {}, 503, "upstream_unreachable"),
        ("refuse", {}, 503, "upstream_unreachable"),
        (
            "redirect",
            {"location": "http://169.254.169.254/"},
            502,
            "upstream_unreadable",
        ),
        ("huge", {}, 502, "upstream_unreadable"),
    ],
)
def test_broken_answer_of_tesla_becomes_plain_words(
    ask: Any,
    alice: User,
    person: MakePerson,
    registered: Any,
    kind: str,
    facts: dict[str, Any],
    status: int,
    error: str,
) -> None:
    token = person(alice).access_token
    registered.faults.add(kind, "*/api/1/products", **facts)
    answer = ask(token, PRODUCTS)
    assert (answer.status, answer.error) == (status, error)
    registered.faults.clear()
    assert ask(token, PRODUCTS).status == 200


def test_rate_limit_of_tesla_passes_on_its_waiting_time(
    ask: Any, alice: User, person: MakePerson, registered: Any
) -> None:
    token = person(alice).access_token
    registered.faults.add("rate_limit", "*/api/1/products")
    answer = ask(token, PRODUCTS)
    assert answer.status == 429
    assert int(answer.headers["retry-after"]) >= 1
    assert answer.json["response"] is None


def test_server_error_of_tesla_is_passed_on(
    ask: Any, alice: User, person: MakePerson, registered: Any
) -> None:
    token = person(alice).access_token
    registered.faults.add("status", "*/api/1/products", status=500)
    answer = ask(token, PRODUCTS)
    assert answer.status == 500
    assert answer.json["response"] is None


def test_tesla_that_hangs_gets_a_timeout(
    ask: Any, alice: User, person: MakePerson, registered: Any, settings: Any
) -> None:
    token = person(alice).access_token
    settings.TESLA_TIMEOUT_S = 0.3
    registered.faults.add("hang", "*/api/1/products", seconds=5)
    answer = ask(token, PRODUCTS)
    assert (answer.status, answer.error) == (504, "upstream_timeout")


def test_expired_token_of_tesla_is_renewed_and_the_call_repeated(
    ask: Any, alice: User, person: MakePerson, registered: Any
) -> None:
    someone = person(alice)
    registered.clock.advance(9 * 3600)
    TeslaGrant.objects.update(refreshed_at=timezone.now() - timedelta(hours=1))
    answer = ask(someone.access_token, PRODUCTS)
    assert answer.status == 200
    statuses = [call.status for call in registered.calls if "products" in call.path]
    assert statuses == [401, 200]
    grant = TeslaGrant.objects.get(pk=someone.grant.pk)
    assert grant.generation == someone.grant.generation + 1


def test_grant_that_needs_its_person_is_no_401(
    ask: Any, alice: User, person: MakePerson, registered: Any
) -> None:
    someone = person(alice)
    TeslaGrant.objects.update(state=TeslaGrant.State.NEEDS_RELINK)
    answer = ask(someone.access_token, PRODUCTS)
    assert (answer.status, answer.error) == (503, "tesla_login_required")
    assert "/console/scopes" in answer.json["error_description"]
    assert registered.calls == []


def test_unlinked_account_is_asked_nothing_a_second_later(
    play: Any, alice: User, person: MakePerson, registered: Any
) -> None:
    someone = person(alice)

    async def story(program: Program) -> Any:
        assert (await program.call(PRODUCTS)).status == 200
        await program.door.threads.quickly(lambda: grants.unlink(someone.grant))
        await asyncio.sleep(1.05)
        registered.hub.ledger.clear()
        return await program.call(PRODUCTS)

    answer = play(story, someone.access_token)
    assert (answer.status, answer.error) == (404, "not_found")
    assert registered.calls == []


def test_tokens_of_tesla_are_not_kept_past_their_end(
    play: Any, alice: User, bob: User, person: MakePerson
) -> None:
    first, second = person(alice), person(bob)

    async def story(program: Program) -> list[int]:
        sizes = []
        for token, hours in ((first.access_token, 0), (second.access_token, 9)):
            program.access_token = token
            with time_machine.travel(timezone.now() + timedelta(hours=hours)):
                assert (await program.call(PRODUCTS)).status == 200
            sizes.append(program.door.tesla.size)
        return sizes

    assert play(story) == [1, 1]


def test_wrong_region_is_followed_and_remembered(
    play: Any, alice: User, person: MakePerson, registered: Any
) -> None:
    someone = person(alice)
    TeslaGrant.objects.update(region="eu")

    async def story(program: Program) -> list[int]:
        first = await program.call(PRODUCTS)
        await asyncio.sleep(1.1)
        second = await program.call(PRODUCTS)
        return [first.status, second.status]

    assert play(story, someone.access_token) == [200, 200]
    statuses = [call.status for call in registered.calls]
    assert statuses == [421, 200, 200]
    assert TeslaGrant.objects.get().region == "na"


def test_region_that_is_not_served_is_said_plainly(
    ask: Any, alice: User, person: MakePerson
) -> None:
    token = person(alice).access_token
    TeslaGrant.objects.update(region="xx")
    answer = ask(token, PRODUCTS)
    assert (answer.status, answer.error) == (503, "region_not_served")


def test_database_that_is_away_gets_503(
    ask: Any, alice: User, person: MakePerson, settings: Any
) -> None:
    token = person(alice).access_token
    wrapper = connections["default"]
    before = dict(wrapper.settings_dict)
    connections.settings["default"]["HOST"] = "/nowhere"
    connections.settings["default"]["NAME"] = "/nowhere/at/all"
    try:
        answer = ask(token, "/api/test")
    finally:
        connections.settings["default"].update(before)
    assert (answer.status, answer.error) == (503, "database_unavailable")
    assert int(answer.headers["retry-after"]) >= 1


def test_other_calls_are_not_held_up_by_one_that_hangs(
    play: Any, alice: User, person: MakePerson, registered: Any
) -> None:
    someone = person(alice)
    registered.faults.add("latency", "*/api/1/users/me", seconds=1)

    async def story(program: Program) -> list[str]:
        done: list[str] = []

        async def call(path: str) -> None:
            await program.call(path)
            done.append(path)

        await asyncio.gather(call("/api/1/users/me"), call(PRODUCTS))
        return done

    assert play(story, someone.access_token) == [PRODUCTS, "/api/1/users/me"]
