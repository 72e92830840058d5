"""Renewing a grant's pair: once, stored before use, and never in a storm."""

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import time_machine
from django.conf import settings
from django.utils import timezone

from accounts.models import User
from fleet import LoginRequired, ServerFault, Unreachable
from simulator.testing import RunningSimulator
from tests.tokens.helpers import (
    TOKEN_PATH,
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


def test_login_required_ends_in_needs_relink_and_no_more_calls(
    grant: TeslaGrant, simulator: RunningSimulator
) -> None:
    simulator.hub.store.reset_password("alice@example.com")
    expire(grant)
    before = len(token_calls(simulator))
    for _ in range(5):
        with pytest.raises(grants.NeedsRelink):
            grants.tesla_access_token(grant)
    assert len(token_calls(simulator)) == before + 1
    grant.refresh_from_db()
    assert grant.state == TeslaGrant.State.NEEDS_RELINK
    assert grant.last_error.startswith("Tesla has ended this link")
    assert (grant.lease_id, grant.next_refresh_at) == (None, None)
    assert grants.refresh_due() == 0
    assert len(token_calls(simulator)) == before + 1


def test_needs_relink_speaks_as_login_required(grant: TeslaGrant) -> None:
    change(grant, state=TeslaGrant.State.NEEDS_RELINK)
    with pytest.raises(LoginRequired) as caught:
        grants.refresh(TeslaGrant.objects.get(pk=grant.pk))
    assert (caught.value.api_status, caught.value.api_code) == (503, "login_required")


def test_linking_again_heals(
    grant: TeslaGrant, simulator: RunningSimulator, make_grant: MakeGrant
) -> None:
    simulator.hub.store.reset_password("alice@example.com")
    expire(grant)
    with pytest.raises(grants.NeedsRelink):
        grants.tesla_access_token(grant)
    again = make_grant(grant.user)
    assert again.pk == grant.pk
    assert again.state == TeslaGrant.State.ACTIVE
    assert again.last_error == ""
    assert grants.tesla_access_token(again) != ""


def test_refused_refresh_tries_the_previous_token_once(
    grant: TeslaGrant, simulator: RunningSimulator
) -> None:
    change(grant, refreshed_at=timezone.now() - timedelta(hours=1))
    grants.refresh(grant)
    # Tesla never heard of what we hold; what we had before is still good there.
    tesla_side(simulator).refresh_token = "NA_unknown"
    before = len(token_calls(simulator))
    expire(grant)
    assert grants.tesla_access_token(grant) != ""
    statuses = [call.status for call in token_calls(simulator)[before:]]
    assert statuses == [401, 200]


def test_lost_answer_uses_the_previous_once_then_needs_relink(
    grant: TeslaGrant, simulator: RunningSimulator
) -> None:
    # Twice Tesla rotates and its answer is lost; the one step of grace is used up.
    expire(grant)
    simulator.faults.add("lost", TOKEN_PATH, seconds=0.05, count=2)
    before = len(token_calls(simulator))
    for _ in range(2):
        with pytest.raises(grants.TeslaBusy):
            grants.tesla_access_token(grant)
        # Nobody may ask again until the pause is over.
        with pytest.raises(grants.TeslaBusy):
            grants.tesla_access_token(grant)
        change(grant, next_refresh_at=timezone.now())
    assert len(token_calls(simulator)) == before + 2
    for _ in range(5):
        with pytest.raises(grants.NeedsRelink):
            grants.tesla_access_token(grant)
    assert len(token_calls(simulator)) == before + 3
    assert tesla_side(simulator).refresh_token != ""


def test_lost_answer_is_healed_by_the_grace_of_one_step(
    grant: TeslaGrant, simulator: RunningSimulator
) -> None:
    expire(grant)
    simulator.faults.add("lost", TOKEN_PATH, seconds=0.05, count=1)
    with pytest.raises(Unreachable):
        grants.tesla_access_token(grant)
    change(grant, next_refresh_at=timezone.now())
    assert grants.refresh_due() == 1
    grant.refresh_from_db()
    assert (grant.generation, grant.failures) == (2, 0)
    tesla = tesla_side(simulator)
    assert sealing.unsealed(grant, "refresh_token_sealed") == tesla.refresh_token


@pytest.mark.parametrize("kind", ["html", "server_error", "truncate", "huge", "cut"])
def test_trouble_at_tesla_is_waited_out(
    grant: TeslaGrant, simulator: RunningSimulator, kind: str
) -> None:
    expire(grant)
    simulator.faults.add(kind, TOKEN_PATH)
    before = len(token_calls(simulator))
    for _ in range(20):
        with pytest.raises(grants.TeslaBusy) as caught:
            grants.tesla_access_token(grant)
        assert 0 < (caught.value.retry_after_s or 0) <= 15
    assert len(token_calls(simulator)) == before + 1
    grant.refresh_from_db()
    assert (grant.failures, grant.lease_id) == (1, None)
    assert grant.state == TeslaGrant.State.ACTIVE
    simulator.release()
    change(grant, next_refresh_at=timezone.now())
    assert grants.tesla_access_token(grant) != ""


def test_pauses_grow_to_an_hour_and_heed_tesla() -> None:
    pauses = [keeper.backoff(failures, None) for failures in (0, 1, 2, 20)]
    assert [pause.total_seconds() for pause in pauses] == [15, 30, 60, 3600]
    assert keeper.backoff(0, 90.0) == timedelta(seconds=90)
    assert keeper.backoff(0, 1e9) == timedelta(hours=1)


def test_wrong_client_id_does_not_cost_the_grant(
    grant: TeslaGrant, simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    expire(grant)
    monkeypatch.setattr(settings, "TESLA_CLIENT_ID", "mistyped")
    with pytest.raises(grants.TeslaBusy):
        grants.tesla_access_token(grant)
    grant.refresh_from_db()
    assert grant.state == TeslaGrant.State.ACTIVE


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


def test_failure_of_a_refresh_that_lost_its_lease_changes_nothing(
    grant: TeslaGrant, make_grant: MakeGrant
) -> None:
    lease_id = keeper.claim(grant)
    assert lease_id is not None
    again = make_grant(grant.user)
    keeper.note_failure(grant, lease_id, LoginRequired())
    grant.refresh_from_db()
    assert (grant.state, grant.generation) == (
        TeslaGrant.State.ACTIVE,
        again.generation,
    )
    with pytest.raises(grants.TeslaBusy):
        keeper.note_failure(grant, lease_id, ServerFault(status=500))
    grant.refresh_from_db()
    assert grant.failures == 0


def test_grant_without_a_refresh_token_needs_its_person(
    alice: User, make_grant: MakeGrant, simulator: RunningSimulator
) -> None:
    grant = make_grant(alice, scopes=("openid", "vehicle_device_data"))
    assert grant.next_refresh_at is None
    assert grants.tesla_access_token(grant) != ""
    expire(grant)
    before = len(token_calls(simulator))
    with pytest.raises(grants.NeedsRelink):
        grants.tesla_access_token(grant)
    assert len(token_calls(simulator)) == before


def test_removed_grant_needs_its_person(grant: TeslaGrant) -> None:
    expire(grant)
    TeslaGrant.objects.all().delete()
    with pytest.raises(grants.NeedsRelink):
        grants.tesla_access_token(grant)


@pytest.mark.parametrize(
    "column", ["tesla_access_token_sealed", "refresh_token_sealed"]
)
def test_ciphertext_of_another_row_flags_the_grant(
    grant: TeslaGrant, bob: User, make_grant: MakeGrant, column: str
) -> None:
    other = make_grant(bob, "bob@example.com")
    change(grant, **{column: getattr(other, column)})
    if column == "refresh_token_sealed":
        expire(grant)
    with pytest.raises(grants.NeedsRelink):
        grants.tesla_access_token(grant)
    grant.refresh_from_db()
    assert grant.state == TeslaGrant.State.NEEDS_RELINK
    assert grant.last_error == "What Keyfob keeps of it cannot be decrypted"


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
