"""What connected programs do at the API: one connection, however many tokens it has."""

import asyncio
from collections.abc import Callable
from typing import Any

from django.utils import timezone

from accounts.models import User
from tests.api.conftest import Answer, MakePerson, Program
from tests.tokens.connecting import connected
from tokens.models import AccessToken, HourlyToken, Usage
from tokens.services import connections

Ask = Callable[..., Answer]


def test_hourly_token_opens_what_an_access_token_opens(
    ask: Ask, person: MakePerson, alice: User
) -> None:
    somebody, pair = person(alice), connected(alice)
    for path in ("/api/metadata", "/api/1/products", "/api/test"):
        hers, its = (
            ask(text, path) for text in (somebody.access_token, pair.access_token)
        )
        assert its.status == hers.status == 200
        assert its.json.keys() == hers.json.keys()
    query = f"token={pair.access_token}".encode()
    assert ask("", "/api/test", query=query, headers=()).status == 200


def test_expired_token_is_invalid_and_the_next_one_is_not(
    ask: Ask, alice: User, transactional_db: None
) -> None:
    pair = connected(alice)
    HourlyToken.objects.update(expires_at=timezone.now())
    refused = ask(pair.access_token, "/api/test")
    assert (refused.status, refused.error) == (401, "invalid_token")
    new = connections.refresh(pair.refresh_token, client_id="homeassistant")
    assert ask(new.access_token, "/api/test").status == 200
    for text in (pair.refresh_token, "kfc_" + "0" * 38):
        assert ask(text, "/api/test").error == "invalid_token"


def test_tokens_of_one_connection_share_its_limit_and_its_meter(
    play: Any, person: MakePerson, alice: User, settings: Any
) -> None:
    person(alice)
    settings.API_CALLS_PER_MINUTE = 4
    pair, other = connected(alice), connected(alice, name="Cabin")
    texts = [
        connections.refresh(pair.refresh_token, client_id="homeassistant").access_token
        for _ in range(6)
    ]

    async def story(program: Program) -> list[int]:
        statuses = []
        for text in (*texts, other.access_token):
            program.access_token = text
            statuses.append((await program.call("/api/test")).status)
        return statuses

    assert play(story) == [200] * 4 + [429] * 2 + [200]
    rows = Usage.objects.values_list("access_token_key", "program", "calls")
    assert set(rows) == {
        (pair.connection.pk, "Home Assistant · Home", 6),
        (other.connection.pk, "Home Assistant · Cabin", 1),
    }


def test_removed_connection_is_refused_within_a_second(
    play: Any, alice: User, transactional_db: None
) -> None:
    pair = connected(alice)
    new = connections.refresh(pair.refresh_token, client_id="homeassistant")

    async def answers(program: Program) -> list[Answer]:
        found = []
        for text in (pair.access_token, new.access_token):
            program.access_token = text
            found.append(await program.call("/api/test"))
        return found

    async def story(program: Program) -> tuple[list[Answer], list[Answer]]:
        before = await answers(program)
        await program.door.threads.quickly(AccessToken.objects.all().delete)
        await asyncio.sleep(1.1)
        return before, await answers(program)

    before, after = play(story)
    assert [one.status for one in before] == [200] * 2
    assert [one.error for one in after] == ["invalid_token"] * 2
