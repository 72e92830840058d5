"""What is known of a control: from readings, commands and records."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from tests.vehicles.controls.making import PAGE, ClientOf, control, sent, shown, states
from vehicles.models import Vehicle, VehicleAccess


def test_controls_show_the_last_reading_with_age_and_source(
    client_of: ClientOf, alice: User, car: VehicleAccess
) -> None:
    known = states(car)
    assert {name: one.text for name, one in known.items()} == {
        "doors": "Unlocked",
        "climate": "Off",
        "charging": "Charging",
        "limit": "90\xa0%",
        "port": "Open",
        "trunk": "Closed",
        "frunk": "Open",
        "sentry": "On",
        "flash": "",
        "honk": "",
        "wake": "Online",
    }
    assert known["climate"].detail == "inside 20.5\xa0°C"
    assert (known["charging"].is_active, known["climate"].is_active) == (True, False)
    text = client_of(alice).get(PAGE).content.decode()
    doors = control(text, "doors")
    assert "<b>Unlocked</b>" in doors
    assert "Vehicle Data, <time" in doors
    assert "1 min ago" in doors
    assert "Not used from here yet." in control(text, "honk")
    assert "Tesla&#x27;s record, <time" in control(text, "wake")


def test_controls_without_a_reading_say_why_there_is_no_state(
    client_of: ClientOf, alice: User, car: VehicleAccess
) -> None:
    VehicleAccess.objects.update(vehicle_data=None, vehicle_data_at=None)
    Vehicle.objects.update(state="", state_at=None)
    text = client_of(alice).get(PAGE).content.decode()
    assert "Nothing has been read yet." in control(text, "doors")
    assert 'value="80"' in control(text, "limit")
    assert "Tesla has not said whether the car is online." in control(text, "wake")


def test_controls_say_when_tesla_did_not_send_a_state(car: VehicleAccess) -> None:
    VehicleAccess.objects.update(
        vehicle_data={"climate_state": {"is_climate_on": True}}
    )
    known = states(car)
    assert known["doors"].reason == "Tesla did not send this value."
    assert known["doors"].at == car.vehicle_data_at
    assert (known["climate"].text, known["climate"].detail) == ("On", "")
    names = ("limit", "port", "trunk", "charging", "sentry")
    assert {known[name].text for name in names} == {""}


def test_controls_go_gray_when_older_than_promised(car: VehicleAccess) -> None:
    VehicleAccess.objects.update(vehicle_data_at=timezone.now() - timedelta(hours=2))
    known = states(car)
    assert known["charging"].is_old
    assert not known["charging"].is_active


@pytest.mark.parametrize(
    ("name", "parameters", "where", "text"),
    [
        ("door_lock", {}, "doors", "Locked"),
        ("auto_conditioning_start", {}, "climate", "On"),
        ("charge_stop", {}, "charging", "Stopped"),
        ("set_charge_limit", {"percent": 75}, "limit", "75\xa0%"),
        ("set_charge_limit", {}, "limit", ""),
        ("charge_standard", {}, "limit", "70\xa0%"),
        ("charge_max_range", {}, "limit", "100\xa0%"),
        ("charge_port_door_close", {}, "port", "Closed"),
        ("actuate_trunk", {"which_trunk": "rear"}, "trunk", "Moved"),
        ("actuate_trunk", {"which_trunk": "front"}, "frunk", "Open"),
        ("set_sentry_mode", {"on": False}, "sentry", "Off"),
        ("set_sentry_mode", {"on": True}, "sentry", "On"),
        ("honk_horn", {}, "honk", "Honked"),
        ("wake_up", {}, "wake", "Online"),
    ],
)
def test_command_that_worked_tells_the_state(
    car: VehicleAccess, name: str, parameters: dict[str, object], where: str, text: str
) -> None:
    Vehicle.objects.update(state="asleep", state_at=timezone.now() - timedelta(hours=1))
    done = sent(car, name, parameters=parameters, source="api")
    known = states(car)[where]
    assert (known.text, known.source, known.at) == (
        text,
        "the car's answer",
        done.answered_at,
    )
    assert states(car)["wake"].text == "Online"


def test_daily_standard_without_a_reading_has_a_name(car: VehicleAccess) -> None:
    VehicleAccess.objects.update(vehicle_data={})
    sent(car, "charge_standard")
    assert states(car)["limit"].text == "Daily standard"


def test_newer_reading_says_more_than_an_older_command(car: VehicleAccess) -> None:
    sent(car, answered_at=timezone.now() - timedelta(hours=1))
    assert states(car)["doors"].text == "Unlocked"


@pytest.mark.parametrize(
    "columns", [{"result": False}, {"state": "failed", "result": None}]
)
def test_command_that_did_not_work_tells_no_state(
    car: VehicleAccess, columns: dict[str, object]
) -> None:
    sent(car, **columns)
    assert states(car)["doors"].text == "Unlocked"


@pytest.mark.parametrize(
    ("in_service", "word"), [(False, "Online"), (True, "Online, in service")]
)
def test_car_that_did_something_is_shown_online(
    client_of: ClientOf,
    alice: User,
    car: VehicleAccess,
    *,
    in_service: bool,
    word: str,
) -> None:
    at = timezone.now() - timedelta(hours=1)
    Vehicle.objects.update(state="asleep", state_at=at, in_service=in_service)
    assert 'class="state asleep' in client_of(alice).get(PAGE).content.decode()
    sent(car)
    text = client_of(alice).get(PAGE).content.decode()
    assert re.search(rf'<span class="state online"[^>]*>{word}</span>', text)


@pytest.mark.parametrize(
    ("state", "minutes", "offers"),
    [("asleep", 1, True), ("online", 1, False), ("online", 31, True)],
)
def test_wake_is_offered_to_a_car_that_may_sleep(
    car: VehicleAccess, state: str, minutes: int, *, offers: bool
) -> None:
    at = timezone.now() - timedelta(minutes=minutes)
    Vehicle.objects.update(state=state, state_at=at)
    assert (shown(car).row("wake").why_not is None) is offers


def test_state_that_a_lost_command_may_have_changed_is_doubtful(
    car: VehicleAccess,
) -> None:
    lost = {"state": "failed", "result": None, "error_code": "command_ambiguous"}
    sent(car, "door_lock", **lost)
    doors = states(car)["doors"]
    assert (doors.text, doors.detail) == ("Unlocked", "perhaps changed since")
    assert doors.is_old
    assert states(car)["trunk"].detail == ""
    now = timezone.now()
    VehicleAccess.objects.update(vehicle_data_at=now)
    assert states(car)["doors"].detail == ""
