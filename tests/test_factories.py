"""The fixtures that everything else stands on."""

from collections.abc import Callable

import pytest

from accounts.models import User
from console.tasks import beat
from simulator.testing import RunningSimulator
from tests.fixtures.tesla import MakeGrant
from tokens.models import TeslaGrant
from tokens.services import grants


def test_grant_calls_the_simulated_tesla(
    alice: User, make_grant: MakeGrant, simulator: RunningSimulator
) -> None:
    grant = make_grant(alice)
    names = {one.get("display_name") for one in grants.client_for(grant).products()}
    assert names >= {"Red", "Luna", "Granny"}
    assert [call.status for call in simulator.calls][-1:] == [200]


def test_grants_of_two_people_are_two(
    alice: User, bob: User, make_grant: MakeGrant
) -> None:
    ours = make_grant(alice)
    theirs = make_grant(bob, "bob@example.com")
    assert (ours.region, theirs.region) == ("na", "eu")
    assert TeslaGrant.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_task_is_rung_but_not_run(
    rung: Callable[[], list[tuple[str, list[object]]]],
) -> None:
    beat.delay()
    assert rung() == [("console.tasks.beat", [])]
