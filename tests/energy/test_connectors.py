"""What wall connectors give, counted while they charge, and what is told of it."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

import fleet
from accounts.models import User
from energy import totals
from energy.services import connectors, pacing
from energy.services.listeners import Watched
from tests.factories import make_bare_grant, make_energy_site
from tests.fixtures.events import During, of

Follow = Callable[[dict[str, Any], object], list[Any]]


class TeslaOfSessions(fleet.Client):
    """Answer with sessions, or not at all."""

    def __init__(self, answer: object) -> None:
        self.answer = answer

    def call(self, *_: Any, **__: Any) -> Any:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def connector(watts: int) -> dict[str, Any]:
    """Return live values of a site whose only connector gives so much."""
    return {"wall_connectors": [{"din": "A", "wall_connector_power": watts}]}


@pytest.fixture
def watched(alice: User) -> Watched:
    """Return a site of which only Alice is told."""
    return Watched(make_energy_site(make_bare_grant(alice)), (alice.pk,))


@pytest.fixture
def follow(watched: Watched, during: During, alice: User) -> Follow:
    """Return a function that follows connectors, given live values and an answer.

    It returns the totals that Alice was told.
    """

    def do(live: dict[str, Any], answer: object) -> list[Any]:
        tesla, zone = TeslaOfSessions(answer), totals.zone_of(None)
        work = during(lambda: connectors.follow(watched, tesla, live, zone))
        return [body["totals"] for body in of(work, alice)]

    return do


def test_connectors_are_followed_while_they_charge_and_once_after(
    watched: Watched, follow: Follow
) -> None:
    charging, idle = connector(6000), connector(0)
    start = {"seconds": int(timezone.now().timestamp())}
    over = {"charge_history": [{"charge_start_time": start, "energy_added_wh": 5000}]}
    assert follow(idle, over) == []
    assert follow(charging, over) == [{"A": 5000}]
    minute_ago(watched.site_id)
    (sums,) = follow(charging, fleet.NotFound("none"))
    assert sums["A"] == pytest.approx(5100, abs=5)
    assert follow(idle, fleet.NotFound("none")) == [{"A": pytest.approx(100, abs=5)}]
    assert follow(idle, over) == []


def minute_ago(site_id: int) -> None:
    """Let the last poll of a site have been a minute ago."""
    noted = json.loads(pacing.noted(site_id, "connectors"))
    noted[1] -= 60
    pacing.note(site_id, "connectors", json.dumps(noted))


def test_connectors_begin_anew_with_the_day(watched: Watched, follow: Follow) -> None:
    before = ["2020-01-01", time.time() - 3600, {"A": 6000.0}, {"A": 9.0}, {}, {}]
    pacing.note(watched.site_id, "connectors", json.dumps(before))
    assert follow(connector(6000), {"charge_history": []}) == [{"A": 0}]
