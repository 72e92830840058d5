"""Renewing a grant's pair: once, stored before use, and never in a storm."""

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import time_machine
from django.conf import settings
from django.utils import timezone

from accounts.models import User
from simulator.testing import RunningSimulator
from tests.tokens.helpers import (
    MakeGrant,
    change,
    expire,
    tesla_side,
    token_calls,
)
from tokens.models import TeslaGrant
from tokens.services import grants, keeper, sealing, spool


@pytest.fixture
def grant(alice: User, make_grant: MakeGrant) -> TeslaGrant:
    return make_grant(alice)


def test_tesla_access_token_of_a_fresh_grant_asks_nobody(
    grant: TeslaGrant, simulator: RunningSimulator
) -> None:
    before = len(simulator.calls)
    first = grants.tesla_access_token(grant)
    assert grants.tesla_access_token(grant) == first
    assert len(simulator.calls) == before


def test_tesla_access_token_renews_an_expired_one_once(
    grant: TeslaGrant, simulator: RunningSimulator
) -> None:
    first = grants.tesla_access_token(grant)
    refresh_token = sealing.unsealed(grant, "refresh_token_sealed")
    expire(grant)
    simulator.clock.advance(60)
    before = len(token_calls(simulator))
    second = grants.tesla_access_token(grant)
    assert second != first
    assert grants.tesla_access_token(grant) == second
    assert len(token_calls(simulator)) == before + 1
    assert grant.generation == 2
    assert (grant.lease_id, grant.lease_until, grant.failures) == (None, None, 0)
    assert sealing.unsealed(grant, "previous_refresh_token_sealed") == refresh_token
    tesla = tesla_side(simulator)
    assert sealing.unsealed(grant, "refresh_token_sealed") == tesla.refresh_token
    assert spool.waiting() == set()


def test_renew_uses_what_another_process_has_stored(
    grant: TeslaGrant, simulator: RunningSimulator
) -> None:
    expire(grant)
    stale = TeslaGrant.objects.get(pk=grant.pk)
    grants.refresh(grant)
    before = len(token_calls(simulator))
    grants.refresh(stale)
    assert len(token_calls(simulator)) == before
    assert stale.generation == 2


def test_refresh_keeps_a_token_that_is_seconds_old(
    grant: TeslaGrant, simulator: RunningSimulator
) -> None:
    before = len(token_calls(simulator))
    assert grants.refresh(grant) is grant
    assert len(token_calls(simulator)) == before
    change(grant, refreshed_at=timezone.now() - timedelta(seconds=10))
    grants.refresh(grant)
    assert len(token_calls(simulator)) == before + 1


def test_renew_waits_for_the_lease_and_gives_up_in_words(
    grant: TeslaGrant, simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    expire(grant)
    until = timezone.now() + timedelta(minutes=1)
    change(grant, lease_id=uuid4(), lease_until=until)
    monkeypatch.setattr(keeper, "WAIT_S", 0.2)
    before = len(token_calls(simulator))
    with pytest.raises(keeper.TeslaBusy):
        grants.tesla_access_token(grant)
    assert len(token_calls(simulator)) == before


def test_renew_takes_a_lease_that_has_ended(grant: TeslaGrant) -> None:
    expire(grant)
    ended = timezone.now() - timedelta(seconds=1)
    change(grant, lease_id=uuid4(), lease_until=ended)
    grants.tesla_access_token(grant)
    assert grant.generation == 2


def test_lease_is_measured_by_the_clock_of_the_database(grant: TeslaGrant) -> None:
    expire(grant)
    with time_machine.travel(timezone.now() + timedelta(hours=2), tick=True):
        lease_id = keeper.claim(grant)
    grant.refresh_from_db()
    assert grant.lease_id == lease_id
    assert grant.lease_until is not None
    left = grant.lease_until - timezone.now()
    assert timedelta(seconds=50) < left <= timedelta(seconds=61)


def test_claim_lets_one_in(grant: TeslaGrant) -> None:
    assert keeper.claim(grant) is not None
    assert keeper.claim(grant) is None


def test_relink_during_a_refresh_wins(
    grant: TeslaGrant, simulator: RunningSimulator, make_grant: MakeGrant
) -> None:
    lease_id = keeper.claim(grant)
    assert lease_id is not None
    pair = keeper.ask(grant, sealing.unsealed(grant, "refresh_token_sealed"))
    again = make_grant(grant.user)
    keeper.store(grant, lease_id, pair, used="x")
    assert grant.generation == again.generation
    tesla = tesla_side(simulator)
    assert sealing.unsealed(grant, "refresh_token_sealed") == tesla.refresh_token


def test_renewal_records_scopes_that_the_person_took_back(
    grant: TeslaGrant, simulator: RunningSimulator
) -> None:
    assert grant.has("vehicle_location")
    left = tuple(one for one in grant.scopes if one != "vehicle_location")
    tesla_side(simulator).scopes = left
    expire(grant)
    grants.tesla_access_token(grant)
    assert not grant.has("vehicle_location")
    assert set(grant.scopes) == set(left)


def test_pair_with_an_unreadable_token_is_stored_all_the_same(
    grant: TeslaGrant,
) -> None:
    pair = spool.Pair("no jwt", "NA_next", timezone.now() + timedelta(hours=8))
    lease_id = keeper.claim(grant)
    assert lease_id is not None
    scopes = list(grant.scopes)
    keeper.store(grant, lease_id, pair, used="NA_now")
    assert grant.scopes == scopes
    assert sealing.unsealed(grant, "refresh_token_sealed") == "NA_next"


def test_next_refresh_is_at_about_three_quarters_of_life(grant: TeslaGrant) -> None:
    life = grant.tesla_access_token_expires_at - grant.refreshed_at
    assert grant.next_refresh_at is not None
    share = (grant.next_refresh_at - grant.refreshed_at) / life
    assert 0.69 < share <= 0.7501


def test_pair_left_in_the_spool_is_taken_before_tesla_is_asked(
    grant: TeslaGrant, simulator: RunningSimulator
) -> None:
    # What a crash between Tesla's answer and the commit leaves behind.
    pair = keeper.ask(grant, sealing.unsealed(grant, "refresh_token_sealed"))
    expire(grant)
    before = len(token_calls(simulator))
    assert grants.tesla_access_token(grant) == pair.access_token
    assert len(token_calls(simulator)) == before
    assert spool.waiting() == set()


def test_pair_left_too_long_in_the_spool_is_renewed_further(
    grant: TeslaGrant, simulator: RunningSimulator
) -> None:
    pair = keeper.ask(grant, sealing.unsealed(grant, "refresh_token_sealed"))
    spool.clear(grant.pk)
    old = timezone.now() - timedelta(hours=1)
    spool.put(grant, spool.Pair(pair.access_token, pair.refresh_token, old))
    expire(grant)
    simulator.clock.advance(60)
    before = len(token_calls(simulator))
    assert grants.tesla_access_token(grant) != pair.access_token
    assert len(token_calls(simulator)) == before + 1
    assert grant.generation == 3


def test_spool_that_cannot_be_written_does_not_stop_the_refresh(
    grant: TeslaGrant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "spool").write_text("in the way")
    monkeypatch.setattr(settings, "DATA_DIR", tmp_path)
    expire(grant)
    assert grants.tesla_access_token(grant) != ""
    assert grant.generation == 2
