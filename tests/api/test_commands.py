"""Commands on their way to a car: checked, then sent."""

import json
from typing import Any

import pytest

from accounts.models import User
from tests.api.conftest import MakePerson, Person
from vehicles.models import Vehicle


def address(name: str, command: str) -> str:
    vin = Vehicle.objects.get(name=name).vin
    return f"/api/1/vehicles/{vin}/command/{command}"


@pytest.fixture
def alices(alice: User, person: MakePerson, registered: Any) -> Person:
    """Return Alice with her cars, of which Granny takes unsigned commands."""
    someone = person(alice)
    registered.world.car_named("Granny").wake_up()
    registered.clock.advance(120)
    return someone


def test_unknown_command_is_named_so(ask: Any, alices: Person, registered: Any) -> None:
    for kind in ("command", "custom_command"):
        path = address("Granny", "fly").replace("command", kind, 1)
        answer = ask(alices.access_token, path, method="POST")
        assert (answer.status, answer.error) == (400, "invalid_command")
    assert registered.calls == []


@pytest.mark.parametrize(
    ("command", "sent", "field"),
    [
        ("set_charge_limit", {}, "percent"),
        ("set_charge_limit", {"percent": "80"}, "percent"),
        ("set_charge_limit", {"percent": 101}, "percent"),
        ("actuate_trunk", {"which_trunk": "middle"}, "which_trunk"),
        ("remote_seat_heater_request", {"level": 1}, "seat_position"),
    ],
)
def test_wrong_field_is_named_and_nobody_is_asked(
    ask: Any,
    alices: Person,
    registered: Any,
    command: str,
    sent: dict[str, Any],
    field: str,
) -> None:
    answer = ask(
        alices.access_token,
        address("Granny", command),
        method="POST",
        body=json.dumps(sent).encode(),
    )
    assert (answer.status, answer.error) == (400, "invalid_field")
    assert answer.json["messages"].keys() == {field}
    assert registered.calls == []


@pytest.mark.parametrize("body", [b'{"percent":NaN}', b'{"percent":Infinity}', b"[1]"])
def test_body_that_is_no_json_object_is_refused(
    ask: Any, alices: Person, registered: Any, body: bytes
) -> None:
    path = address("Granny", "set_charge_limit")
    answer = ask(alices.access_token, path, method="POST", body=body)
    assert (answer.status, answer.error) == (400, "invalid_request")
    assert registered.calls == []


def test_get_of_a_command_is_refused(ask: Any, alices: Person) -> None:
    answer = ask(alices.access_token, address("Granny", "honk_horn"))
    assert (answer.status, answer.error) == (405, "invalid_method")
    assert answer.headers["allow"] == "POST"


def test_command_is_sent_once_without_what_the_table_does_not_name(
    ask: Any, alices: Person, registered: Any
) -> None:
    answer = ask(
        alices.access_token,
        address("Granny", "window_control"),
        method="POST",
        body=b'{"command":"vent","colour":"red"}',
    )
    assert answer.status == 200
    (call,) = registered.calls
    assert call.path.endswith("/command/window_control")


def test_command_of_a_stranger_finds_no_car(
    ask: Any, alice: User, charlie: User, person: MakePerson, registered: Any
) -> None:
    person(alice)
    stranger = person(charlie)
    answer = ask(stranger.access_token, address("Granny", "honk_horn"), method="POST")
    assert (answer.status, answer.error) == (404, "not_found")
    assert registered.calls == []
