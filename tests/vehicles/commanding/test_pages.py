"""Commands of pages: sent by the worker's task, and what the row says then."""

from decimal import Decimal
from typing import Any

import pytest

import fleet
from accounts.models import User
from fleet.breaker import MOST_FAILURES
from simulator.testing import RunningSimulator
from tests.vehicles.conftest import Link, lull, rouse
from tokens.models import TeslaGrant, Usage
from tokens.services import grants
from vehicles import tasks
from vehicles.models import Command, Vehicle
from vehicles.services import commands


@pytest.fixture
def grant(link: Link, alice: User, registered: RunningSimulator) -> TeslaGrant:
    """Return Alice's grant; her Red is awake."""
    found = link(alice)
    rouse(registered, "Red")
    registered.clock.advance(30)
    registered.hub.ledger.clear()
    return found


def send(alice: User, name: str, command: str, **parameters: Any) -> Command:
    """Ask for a command as a page does, and have the worker's task send it."""
    vin = Vehicle.objects.get(name=name).vin
    asked = commands.ask(alice, vin, command, parameters)
    tasks.command(str(asked.pk))
    asked.refresh_from_db()
    return asked


def told(registered: RunningSimulator, name: str) -> list[str]:
    vin = registered.world.car_named(name).vin
    return [one.name for one in registered.hub.commands.of(vin)][::-1]


def test_command_reaches_the_car_and_the_row(
    alice: User, grant: TeslaGrant, registered: RunningSimulator
) -> None:
    first = send(alice, "Red", "door_unlock")
    second = send(alice, "Red", "set_charge_limit", percent=70)
    third = send(alice, "Red", "set_charge_limit", percent=70)
    assert [one.state for one in (first, second, third)] == ["done"] * 3
    assert [one.result for one in (first, second, third)] == [True, True, False]
    assert third.reason == "already_set"
    assert first.duration_ms is not None
    assert told(registered, "Red")[:2] == ["door_unlock", "set_charge_limit"]
    # Two computers, so two sessions, and each later command is one call.
    assert len(registered.calls) == 5
    usage = Usage.objects.get(price_class="commands")
    assert (usage.program, usage.asked, usage.billed) == ("pages", 5, 5)


def test_task_run_twice_sends_once(
    alice: User, grant: TeslaGrant, registered: RunningSimulator
) -> None:
    done = send(alice, "Red", "honk_horn")
    tasks.command(str(done.pk))
    assert told(registered, "Red") == ["honk_horn"]


def test_sleeping_car_is_woken(
    alice: User, grant: TeslaGrant, registered: RunningSimulator
) -> None:
    lull(registered, "Red")
    tempo = registered.world.tempo
    tempo.wake_delay_s, tempo.report_lag_s, tempo.busy_after_wake_s = 0.5, 0.0, 0.0
    assert send(alice, "Red", "honk_horn").has_worked
    assert registered.billed()["wakes"] == 1


def test_wake_is_a_command_of_its_own(
    alice: User, grant: TeslaGrant, registered: RunningSimulator
) -> None:
    lull(registered, "Red")
    tempo = registered.world.tempo
    tempo.wake_delay_s, tempo.report_lag_s = 0.0, 0.0
    registered.hub.ledger.clear()
    assert send(alice, "Red", "wake_up").has_worked
    assert [call.method for call in registered.calls] == ["POST"]
    assert registered.world.car_named("Red").state == "online"


def test_car_that_stays_asleep_is_told(
    alice: User, grant: TeslaGrant, registered: RunningSimulator, settings: Any
) -> None:
    lull(registered, "Red")
    registered.world.tempo.wake_delay_s = 7200.0
    settings.COMMANDS_WAKE_WITHIN_S = 1
    failed = send(alice, "Red", "honk_horn")
    assert failed.state == "failed"
    assert failed.error_code.startswith("vehicle unavailable")
    assert "Keyfob asked Tesla once to wake it" in failed.error_words


def test_plain_command_of_an_old_car(
    alice: User, grant: TeslaGrant, registered: RunningSimulator
) -> None:
    rouse(registered, "Granny")
    registered.clock.advance(30)
    assert send(alice, "Granny", "honk_horn").has_worked
    registered.faults.add("unanswered", "*/honk_horn", status=504, count=1)
    lost = send(alice, "Granny", "honk_horn")
    assert (lost.state, lost.error_code) == ("failed", "command_ambiguous")
    refusing: dict[str, Any] = {
        "body": '{"response":null,"error":"odd"}',
        "status": 200,
    }
    registered.faults.add("body", "*/honk_horn", count=1, **refusing)
    assert send(alice, "Granny", "honk_horn").error_code == "command_ambiguous"
    registered.faults.add("status", "*/honk_horn", status=404, count=1)
    assert send(alice, "Granny", "honk_horn").state == "failed"


def test_key_that_is_missing_is_told(
    alice: User, grant: TeslaGrant, registered: RunningSimulator
) -> None:
    rouse(registered, "Luna")
    failed = send(alice, "Luna", "door_lock")
    assert (failed.state, failed.error_code) == ("failed", "key_not_paired")
    assert failed.error_words


def test_car_learns_to_be_commanded_plainly(
    alice: User, grant: TeslaGrant, registered: RunningSimulator
) -> None:
    rouse(registered, "Granny")
    registered.clock.advance(30)
    granny = Vehicle.objects.filter(name="Granny")
    granny.update(command_signing="", protocol_required=None)
    assert send(alice, "Granny", "honk_horn").has_worked
    assert granny.get().command_signing == "off"


def test_lost_answer_is_told_and_not_sent_again(
    alice: User, grant: TeslaGrant, registered: RunningSimulator
) -> None:
    send(alice, "Red", "flash_lights")
    registered.faults.add("cut", "*/signed_command", count=1)
    lost = send(alice, "Red", "honk_horn")
    assert (lost.state, lost.error_code) == ("failed", "command_ambiguous")
    assert told(registered, "Red") == ["flash_lights", "honk_horn"]


def test_month_s_money_stops_it(
    alice: User, grant: TeslaGrant, registered: RunningSimulator, settings: Any
) -> None:
    settings.MONTHLY_STOP_COMMANDS_USD = Decimal("0.001")
    assert send(alice, "Red", "honk_horn").error_code == "monthly_stop"
    assert len(registered.calls) == 1


def test_token_that_tesla_refuses_is_renewed(
    alice: User, grant: TeslaGrant, registered: RunningSimulator
) -> None:
    before = TeslaGrant.objects.get().generation
    TeslaGrant.objects.update(refreshed_at="2026-01-01T00:00Z")
    registered.faults.add("status", "*/signed_command", status=401, count=1)
    assert send(alice, "Red", "honk_horn").has_worked
    assert TeslaGrant.objects.get().generation == before + 1


def test_region_of_ours_is_followed(alice: User, grant: TeslaGrant) -> None:
    TeslaGrant.objects.update(region="eu")
    assert send(alice, "Red", "honk_horn").has_worked
    assert TeslaGrant.objects.get().region == "na"


def test_region_that_is_not_set_up_is_told(alice: User, grant: TeslaGrant) -> None:
    TeslaGrant.objects.update(region="xx")
    failed = send(alice, "Red", "honk_horn")
    assert (failed.state, failed.error_code) == ("failed", "out_of_region")


def test_command_works_without_redis(
    alice: User, grant: TeslaGrant, registered: RunningSimulator, redis_away: None
) -> None:
    assert send(alice, "Red", "honk_horn").has_worked


def test_work_that_breaks_off_leaves_the_row_to_its_lease(
    alice: User, grant: TeslaGrant, registered: RunningSimulator
) -> None:
    vin = registered.world.car_named("Red").vin
    asked = commands.ask(alice, vin, "honk_horn")
    # As if a newer version had put it, which knows more than this one.
    Command.objects.filter(pk=asked.pk).update(name="products")
    with pytest.raises(ValueError, match="no address"):
        tasks.command(str(asked.pk))
    asked.refresh_from_db()
    assert (asked.state, asked.is_done) == ("sending", False)


def test_command_while_tesla_is_away_is_not_sent_and_says_so(
    alice: User, grant: TeslaGrant, registered: RunningSimulator
) -> None:
    registered.faults.add("status", "/na/api/1/products", status=502)
    for _ in range(MOST_FAILURES):
        with pytest.raises(fleet.ServerFault):
            grants.client_for(grant).products()
    registered.hub.ledger.clear()
    row = send(alice, "Red", "honk_horn")
    assert (row.state, row.result, row.error_code) == ("failed", None, "tesla_away")
    assert "nothing was sent. Nobody has to do anything" in row.error_words
    assert (registered.calls, told(registered, "Red")) == ([], [])
