"""The helpers with which other tests drive the simulator."""

import pytest

from simulator.config import Application
from simulator.limits import RateLimits
from simulator.scopes import ordered
from simulator.testing import APPLICATION, RunningSimulator
from tests.simulator.doors import NOON


def test_reset_brings_back_the_seeded_start(sim: RunningSimulator) -> None:
    vins = list(sim.world.cars)
    sim.link("alice@example.com")
    sim.clock.advance(60)
    sim.faults.add("hang")
    sim.reset()
    assert list(sim.world.cars) == vins
    assert (sim.clock.now(), sim.faults.orders, sim.calls) == (NOON, [], [])
    assert sim.hub.store.grants == {}
    assert set(sim.billed().values()) == {0}


def test_key_urls_can_be_added_to(sim: RunningSimulator) -> None:
    sim.key_urls["a.example"] = "http://127.0.0.1:1"
    assert sim.hub.config.key_urls == {"a.example": "http://127.0.0.1:1"}


def test_applications_can_be_added(sim: RunningSimulator) -> None:
    redirect = "http://127.0.0.1:9/elsewhere?a=1"
    sim.add_application(Application("second", "secret", (redirect,)))
    callback = sim.authorize(
        "alice@example.com", ["openid"], redirect, client_id="second"
    )
    assert callback.startswith(f"{redirect}&code=NA_")


def test_partner_token_of_an_unknown_application_is_an_error(
    sim: RunningSimulator,
) -> None:
    with pytest.raises(KeyError):
        sim.partner_token(client_id="stranger")


def test_error_page_is_an_error(sim: RunningSimulator) -> None:
    with pytest.raises(LookupError):
        sim.authorize("alice@example.com", redirect_uri="http://localhost/")


def test_second_simulator_stands_beside_the_first(sim: RunningSimulator) -> None:
    with RunningSimulator(seed=2) as second:
        assert second.url != sim.url
        assert list(second.world.cars) != list(sim.world.cars)


def test_application_hides_its_secret() -> None:
    assert "test-secret" not in repr(APPLICATION)


def test_key_reads_its_own_tokens_again_and_again(sim: RunningSimulator) -> None:
    tokens = [sim.hub.key.sign({"n": n}) for n in range(3)]
    found = [sim.hub.key.read(one) for one in tokens * 2]
    assert found == [{"n": 0}, {"n": 1}, {"n": 2}] * 2
    assert sim.hub.key.read("garbage") is None


def test_free_calls_are_never_limited() -> None:
    limits = RateLimits()
    assert {limits.take("a", "b", "free", NOON) for _ in range(100)} == {None}
    limits.take("a", "b", "wakes", NOON)
    limits.clear()
    assert [limits.take("a", "b", "wakes", NOON) for _ in range(3)] == [None] * 3


def test_scopes_come_known_once_and_in_order() -> None:
    assert ordered("vehicle_cmds openid nonsense openid") == ("openid", "vehicle_cmds")
    assert ordered(None) == ()
