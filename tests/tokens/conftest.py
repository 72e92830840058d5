"""Who connects programs, and what looks their tokens up."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest
from django.test import Client

from accounts.models import User
from tests.clocks import Clock
from tests.tokens.helpers import Run, fresh_client
from tokens.auth import TokenCache

_Result = TypeVar("_Result")


@pytest.fixture
def alices_client(alice: User) -> Client:
    """Return a client of Alice's, who has just typed the password."""
    return fresh_client(alice)


@pytest.fixture
def clock() -> Clock:
    """Return a clock that stands still."""
    return Clock()


@pytest.fixture
def run(clock: Clock) -> Run:
    """Return a function that runs work with a new cache, and closes the cache."""

    def runner(work: Callable[[TokenCache], Awaitable[_Result]]) -> _Result:
        async def within() -> _Result:
            cache = TokenCache(clock=clock)
            try:
                return await work(cache)
            finally:
                await cache.close()

        return asyncio.run(within())

    return runner
