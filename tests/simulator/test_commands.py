"""The door for unsigned commands, and the levers that decide how they end."""

from typing import Any

import pytest

from simulator.testing import DOMAIN
from tests.simulator.doors import Doors

ALICE, BOB = "alice@example.com", "bob@example.com"


def _tell(doors: Doors, name: str, command: str, **body: Any) -> tuple[int, Any]:
    vin = doors.car(name).vin
    path = f"vehicles/{vin}/command/{command}"
    email = doors.car(name).accesses[0].person.email
    region = doors.sim.world.persons[email].region
    answer = doors.post(path, doors.token(email), body, region)
    found = answer.json()
    return answer.status_code, found.get("error") or found["response"]


def _set(doors: Doors, name: str, **facts: Any) -> None:
    path = f"cars/{doors.car(name).vin}"
    assert doors.admin("POST", path, facts).status_code == 200


def test_old_car_takes_unsigned_commands(registered: Doors) -> None:
    granny = registered.put("Granny", "online")
    done = {"result": True, "reason": ""}
    assert _tell(registered, "Granny", "door_unlock") == (200, done)
    path = f"vehicles/{granny.vin}/vehicle_data"
    data = registered.get(path, registered.token()).json()["response"]
    assert data["vehicle_state"]["locked"] is False
    assert _tell(registered, "Granny", "charge_start") == (
        200,
        {"result": False, "reason": "disconnected"},
    )


@pytest.mark.parametrize(
    "command", ["fly", "closure", "ping", "get_vehicle_data", "wake_up"]
)
def test_unknown_command_is_400(registered: Doors, command: str) -> None:
    registered.put("Granny", "online")
    assert _tell(registered, "Granny", command) == (400, "invalid_command")


def test_bad_field_is_400_and_named(registered: Doors) -> None:
    vin = registered.put("Granny", "online").vin
    path = f"vehicles/{vin}/command/set_charge_limit"
    answer = registered.post(path, registered.token(), {"percent": "x"})
    body = answer.json()
    assert (answer.status_code, body["error"], body["error_description"]) == (
        *(400, "invalid_field", "percent is missing or not valid"),
    )
    assert registered.sim.hub.commands.of(vin) == []


def test_mobile_access_off_is_401(registered: Doors) -> None:
    registered.put("Granny", "online")
    _set(registered, "Granny", mobile_access=False)
    assert _tell(registered, "Granny", "honk_horn") == (401, "mobile_access_disabled")
    _set(registered, "Granny", mobile_access=True)
    assert _tell(registered, "Granny", "honk_horn")[0] == 200


def test_driver_does_not_get_the_owners_commands(registered: Doors) -> None:
    nimbus, alice = registered.put("Nimbus", "online"), registered.token(ALICE)
    red = registered.put("Red", "online")
    red.spec = nimbus.spec
    path = f"vehicles/{red.vin}/command"
    bob = registered.token(BOB)
    answer = registered.post(f"{path}/erase_user_data", bob, region="eu")
    assert (answer.status_code, answer.json()["error"]) == (
        *(403, "Unauthorized: this command is for the owner"),
    )
    assert registered.post(f"{path}/honk_horn", bob, region="eu").status_code == 200
    assert registered.post(f"{path}/erase_user_data", alice).status_code == 200


def test_car_just_woken_is_busy(registered: Doors) -> None:
    granny = registered.put("Granny", "asleep")
    registered.admin("POST", "tempo", {"wake_delay_s": 1, "busy_after_wake_s": 5})
    granny.wake_up()
    assert _tell(registered, "Granny", "honk_horn")[0] == 408
    registered.sim.clock.advance(2)
    assert _tell(registered, "Granny", "honk_horn") == (
        *(500, "vehicle busy or finishing wake-up"),
    )
    registered.sim.clock.advance(4)
    assert _tell(registered, "Granny", "honk_horn")[0] == 200


def test_cable_decides_about_charging(registered: Doors) -> None:
    granny = registered.put("Granny", "online")
    _set(registered, "Granny", plugged_in=True)
    registered.sim.clock.advance(10)
    assert granny.moment().charging_state == "Charging"
    assert _tell(registered, "Granny", "charge_stop")[1]["result"] is True
    assert granny.moment().charging_state == "Stopped"
    _set(registered, "Granny", plug_power=False)
    assert granny.moment().charging_state == "NoPower"
    assert _tell(registered, "Granny", "charge_start")[1]["reason"] == "no_power"
    _set(registered, "Granny", plug_power=True)
    _set(registered, "Granny", plugged_in=False)
    assert granny.moment().charging_state == "Disconnected"
    path = f"cars/{registered.car('Blitz').vin}"
    answer = registered.admin("POST", path, {"plugged_in": True})
    assert (answer.status_code, answer.json()["error"]) == (
        *(400, "a car that drives has no cable"),
    )


def test_metric_car_gets_a_metric_cable(registered: Doors) -> None:
    registered.put("Nimbus", "online")
    _set(registered, "Nimbus", plugged_in=True)
    registered.sim.clock.advance(10)
    assert registered.car("Nimbus").moment().wall_kw == pytest.approx(11.04)


def test_levers_change_a_car(registered: Doors) -> None:
    red = registered.put("Red", "online")
    _set(
        registered,
        "Red",
        user_present=True,
        in_service=True,
        firmware="2024.20",
        more_keys=7,
        reboot=False,
    )
    found = red.condition
    assert (found.body.user_present, found.in_service) == (True, True)
    assert (red.firmware, red.key_count) == ("2024.20", 10)


@pytest.mark.parametrize(
    "facts",
    [{"mobile_access": 1}, {"firmware": 7}, {"more_keys": True}, {"more_keys": 21}],
)
def test_lever_refuses_what_it_cannot_set(doors: Doors, facts: dict[str, Any]) -> None:
    path = f"cars/{doors.car('Red').vin}"
    assert doors.admin("POST", path, facts).status_code == 400
    assert doors.admin("POST", "cars/unknown", facts).status_code == 404


def test_page_has_the_levers_and_the_commands(registered: Doors) -> None:
    granny = registered.put("Granny", "online")

    def turn(name: str, value: str) -> str:
        form = {"vin": granny.vin, "name": name, "value": value}
        address = f"{registered.sim.url}/admin/set_fact"
        answer = registered.http.post(address, data=form)
        assert answer.status_code == 303
        location = answer.headers["Location"]
        return registered.http.get(f"{registered.sim.url}{location}").text

    assert "No car was told anything yet." in turn("user_present", "true")
    assert "Granny: user present is off." in turn("user_present", "false")
    assert "Granny: mobile access is off." in turn("mobile_access", "false")
    assert granny.condition.mobile_access is False
    turn("mobile_access", "true")
    assert "The computers of Granny have started again." in turn("reboot", "true")
    _tell(registered, "Granny", "set_charge_limit", percent=71)
    page = registered.http.get(f"{registered.sim.url}/admin").text
    assert "set_charge_limit percent=71" in page
    assert "No car was told anything yet." not in page


def test_page_turns_switches(doors: Doors) -> None:
    def turn(name: str, value: str) -> int:
        form = {"name": name, "value": value}
        address = f"{doors.sim.url}/admin/set_switch"
        return doors.http.post(address, data=form).status_code

    assert turn("asleep_is_503", "true") == 303
    assert doors.sim.hub.switches.asleep_is_503 is True
    assert turn("rate_limits", "false") == 303
    assert doors.sim.hub.switches.rate_limits is False
    assert turn("unheard_of", "true") == 400


def test_commands_count_as_commands_and_rates_hold(registered: Doors) -> None:
    registered.put("Granny", "online")
    statuses = [_tell_status(registered) for _ in range(31)]
    assert (statuses[:30], statuses[30]) == ([200] * 30, 429)
    assert registered.sim.billed()["commands"] == 31


def _tell_status(doors: Doors) -> int:
    vin = doors.car("Granny").vin
    path = f"vehicles/{vin}/command/honk_horn"
    return doors.post(path, doors.token()).status_code


def test_log_keeps_the_last_twenty(registered: Doors) -> None:
    granny = registered.put("Granny", "online")
    for percent in range(60, 84):
        _tell(registered, "Granny", "set_charge_limit", percent=percent)
    told = registered.sim.hub.commands.of(granny.vin)
    assert [one.fields["percent"] for one in told] == list(range(83, 63, -1))
    assert DOMAIN not in str(told)
