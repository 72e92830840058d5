"""Make commands for tests of the controls, and find a control on a page."""

import re
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from django.test import Client
from django.utils import timezone

from accounts.models import Units, User
from vehicles.controls.panel import Panel, panel
from vehicles.controls.states import Known, Sight
from vehicles.models import Command, VehicleAccess
from vehicles.services import latest

ClientOf = Callable[[User], Client]
Stream = Callable[..., datetime]
Rung = Callable[[], list[tuple[str, list[object]]]]
VIN = "5YJ3E1EA4PF000001"
PAGE = f"/console/vehicle/{VIN}"
PRESS = f"{PAGE}/press"
HTMX = {"HX-Request": "true"}
EVIL = "<script>alert(1)</script>"


def form(press: str, form_id: str = "", **more: object) -> dict[str, object]:
    return {"press": press, "form_id": form_id or uuid.uuid4().hex, **more}


def sent(
    access: VehicleAccess, name: str = "door_lock", /, **columns: object
) -> Command:
    """Make a command of the access's user, done three seconds ago if not said."""
    now = timezone.now()
    done = {
        "state": "done",
        "result": True,
        "asked_at": now - timedelta(seconds=5),
        "answered_at": now - timedelta(seconds=3),
        "duration_ms": 1400,
    }
    return Command.objects.create(
        user=access.grant.user,
        vehicle=access.vehicle,
        grant=access.grant,
        name=name,
        **{**done, **columns},
    )


def under_way(
    access: VehicleAccess, state: str = "sending", name: str = "door_lock"
) -> Command:
    now = timezone.now()
    columns = {"state": state, "result": None, "answered_at": None, "asked_at": now}
    return sent(access, name, **columns, duration_ms=None)


def shown(access: VehicleAccess) -> Panel:
    """Return the controls of a car as its user sees them now."""
    access = VehicleAccess.objects.of(access.grant.user).get(pk=access.pk)
    sight = Sight(access, latest.of(access), Units.METRIC, timezone.now())
    return panel(access.grant.user, sight)


def states(access: VehicleAccess) -> dict[str, Known]:
    return {row.control.name: row.known for row in shown(access).rows}


def control(text: str, name: str) -> str:
    """Return what stands on a page about one control."""
    found = re.search(
        rf'<li class="control[^>]*id="control-{name}".*?</li>', text, re.DOTALL
    )
    assert found is not None
    return found.group()
