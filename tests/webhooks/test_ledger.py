"""What came of data is counted whole, though the newest alone is told one by one."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError

from accounts.models import User
from tests.webhooks.making import make_endpoint
from tests.webhooks.running import VIN, run
from webhooks.delivering.database import Database
from webhooks.delivering.ledger import Ledger
from webhooks.models import Attempt, Endpoint
from webhooks.outcomes import ErrorKind, Outcome, Tried
from webhooks.services import queue

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def _data(endpoint: Endpoint, number: int, *, works: bool = True) -> Tried:
    outcome = Outcome(200, "") if works else Outcome(500, ErrorKind.STATUS)
    at = NOW + timedelta(seconds=number)
    return Tried(endpoint.pk, f"msg_{number}", "data", VIN, outcome, at, events=2)


def _store(tried: Sequence[Tried], *, away: int = 0) -> None:
    """Note these and store them in the end.

    Half-way the database is away for so many tries to store what is there by then.
    """

    class Away(Database):
        async def __call__(self, *args: object, **named: object) -> object:  # type: ignore[override]  # any call is refused alike
            nonlocal away
            if away:
                away -= 1
                raise OperationalError("The database is away")
            return await super().__call__(*args, **named)  # type: ignore[arg-type]

    async def main() -> None:
        database = Away()
        ledger = Ledger(database, lambda: NOW)
        for number, one in enumerate(tried):
            ledger.add(one)
            if number == len(tried) // 2:
                for _ in range(away):
                    await ledger.flush()
        await ledger.flush()
        await database.close()

    run(main())


@pytest.mark.parametrize("away", [0, 1])
def test_all_that_was_accepted_is_counted(committed_alice: User, away: int) -> None:
    endpoint = make_endpoint(committed_alice)
    _store([_data(endpoint, number) for number in range(100)], away=away)
    endpoint.refresh_from_db()
    assert endpoint.delivered_count == 200
    assert endpoint.last_success_at == NOW + timedelta(seconds=99)
    logged = Attempt.objects.order_by("started_at").values_list("message_id_text")
    newest = [(f"msg_{number}",) for number in range(100 - queue.MOST_LOGGED, 100)]
    assert list(logged)[-queue.MOST_LOGGED :] == newest


def test_failures_between_are_counted_in_their_place(committed_alice: User) -> None:
    endpoint = make_endpoint(committed_alice)
    fails = {20, 21, 70, 97, 98, 99}
    _store([_data(endpoint, n, works=n not in fails) for n in range(100)])
    endpoint.refresh_from_db()
    assert (endpoint.delivered_count, endpoint.failed_count) == (188, 12)
    assert endpoint.consecutive_failures == 3
    assert endpoint.first_failure_at == NOW + timedelta(seconds=97)
    assert endpoint.last_success_at == NOW + timedelta(seconds=96)


def test_little_is_kept_for_an_endpoint_that_works(committed_alice: User) -> None:
    endpoint = make_endpoint(committed_alice)
    ledger = Ledger(Database(), lambda: NOW)
    for number in range(5000):
        ledger.add(_data(endpoint, number))
    [kept] = ledger._tried.values()  # noqa: SLF001  # what it holds in memory
    assert len(kept) == queue.MOST_LOGGED
    assert sum(one.events + one.events_before for one in kept) == 10_000
