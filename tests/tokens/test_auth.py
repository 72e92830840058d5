"""Looking access tokens up: one query a second at most, and none for junk."""

import asyncio
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection
from django.utils import timezone

from accounts.models import User
from tests.clocks import Clock
from tests.tokens.helpers import Run, remove
from tokens import auth
from tokens.auth import Caller, TokenCache
from tokens.models import AccessToken
from tokens.services import access_tokens

pytestmark = pytest.mark.django_db(transaction=True)


def test_holder_of_a_token_is_told(alice: User, run: Run) -> None:
    made, text = access_tokens.issue(alice, "evcc")
    found = run(lambda cache: cache.identify(text))
    assert found == Caller(token_id=made.pk, user_id=alice.pk, name="evcc")


@pytest.mark.parametrize(
    "text", ["", "Bearer", "kf_" + "a" * 38, "x" * 10_000, "kf_é", "kf_\x00" * 41]
)
def test_junk_costs_no_query(
    run: Run, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        # A database that is not there would raise.
        patch.setitem(connection.settings_dict, "NAME", "/nowhere/at/all")
        assert run(lambda cache: cache.identify(text)) is None


def test_well_formed_stranger_holds_nothing(alice: User, run: Run) -> None:
    made, text = access_tokens.issue(alice, "evcc")
    access_tokens.remove(made)
    assert run(lambda cache: cache.identify(text)) is None


def test_disabled_user_holds_nothing(alice: User, run: Run) -> None:
    _, text = access_tokens.issue(alice, "evcc")
    User.objects.update(is_active=False)
    assert run(lambda cache: cache.identify(text)) is None


def test_answer_is_remembered_for_less_than_a_second(
    alice: User, run: Run, clock: Clock
) -> None:
    made, text = access_tokens.issue(alice, "evcc")

    async def work(cache: TokenCache) -> list[bool]:
        found = [await cache.identify(text) is not None]
        await asyncio.to_thread(remove, made)
        clock.now_s += 0.99
        found.append(await cache.identify(text) is not None)
        clock.now_s += 0.02
        found.append(await cache.identify(text) is not None)
        return found

    assert run(work) == [True, True, False]


def test_new_token_is_usable_within_a_second_of_a_refusal(
    alice: User, run: Run, clock: Clock
) -> None:
    made, text = access_tokens.issue(alice, "evcc")
    AccessToken.objects.filter(pk=made.pk).update(digest="0" * 64)

    async def work(cache: TokenCache) -> list[bool]:
        found = [await cache.identify(text) is not None]
        await asyncio.to_thread(_restore, made)
        clock.now_s += 1.01
        found.append(await cache.identify(text) is not None)
        return found

    assert run(work) == [False, True]


def test_callers_at_once_share_one_query(
    alice: User, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, text = access_tokens.issue(alice, "evcc")
    asked: list[str] = []
    real = auth.holder

    def counted(digest: str) -> Caller | None:
        asked.append(digest)
        return real(digest)

    monkeypatch.setattr(auth, "holder", counted)

    async def work(cache: TokenCache) -> int:
        found = await asyncio.gather(*(cache.identify(text) for _ in range(50)))
        return sum(one is not None for one in found)

    assert run(work) == 50
    assert len(asked) == 1


def test_caller_who_leaves_does_not_take_the_answer_along(
    alice: User, run: Run
) -> None:
    _, text = access_tokens.issue(alice, "evcc")

    async def work(cache: TokenCache) -> Caller | None:
        first = asyncio.ensure_future(cache.identify(text))
        second = asyncio.ensure_future(cache.identify(text))
        await asyncio.sleep(0)
        first.cancel()
        return await second

    assert run(work) is not None


def test_memory_is_bounded(
    alice: User, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "_MOST_ENTRIES", 3)
    texts = [access_tokens.issue(alice, str(number))[1] for number in range(5)]

    async def work(cache: TokenCache) -> int:
        for text in texts:
            await cache.identify(text)
            cache.used(text, "curl")
        return cache.size

    assert run(work) == 3


def test_database_that_is_away_is_told_and_not_remembered(
    alice: User, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, text = access_tokens.issue(alice, "evcc")
    name = connection.settings_dict["NAME"]

    async def work(cache: TokenCache) -> Caller | None:
        monkeypatch.setitem(connection.settings_dict, "NAME", "/nowhere/at/all")
        with pytest.raises(DatabaseError):
            await cache.identify(text)
        monkeypatch.setitem(connection.settings_dict, "NAME", name)
        return await cache.identify(text)

    assert run(work) is not None


def test_use_is_written_once_a_minute(alice: User, run: Run, clock: Clock) -> None:
    made, text = access_tokens.issue(alice, "evcc")
    seen: list[str] = []

    async def work(cache: TokenCache) -> None:
        for client, after_s in (("a/1", 0), ("b/1", 59), ("c/1", 2)):
            clock.now_s += after_s
            cache.used(text, client)
            await cache.flush()
            row = await asyncio.to_thread(_row, made)
            seen.append(row.last_used_by)
            past = timezone.now() - timedelta(seconds=after_s + 61)
            await asyncio.to_thread(_set_used, made, past)

    run(work)
    assert seen == ["a/1", "a/1", "c/1"]


def test_use_is_written_soon_and_at_the_end(
    alice: User, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "_WRITE_AFTER_S", 0.01)
    made, text = access_tokens.issue(alice, "evcc")
    other, other_text = access_tokens.issue(alice, "other")

    async def work(cache: TokenCache) -> str:
        cache.used(text, "a/1")
        row = await asyncio.to_thread(_row, made)
        for _ in range(500):
            if row.last_used_at is not None:
                break
            await asyncio.sleep(0.01)
            row = await asyncio.to_thread(_row, made)
        cache.used(other_text, "b/1")
        return row.last_used_by

    assert run(work) == "a/1"
    assert _row(other).last_used_by == "b/1"


def test_use_is_lost_without_harm_while_the_database_is_away(
    alice: User,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    _, text = access_tokens.issue(alice, "evcc")
    name = connection.settings_dict["NAME"]

    async def work(cache: TokenCache) -> None:
        monkeypatch.setitem(connection.settings_dict, "NAME", "/nowhere/at/all")
        cache.used(text, "a/1")
        await cache.flush()
        monkeypatch.setitem(connection.settings_dict, "NAME", name)

    run(work)
    assert "The last use of 1 access tokens was not written." in caplog.text
    assert text not in caplog.text


def _restore(made: AccessToken) -> None:
    AccessToken.objects.filter(pk=made.pk).update(digest=made.digest)
    connection.close()


def _row(made: AccessToken) -> AccessToken:
    try:
        return AccessToken.objects.get(pk=made.pk)
    finally:
        connection.close()


def _set_used(made: AccessToken, at: object) -> None:
    AccessToken.objects.filter(pk=made.pk).update(last_used_at=at)
    connection.close()
