"""Pressing a control: the command it puts, once, for its person alone."""

from collections.abc import Callable

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from accounts.models import User
from tests.factories import make_bare_grant, make_vehicle
from tests.vehicles.controls.making import (
    HTMX,
    PAGE,
    PRESS,
    VIN,
    ClientOf,
    Rung,
    control,
    form,
)
from vehicles.controls.buttons import CONTROLS, PRESSES, control_for
from vehicles.models import Command, VehicleAccess


def test_each_button_sends_a_command_of_the_table() -> None:
    for press in PRESSES.values():
        endpoint = press.endpoint
        assert endpoint.is_command or endpoint.name == "wake_up"
    asking = {name for name, press in PRESSES.items() if press.asks}
    assert asking == {"unlock", "trunk", "frunk"}
    for one in CONTROLS:
        scopes = {press.endpoint.scopes for press in one.presses}
        assert scopes == {one.endpoint.scopes}
    assert control_for("actuate_trunk", {}) is None
    assert control_for("actuate_trunk", {"which_trunk": ["rear"]}) is None
    assert control_for("set_temps", {}) is None


@pytest.mark.parametrize(
    ("name", "command", "parameters"),
    [
        ("lock", "door_lock", {}),
        ("unlock", "door_unlock", {}),
        ("climate_on", "auto_conditioning_start", {}),
        ("climate_off", "auto_conditioning_stop", {}),
        ("charge_start", "charge_start", {}),
        ("charge_stop", "charge_stop", {}),
        ("port_open", "charge_port_door_open", {}),
        ("port_close", "charge_port_door_close", {}),
        ("trunk", "actuate_trunk", {"which_trunk": "rear"}),
        ("frunk", "actuate_trunk", {"which_trunk": "front"}),
        ("sentry_on", "set_sentry_mode", {"on": True}),
        ("sentry_off", "set_sentry_mode", {"on": False}),
        ("flash", "flash_lights", {}),
        ("honk", "honk_horn", {}),
        ("wake", "wake_up", {}),
    ],
)
def test_press_puts_its_command_and_rings(
    client_of: ClientOf,
    alice: User,
    car: VehicleAccess,
    rung: Rung,
    on_commit: Callable[[], object],
    name: str,
    command: str,
    parameters: dict[str, object],
) -> None:
    with on_commit():  # type: ignore[attr-defined]  # a context manager
        response = client_of(alice).post(PRESS, form(name))
    made = Command.objects.get()
    assert (made.name, made.parameters) == (command, parameters)
    assert (made.user, made.grant, made.source) == (alice, car.grant, "page")
    assert rung() == [("vehicles.tasks.command", [str(made.pk)])]
    assert response.status_code == 302
    assert response["Location"].startswith(f"{PAGE}#control-")


def test_press_by_htmx_answers_the_control_under_way(
    client_of: ClientOf, alice: User, car: VehicleAccess
) -> None:
    response = client_of(alice).post(PRESS, form("lock"), headers=HTMX)
    text, made = response.content.decode(), Command.objects.get()
    doors = control(text, "doors")
    assert f'hx-get="{PAGE}/commands/{made.pk}?seen=waiting"' in doors
    assert 'hx-trigger="every 1s"' in doors
    assert "Waiting for its turn" in doors
    assert "<button" not in doors
    assert '<div id="commands" hx-swap-oob="true">' in text
    assert "<html" not in text


def test_form_sent_twice_puts_one_command(
    client_of: ClientOf, alice: User, car: VehicleAccess
) -> None:
    client, twice = client_of(alice), form("flash")
    client.post(PRESS, twice)
    Command.objects.update(state="done", result=True, answered_at=timezone.now())
    again = client.post(PRESS, twice)
    assert again.status_code == 302
    assert Command.objects.count() == 1
    client.post(PRESS, form("flash"))
    assert Command.objects.count() == 2


def test_form_that_could_not_be_kept_can_be_sent_again(
    client_of: ClientOf, alice: User, car: VehicleAccess
) -> None:
    client, once = client_of(alice), form("limit", percent="12")
    client.post(PRESS, once)
    client.post(PRESS, {**once, "percent": "80"})
    assert Command.objects.get().parameters == {"percent": 80}


@pytest.mark.parametrize("percent", ["", "49", "101", "80.5", "many"])
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_charge_limit_must_be_a_whole_number_from_50_to_100(
    client_of: ClientOf,
    alice: User,
    car: VehicleAccess,
    percent: str,
    headers: dict[str, str],
) -> None:
    response = client_of(alice).post(
        PRESS, form("limit", percent=percent), headers=headers, follow=True
    )
    assert "The charge limit is a whole number from 50" in response.content.decode()
    assert response.status_code == 200
    assert Command.objects.count() == 0


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"press": "lock"},
        {"press": "door_lock", "form_id": "0" * 32},
        {"press": "lock", "form_id": "short"},
    ],
)
def test_press_of_anything_else_is_refused(
    client_of: ClientOf, alice: User, car: VehicleAccess, data: dict[str, str]
) -> None:
    response = client_of(alice).post(PRESS, data)
    assert (response.status_code, Command.objects.count()) == (400, 0)


def test_press_needs_its_forms_secret(alice: User, car: VehicleAccess) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(
        alice, backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    response = client.post(PRESS, form("unlock"))
    assert (response.status_code, Command.objects.count()) == (403, 0)


def test_press_is_remembered_for_its_person_alone(
    client_of: ClientOf, alice: User, bob: User, car: VehicleAccess
) -> None:
    make_vehicle(make_bare_grant(bob), vin=VIN, access_type="DRIVER")
    same = form("lock")
    for user in (alice, bob):
        client_of(user).post(PRESS, same)
        assert cache.get(f"vehicles:press:{user.pk}:{same['form_id']}") == "door_lock"
    assert Command.objects.count() == 2
