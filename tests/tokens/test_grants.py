"""Storing, using and unlinking grants; regions; and a database that refuses."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import OperationalError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

import fleet
from accounts.models import User
from fleet import oauth
from fleet.hosts import Hosts
from simulator.testing import RunningSimulator
from tests.factories import make_bare_grant
from tests.tokens.helpers import MakeGrant, change, expire, token_calls
from tokens import tasks
from tokens.models import TeslaGrant
from tokens.services import grants, keeper, sealing, spool


def _given(simulator: RunningSimulator, person: str) -> oauth.TeslaTokens:
    given = simulator.link(person, client_id=settings.TESLA_CLIENT_ID)
    end = timezone.now() + timedelta(hours=8)
    return oauth.TeslaTokens(given["access_token"], given["refresh_token"], None, end)


def _claims(tesla_tokens: oauth.TeslaTokens) -> oauth.IdClaims:
    sub = oauth.read_claims(tesla_tokens.access_token).sub
    return oauth.IdClaims(sub, "a@example.com", "Alice")


def test_store_seals_what_it_keeps(alice: User, simulator: RunningSimulator) -> None:
    given = _given(simulator, "alice@example.com")
    grant = grants.store(alice, given, _claims(given))
    row = TeslaGrant.objects.filter(pk=grant.pk).values().get()
    assert given.access_token not in str(row)
    assert (given.refresh_token or "") not in str(row)
    assert sealing.unsealed(grant, "refresh_token_sealed") == given.refresh_token
    assert grants.tesla_access_token(grant) == given.access_token
    assert (grant.generation, grant.tesla_name, grant.region) == (1, "Alice", "na")


def test_store_again_renews_the_same_grant(
    alice: User, simulator: RunningSimulator
) -> None:
    given = _given(simulator, "alice@example.com")
    first = grants.store(alice, given, _claims(given))
    spool.put(first, spool.Pair("a", "r", timezone.now()))
    change(first, synced_vehicles_at=timezone.now(), state="needs_relink")
    given = _given(simulator, "alice@example.com")
    again = grants.store(alice, given, _claims(given))
    assert (again.pk, again.generation, again.state) == (first.pk, 2, "active")
    assert again.synced_vehicles_at is None
    assert first.pk not in spool.waiting()


def test_store_refuses_tokens_of_two_people(
    alice: User, simulator: RunningSimulator
) -> None:
    given = _given(simulator, "alice@example.com")
    other = _claims(_given(simulator, "bob@example.com"))
    with pytest.raises(fleet.InvalidIDToken):
        grants.store(alice, given, other)
    assert TeslaGrant.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_store_at_the_same_moment_makes_one_grant_of_one_user(
    alice: User, bob: User, simulator: RunningSimulator
) -> None:
    given = _given(simulator, "alice@example.com")

    def one(number: int) -> str:
        try:
            grants.store((alice, bob)[number % 2], given, _claims(given))
        except grants.LinkedElsewhere:
            return "elsewhere"
        finally:
            connections.close_all()
        return "stored"

    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(one, range(8)))
    assert sorted(said) == ["elsewhere"] * 4 + ["stored"] * 4
    assert TeslaGrant.objects.get().generation == 4


def test_client_calls_the_region_of_the_grant(
    bob: User, make_grant: MakeGrant, simulator: RunningSimulator
) -> None:
    grant = make_grant(bob, "bob@example.com")
    assert grant.region == "eu"
    client = grants.client_for(grant)
    assert client.base_url == simulator.addresses.base_urls["eu"]
    assert len(client.products()) > 0


def test_client_follows_tesla_to_another_region_and_remembers(
    bob: User, make_grant: MakeGrant
) -> None:
    grant = make_grant(bob, "bob@example.com")
    change(grant, region="na")
    grants.client_for(grant).products()
    assert grant.region == "eu"
    assert TeslaGrant.objects.get().region == "eu"


def test_region_that_is_not_set_up_is_told(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = settings.TESLA_HOSTS
    only = Hosts(
        *(there.authorize_url, there.token_url, there.jwks_url, there.issuers),
        *(there.consent_url, there.pairing_url),
        base_urls={"na": there.base_urls["na"]},
    )
    monkeypatch.setattr(settings, "TESLA_HOSTS", only)
    with pytest.raises(fleet.OutOfRegion):
        grants.client_for(make_bare_grant(alice, region="eu"))


def test_move_remembers_a_region(alice: User) -> None:
    grant = make_bare_grant(alice)
    grants.move(grant.pk, "eu")
    grant.refresh_from_db()
    assert grant.region == "eu"


def test_refresh_due_renews_what_is_due_and_nothing_else(
    alice: User, bob: User, make_grant: MakeGrant, simulator: RunningSimulator
) -> None:
    due, later = make_grant(alice), make_grant(bob, "bob@example.com")
    before = len(token_calls(simulator))
    tasks.refresh_due()
    assert len(token_calls(simulator)) == before
    long_ago = timezone.now() - timedelta(hours=6)
    change(due, next_refresh_at=timezone.now(), refreshed_at=long_ago)
    tasks.refresh_due()
    assert len(token_calls(simulator)) == before + 1
    due.refresh_from_db()
    later.refresh_from_db()
    assert (due.generation, later.generation) == (2, 1)


def test_refresh_due_goes_on_after_a_failure(
    alice: User, bob: User, make_grant: MakeGrant, simulator: RunningSimulator
) -> None:
    dead, alive = make_grant(alice), make_grant(bob, "bob@example.com")
    long_ago = timezone.now() - timedelta(hours=6)
    for grant in (dead, alive):
        change(grant, next_refresh_at=long_ago, refreshed_at=long_ago)
    simulator.hub.store.reset_password("alice@example.com")
    assert grants.refresh_due() == 1
    dead.refresh_from_db()
    assert dead.state == TeslaGrant.State.NEEDS_RELINK


def test_refresh_due_leaves_disabled_users_and_held_leases_alone(
    alice: User, bob: User
) -> None:
    past = timezone.now() - timedelta(seconds=1)
    disabled = make_bare_grant(alice)
    change(disabled, next_refresh_at=past)
    User.objects.filter(pk=alice.pk).update(is_active=False)
    held = make_bare_grant(bob)
    until = timezone.now() + timedelta(minutes=1)
    change(held, next_refresh_at=past, lease_id=uuid4(), lease_until=until)
    spool.put(held, spool.Pair("a", "r", timezone.now()))
    assert grants.refresh_due() == 0
    assert spool.waiting() == {held.pk}
    spool.clear(held.pk)


@pytest.mark.django_db(transaction=True)
def test_tesla_is_asked_outside_any_transaction(
    alice: User, make_grant: MakeGrant
) -> None:
    grant = make_grant(alice)
    expire(grant)
    with transaction.atomic(), pytest.raises(RuntimeError):
        grants.tesla_access_token(grant)


@pytest.mark.django_db(transaction=True)
def test_pair_is_stored_after_its_lease_and_before_its_use(
    alice: User, make_grant: MakeGrant
) -> None:
    grant = make_grant(alice)
    expire(grant)
    with CaptureQueriesContext(connection) as queries:
        grants.tesla_access_token(grant)
    said = [query["sql"].split()[0] for query in queries if "SAVE" not in query["sql"]]
    written = [word for word in said if word in {"BEGIN", "UPDATE", "COMMIT"}]
    assert written == ["BEGIN", "UPDATE", "COMMIT"] * 2


@pytest.mark.django_db(transaction=True)
def test_database_that_refuses_for_a_moment_is_tried_again(
    alice: User, make_grant: MakeGrant, monkeypatch: pytest.MonkeyPatch
) -> None:
    grant = make_grant(alice)
    lease_id = keeper.claim(grant)
    assert lease_id is not None
    pair = keeper.ask(grant, sealing.unsealed(grant, "refresh_token_sealed"))
    monkeypatch.setattr(keeper, "STORE_AGAIN_AFTER_S", (0.0, 0.0))
    refusals = iter([True, True, False])
    with connection.execute_wrapper(_refusing(refusals)):
        keeper.store(grant, lease_id, pair, used="x")
    assert grant.generation == 2
    assert spool.waiting() == set()


@pytest.mark.django_db(transaction=True)
def test_database_that_refuses_for_long_leaves_the_pair_in_the_spool(
    alice: User,
    make_grant: MakeGrant,
    monkeypatch: pytest.MonkeyPatch,
    simulator: RunningSimulator,
) -> None:
    grant = make_grant(alice)
    lease_id = keeper.claim(grant)
    assert lease_id is not None
    pair = keeper.ask(grant, sealing.unsealed(grant, "refresh_token_sealed"))
    monkeypatch.setattr(keeper, "STORE_AGAIN_AFTER_S", (0.0,))
    refusals = iter([True, True])
    with (
        connection.execute_wrapper(_refusing(refusals)),
        pytest.raises(OperationalError),
    ):
        keeper.store(grant, lease_id, pair, used="x")
    change(grant, lease_until=timezone.now() - timedelta(seconds=1))
    before = len(token_calls(simulator))
    assert grants.refresh_due() == 1
    grant.refresh_from_db()
    assert grant.generation == 2
    assert grants.tesla_access_token(grant) == pair.access_token
    assert len(token_calls(simulator)) == before
    assert spool.waiting() == set()


def test_pair_of_a_keeper_thought_dead_is_taken_when_tesla_refuses(
    alice: User, make_grant: MakeGrant, simulator: RunningSimulator
) -> None:
    # Two keepers ask; the first has the pair, and the second is refused.
    grant = make_grant(alice)
    used = sealing.unsealed(grant, "refresh_token_sealed")
    pair = keeper.ask(grant, used)
    simulator.hub.store.reset_password("alice@example.com")
    assert keeper.ask_or_find(grant, used) == pair
    spool.clear(grant.pk)
    with pytest.raises(fleet.LoginRequired):
        keeper.ask_or_find(grant, used)


def _refusing(refusals: Iterator[bool]) -> Callable[..., Any]:
    """Return a wrapper that lets updates of grants fail as a lost connection would."""

    def wrapper(
        execute: Callable[..., Any], sql: str, params: Any, many: Any, context: Any
    ) -> Any:
        if sql.startswith("UPDATE") and next(refusals):
            raise OperationalError("the server went away")
        return execute(sql, params, many, context)

    return wrapper
