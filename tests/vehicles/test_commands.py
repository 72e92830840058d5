"""The command log as a queue: asked once, sent at most once, told when it was cut off."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.utils import timezone

import fleet
from accounts import audit
from accounts.models import User
from simulator.testing import RunningSimulator
from tests.factories import make_bare_grant, make_vehicle
from tests.vehicles.conftest import Link
from tokens.models import TeslaGrant
from tokens.services import access_tokens
from vehicles import tasks
from vehicles.models import Command, VehicleAccess
from vehicles.services import commands, exporting, forgetting
from vehicles.services.commands import NoSuchVehicle, Sent

VIN = "5YJ3E1EA4PF000001"


@pytest.fixture
def red(alice: User) -> VehicleAccess:
    """Return Alice's access to Red, which no Tesla knows."""
    return make_vehicle(make_bare_grant(alice), vin=VIN)


def sent_by(access: VehicleAccess, **facts: Any) -> Sent:
    """Return a program's command that is over."""
    defaults: dict[str, Any] = {
        "user_id": access.grant.user_id,
        "vin": VIN,
        "grant_id": access.grant_id,
        "name": "door_lock",
        "parameters": {},
        "access_token_id": uuid4(),
        "access_token_name": "Home Assistant",
        "client": "HomeAssistant/2026.11",
        "asked_at": timezone.now(),
        "duration_ms": 250,
        "result": True,
    }
    return Sent(**(defaults | facts))


def test_ask_makes_a_row_that_waits(alice: User, red: VehicleAccess) -> None:
    made = commands.ask(alice, VIN, "set_charge_limit", {"percent": 80})
    assert (made.user, made.vehicle, made.grant) == (alice, red.vehicle, red.grant)
    assert (made.state, made.source, made.is_done) == ("waiting", "page", False)
    assert (made.name, made.parameters) == ("set_charge_limit", {"percent": 80})
    assert str(made) == f"set_charge_limit to {red.vehicle.pk}"


def test_button_pressed_twice_asks_once(alice: User, red: VehicleAccess) -> None:
    first = commands.ask(alice, VIN, "door_lock")
    assert commands.ask(alice, VIN, "door_lock") == first
    assert commands.ask(alice, VIN, "door_unlock") != first
    # The last word counts: locked, unlocked, locked again.
    assert commands.ask(alice, VIN, "door_lock") != first
    assert Command.objects.count() == 3


def test_ask_refuses_what_is_no_command_and_any_pin(
    alice: User, charlie: User, red: VehicleAccess
) -> None:
    for name in ("fly", "vehicle_data"):
        with pytest.raises(ValueError, match="no command"):
            commands.ask(alice, VIN, name)
    with pytest.raises(ValueError, match="PIN"):
        commands.ask(alice, VIN, "speed_limit_activate", {"pin": "1234"})
    with pytest.raises(NoSuchVehicle):
        commands.ask(charlie, VIN, "door_lock")
    assert Command.objects.count() == 0


def test_newest_shows_own_commands_to_this_car_only(
    alice: User, bob: User, red: VehicleAccess
) -> None:
    his = make_vehicle(make_bare_grant(bob), vin=VIN)
    other = make_vehicle(red.grant, vin="5YJ3E1EA4PF000002", name="Blue")
    old = commands.ask(alice, VIN, "door_lock")
    new = commands.ask(alice, VIN, "honk_horn")
    commands.ask(alice, other.vehicle.vin, "door_lock")
    commands.ask(bob, his.vehicle.vin, "door_lock")
    assert commands.newest(alice, VIN) == [new, old]
    assert commands.newest(alice, VIN, most=1) == [new]


def test_one_worker_gets_a_command(alice: User, red: VehicleAccess) -> None:
    asked = commands.ask(alice, VIN, "door_lock")
    claimed = commands.claim(asked.pk)
    assert claimed is not None
    assert (claimed.state, claimed.is_done) == ("sending", False)
    assert claimed.lease_until is not None
    assert commands.claim(asked.pk) is None
    assert commands.claim(uuid4()) is None


def test_command_that_was_cut_off_is_never_sent_again(
    alice: User, red: VehicleAccess
) -> None:
    asked = commands.ask(alice, VIN, "honk_horn")
    commands.claim(asked.pk)
    assert commands.due() == []
    Command.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert commands.due() == []
    asked.refresh_from_db()
    assert (asked.state, asked.error_code) == ("failed", "command_ambiguous")
    assert "unknown whether the command was sent" in asked.error_words
    assert commands.claim(asked.pk) is None


def test_unheard_command_is_rung_for_until_it_is_too_late(
    alice: User, red: VehicleAccess
) -> None:
    asked = commands.ask(alice, VIN, "honk_horn")
    assert commands.due() == []
    now = timezone.now()
    with time_machine.travel(now + timedelta(seconds=6)):
        assert commands.due() == [asked]
    with time_machine.travel(now + timedelta(minutes=3)):
        assert commands.claim(asked.pk) is None
        assert commands.due() == []
    asked.refresh_from_db()
    assert (asked.state, asked.error_code) == ("failed", "not_sent")


def test_sweep_rings_again(
    alice: User, red: VehicleAccess, rung: Any, transactional_db: None
) -> None:
    asked = commands.ask(alice, VIN, "honk_horn")
    with time_machine.travel(timezone.now() + timedelta(seconds=6)):
        tasks.sweep()
    assert ("vehicles.tasks.command", [str(asked.pk)]) in rung()


def test_an_end_stands(alice: User, red: VehicleAccess) -> None:
    asked = commands.ask(alice, VIN, "honk_horn")
    claimed = commands.claim(asked.pk)
    assert claimed is not None
    commands.note_state(claimed, Command.State.WAKING)
    claimed.refresh_from_db()
    assert claimed.state == "waking"
    done = commands.answered(claimed, result=False, reason="x" * 300)
    assert (done.state, done.result, len(done.reason)) == ("done", False, 200)
    assert (done.is_done, done.has_worked, done.lease_until) == (True, False, None)
    late = commands.failed(done, fleet.TimedOut())
    assert (late.state, late.error_code) == ("done", "")


def test_record_writes_a_program_s_commands(alice: User, red: VehicleAccess) -> None:
    long = "\x00" + "x" * 500
    given = {
        "pin": "1234",
        "on": True,
        "note": long,
        "token": "",
        "list": ["y" * 300],
        "short": ["z\x00"],
        "level": 3,
    }
    failed = {"result": None, "error_code": "e" * 300, "error_words": "why"}
    assert (
        commands.record([sent_by(red, parameters=given), sent_by(red, **failed)]) == 2
    )
    done, other = sorted(Command.objects.all(), key=lambda one: one.state)
    assert (done.state, done.result, done.source) == ("done", True, "api")
    assert done.parameters == {
        "pin": "hidden",
        "on": True,
        "note": "x" * 199,
        "token": "",
        "list": "\N{HORIZONTAL ELLIPSIS}",
        "short": ["z"],
        "level": 3,
    }
    assert (other.state, other.result, other.error_words) == ("failed", None, "why")
    assert len(other.error_code) == 200


def test_record_leaves_out_what_has_gone(alice: User, red: VehicleAccess) -> None:
    gone = [
        sent_by(red, user_id=uuid4()),
        sent_by(red, vin="5YJ3E1EA4PF000009"),
        sent_by(red, grant_id=uuid4()),
    ]
    assert commands.record(gone) == 0
    assert commands.record([]) == 0


def test_commands_are_exported_and_forgotten(
    alice: User, bob: User, red: VehicleAccess
) -> None:
    theirs = make_vehicle(make_bare_grant(bob), vin=VIN)
    commands.record([sent_by(red)])
    commands.ask(bob, VIN, "honk_horn")
    sheet = next(one for one in exporting.exports(alice) if one.name == "car_commands")
    (row,) = ([*one] for one in sheet.rows)
    assert (
        dict(zip(sheet.columns, row, strict=True))["access_token"] == "Home Assistant"
    )
    assert forgetting.forget_grant(red.grant) == {"cars": 1, "commands": 1}
    assert [one.user for one in Command.objects.all()] == [bob]
    VehicleAccess.objects.filter(pk=theirs.pk).update(gone_at=timezone.now())
    assert forgetting.forget_gone(bob, VIN) == {"cars": 1, "commands": 1}
    assert forgetting.forget_unseen() == {"cars nobody else sees": 1}


def test_commands_of_a_car_that_is_still_seen_stay(alice: User) -> None:
    first, second = make_bare_grant(alice), make_bare_grant(alice)
    make_vehicle(first, vin=VIN)
    gone = make_vehicle(second, vin=VIN)
    VehicleAccess.objects.filter(pk=gone.pk).update(gone_at=timezone.now())
    commands.ask(alice, VIN, "door_lock")
    assert forgetting.forget_gone(alice, VIN) == {"cars": 1, "commands": 0}


def test_old_commands_go(alice: User, red: VehicleAccess, settings: Any) -> None:
    commands.record([sent_by(red), sent_by(red)])
    oldest = Command.objects.order_by("pk")[0]
    days = timedelta(days=settings.COMMANDS_KEPT_DAYS, minutes=1)
    Command.objects.filter(pk=oldest.pk).update(asked_at=timezone.now() - days)
    tasks.forget_old_commands()
    assert not Command.objects.filter(pk=oldest.pk).exists()
    assert Command.objects.count() == 1


def test_removed_grant_leaves_its_command_unsent(
    link: Link, alice: User, registered: RunningSimulator
) -> None:
    grant = link(alice)
    vin = registered.world.car_named("Red").vin
    asked = commands.ask(alice, vin, "door_lock")
    registered.hub.ledger.clear()
    TeslaGrant.objects.filter(pk=grant.pk).delete()
    tasks.command(str(asked.pk))
    asked.refresh_from_db()
    assert (asked.state, asked.error_code) == ("failed", "not_found")
    assert registered.calls == []


def test_trail_tells_once_a_day_that_a_token_was_used(
    alice: User, red: VehicleAccess
) -> None:
    made, _ = access_tokens.issue(alice, "Home Assistant")
    # Another of the same name, as a program has that connected twice.
    same, _ = access_tokens.issue(alice, "Home Assistant")
    one = sent_by(red, access_token_id=made.pk)
    commands.record([one, sent_by(red, access_token_id=made.pk, name="honk_horn")])
    commands.record([one, sent_by(red)])
    told = audit.entries_about(alice).filter(action="token.commanded")
    assert [entry.about for entry in told] == [made.hint]
    commands.record([sent_by(red, access_token_id=same.pk)])
    assert {entry.about for entry in told.all()} == {made.hint, same.hint}
    with time_machine.travel(timezone.now() + timedelta(days=1)):
        commands.record([one])
    assert told.all().count() == 3
