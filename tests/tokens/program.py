"""What the tests of several processes run in each of them: `python -m tests.tokens.program`.

Its verbs print one JSON document. The database, the data folder and Tesla's addresses
come from the environment, as in a worker.
"""

import json
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import django
from django.db import connection, connections

django.setup()

# What follows reads models, so Django must be set up first.
from accounts.models import User  # noqa: E402
from fleet import oauth  # noqa: E402
from tests.factories import make_user  # noqa: E402
from tokens.models import TeslaGrant  # noqa: E402
from tokens.services import access_tokens, grants  # noqa: E402


def link(email: str, access_token: str, refresh_token: str) -> str:
    """Make a user with a grant whose access token is over; return the grant's id."""
    over = datetime.now(UTC) - timedelta(seconds=1)
    tesla_tokens = oauth.TeslaTokens(access_token, refresh_token, None, over)
    claims = oauth.IdClaims(oauth.read_claims(access_token).sub, email, "")
    return str(grants.store(make_user(email), tesla_tokens, claims).pk)


def need(pk: str, threads: int) -> list[str]:
    """Need Tesla's token in many threads at once; return each one's, or its error."""
    _wait_for_the_start()

    def one(_: int) -> str:
        grant = TeslaGrant.objects.get(pk=pk)
        try:
            return grants.tesla_access_token(grant)
        except (grants.NeedsRelink, grants.TeslaBusy) as error:
            return type(error).__name__
        finally:
            connections.close_all()

    return _together(one, threads)


def issue(email: str, threads: int) -> list[str]:
    """Make an access token in many threads at once; return "made" or the error."""
    _wait_for_the_start()

    def one(number: int) -> str:
        user = User.objects.get(email=email)
        try:
            access_tokens.issue(user, f"number {number}")
        except access_tokens.TooManyAccessTokens as error:
            return type(error).__name__
        finally:
            connections.close_all()
        return "made"

    return _together(one, threads)


def _wait_for_the_start() -> None:
    """Say that this process is ready, and wait until it is told to go."""
    connection.ensure_connection()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()


def _together(one: Callable[[int], str], threads: int) -> list[str]:
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(one, range(threads)))


def main(verb: str, arguments: list[Any]) -> None:
    """Run one verb with its arguments, given as JSON, and print what it returns."""
    verbs: dict[str, Callable[..., Any]] = {
        "link": link,
        "need": need,
        "issue": issue,
    }
    sys.stdout.write(json.dumps(verbs[verb](*arguments)) + "\n")
    connections.close_all()


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
