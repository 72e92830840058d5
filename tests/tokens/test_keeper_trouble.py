"""What a failed renewal leads to: a pause, or one word to the person; never a storm."""

from datetime import timedelta

import pytest
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
from tokens.services import grants, keeper, sealing


@pytest.fixture
def grant(alice: User, make_grant: MakeGrant) -> TeslaGrant:
    return make_grant(alice)


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
