"""What is known of a control from the stream, beside readings and commands."""

import re
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from fleet.streamed import fields
from tests.factories import make_bare_grant, make_vehicle
from tests.vehicles.controls.making import (
    HTMX,
    PAGE,
    VIN,
    ClientOf,
    Stream,
    control,
    sent,
    shown,
    states,
)
from vehicles.controls.states import REFRESHING
from vehicles.models import Vehicle, VehicleAccess

DOORS = dict.fromkeys(
    ("DriverFront", "PassengerFront", "DriverRear", "PassengerRear"), False
)
STREAMED = {
    "Locked": True,
    "HvacPower": "HvacPowerStateOn",
    "InsideTemp": 23.5,
    "DetailedChargeState": "DetailedChargeStateStopped",
    "ChargeLimitSoc": 70,
    "ChargePortDoorOpen": False,
    "DoorState": {**DOORS, "TrunkFront": False, "TrunkRear": True},
    "SentryMode": "SentryModeStateOff",
}
TEXTS = {
    "doors": "Locked",
    "climate": "On",
    "charging": "Stopped",
    "limit": "70\xa0%",
    "port": "Closed",
    "trunk": "Open",
    "frunk": "Closed",
    "sentry": "Off",
}


def forget_reading() -> None:
    VehicleAccess.objects.update(vehicle_data=None, vehicle_data_at=None)


def texts(access: VehicleAccess) -> dict[str, str]:
    """Return the states of the controls that have a signal."""
    return {name: one.text for name, one in states(access).items() if name in TEXTS}


@pytest.mark.parametrize("is_read", [True, False])
def test_controls_show_what_was_streamed_since_the_reading(
    client_of: ClientOf,
    alice: User,
    car: VehicleAccess,
    stream: Stream,
    *,
    is_read: bool,
) -> None:
    if not is_read:
        forget_reading()
    streamed_at = stream(**STREAMED)
    assert texts(car) == TEXTS
    known = states(car)
    assert {(one.source, one.at) for name, one in known.items() if name in TEXTS} == {
        ("streamed", streamed_at)
    }
    assert (known["climate"].detail, known["climate"].detail_at) == (
        "inside 23.5\xa0°C",
        None,
    )
    assert known["climate"].is_active
    assert shown(car).row("limit").percent == 70
    text = client_of(alice).get(PAGE).content.decode()
    doors = control(text, "doors")
    assert "<b>Locked</b>" in doors
    assert re.search(r">streamed <time[^>]*>\d s ago<", doors)
    assert "Vehicle Data" not in doors
    assert 'value="70"' in control(text, "limit")


def test_control_that_was_not_streamed_shows_the_reading(
    car: VehicleAccess, stream: Stream
) -> None:
    streamed_at = stream(Locked=True, InsideTemp=23.5)
    known = states(car)
    assert (known["doors"].text, known["doors"].at) == ("Locked", streamed_at)
    port = known["port"]
    assert (port.text, port.source, port.at) == (
        "Open",
        "Vehicle Data",
        car.vehicle_data_at,
    )
    climate = known["climate"]
    assert (climate.text, climate.source) == ("Off", "Vehicle Data")
    assert (climate.detail, climate.detail_at) == ("inside 23.5\xa0°C", streamed_at)


def test_control_that_was_neither_read_nor_streamed_says_so(
    car: VehicleAccess, stream: Stream
) -> None:
    forget_reading()
    stream(Locked=True)
    known = states(car)
    assert known["doors"].text == "Locked"
    assert known["port"].reason == "Nothing has been read yet."


def test_reading_after_the_stream_says_more(car: VehicleAccess, stream: Stream) -> None:
    stream(timezone.now() - timedelta(minutes=2), **STREAMED)
    known = states(car)
    assert known["doors"].text == "Unlocked"
    assert {one.source for name, one in known.items() if name in TEXTS} == {
        "Vehicle Data"
    }


@pytest.mark.parametrize(
    ("signals", "names"),
    [
        (dict.fromkeys(STREAMED), list(TEXTS)),
        (
            {
                "HvacPower": "HvacPowerStateUnknown",
                "SentryMode": "SentryModeStateUnknown",
                "DetailedChargeState": "DetailedChargeStateUnknown",
            },
            ["climate", "sentry", "charging"],
        ),
    ],
)
def test_state_that_the_car_does_not_know_is_unknown(
    client_of: ClientOf,
    alice: User,
    car: VehicleAccess,
    stream: Stream,
    signals: dict[str, object],
    names: list[str],
) -> None:
    streamed_at = stream(**signals)
    known = states(car)
    reason = "The car has no value for this now."
    assert {(known[name].text, known[name].reason) for name in names} == {("", reason)}
    assert {known[name].at for name in names} == {streamed_at}
    climate = control(client_of(alice).get(PAGE).content.decode(), "climate")
    assert f"{reason} Streamed <time" in climate


def test_limit_that_the_car_does_not_know_begins_with_the_one_last_read(
    car: VehicleAccess, stream: Stream
) -> None:
    stream(ChargeLimitSoc=None)
    assert shown(car).row("limit").percent == 90


def test_streamed_states_hold_while_the_car_goes_on_streaming(
    car: VehicleAccess, stream: Stream
) -> None:
    now = timezone.now()
    VehicleAccess.objects.update(vehicle_data_at=now - timedelta(days=2))
    stream(now - timedelta(hours=5), HvacPower="HvacPowerStateOn")
    climate = states(car)["climate"]
    assert (climate.text, climate.is_old, climate.is_active) == ("On", True, False)
    stream(Soc=50)
    climate = states(car)["climate"]
    assert (climate.text, climate.is_old, climate.is_active) == ("On", False, True)
    # The temperature was read two days ago, and is not taken for a new one.
    assert climate.detail == ""
    assert states(car)["doors"].is_old


@pytest.mark.parametrize(
    ("streamed_after_s", "text"), [(-60, "Starting"), (-1, "Charging"), (1, "Charging")]
)
def test_command_and_stream_tell_the_newer_state(
    car: VehicleAccess, stream: Stream, streamed_after_s: int, text: str
) -> None:
    VehicleAccess.objects.update(vehicle_data_at=timezone.now() - timedelta(hours=1))
    answered_at: datetime | None = sent(car, "charge_start").answered_at
    assert answered_at is not None
    stream(
        answered_at + timedelta(seconds=streamed_after_s),
        DetailedChargeState="DetailedChargeStateCharging",
    )
    assert states(car)["charging"].text == text


def test_state_streamed_just_before_a_quick_command_is_none_that_it_left(
    car: VehicleAccess, stream: Stream
) -> None:
    VehicleAccess.objects.update(vehicle_data_at=timezone.now() - timedelta(hours=1))
    answered_at = timezone.now() - timedelta(seconds=1)
    asked_at = answered_at - timedelta(seconds=0.5)
    sent(car, asked_at=asked_at, answered_at=answered_at)
    stream(asked_at - timedelta(seconds=0.5), Locked=False)
    assert states(car)["doors"].text == "Locked"
    stream(asked_at + timedelta(seconds=0.2), Locked=False)
    assert states(car)["doors"].text == "Unlocked"


@pytest.mark.parametrize(("slept_after_s", "text"), [(-60, "Online"), (60, "Asleep")])
def test_car_is_online_when_it_streams(
    client_of: ClientOf,
    alice: User,
    car: VehicleAccess,
    stream: Stream,
    slept_after_s: int,
    text: str,
) -> None:
    streamed_at = stream(timezone.now() - timedelta(seconds=90), Locked=True)
    VehicleAccess.objects.update(vehicle_data_at=streamed_at - timedelta(hours=1))
    slept_at = streamed_at + timedelta(seconds=slept_after_s)
    Vehicle.objects.update(state="asleep", state_at=slept_at)
    car.refresh_from_db()
    connection = states(car)["wake"]
    assert (connection.text, connection.at) == (text, max(streamed_at, slept_at))
    for address in (PAGE, "/console/"):
        page = client_of(alice).get(address).content.decode()
        assert f'class="state {text.lower()}' in page


def test_stream_ends_the_doubt_about_a_lost_command(
    car: VehicleAccess, stream: Stream
) -> None:
    sent(car, state="failed", result=None, error_code="command_ambiguous")
    assert states(car)["doors"].detail == "perhaps changed since"
    stream(Locked=True)
    doors = states(car)["doors"]
    assert (doors.text, doors.detail, doors.is_old) == ("Locked", "", False)


@pytest.mark.parametrize("sees_place", [True, False])
def test_controls_and_place_follow_their_own_rights(
    client_of: ClientOf,
    alice: User,
    car: VehicleAccess,
    stream: Stream,
    *,
    sees_place: bool,
) -> None:
    if not sees_place:
        VehicleAccess.objects.update(hide_private=True)
    stream(Location={"latitude": 30.25, "longitude": -97.5}, **STREAMED)
    assert texts(car) == TEXTS
    text = client_of(alice).get(PAGE).content.decode()
    assert ("30.25000" in text) is sees_place
    controls = client_of(alice).get(f"{PAGE}/controls", headers=HTMX).content.decode()
    assert "30.25" not in controls


def test_controls_show_a_person_only_what_they_were_told(
    bob: User, car: VehicleAccess, stream: Stream
) -> None:
    shared = make_vehicle(make_bare_grant(bob), vin=VIN, access_type="DRIVER")
    stream(**STREAMED)
    assert texts(car) == TEXTS
    assert set(texts(shared).values()) == {""}
    stream(None, bob, Locked=False)
    assert texts(shared)["doors"] == "Unlocked"
    assert texts(car)["doors"] == "Locked"


def test_controls_are_answered_alone_to_htmx(
    client_of: ClientOf, alice: User, charlie: User, car: VehicleAccess, stream: Stream
) -> None:
    stream(Locked=True)
    address = f"{PAGE}/controls"
    page = client_of(alice).get(PAGE).content.decode()
    (place,) = re.findall(rf'<ul class="controls" [^>]*"{address}"[^>]*>', page)
    assert 'data-live-target="#panel"' in place
    assert f'data-live-signals="{" ".join(REFRESHING)}"' in place
    answer = client_of(alice).get(address, headers=HTMX).content.decode()
    assert "<html" not in answer
    assert place in answer
    assert "<b>Locked</b>" in control(answer, "doors")
    plain = client_of(alice).get(address)
    assert (plain.status_code, plain["Location"]) == (302, PAGE)
    assert client_of(charlie).get(address, headers=HTMX).status_code == 404


def test_signals_of_the_controls_are_ones_that_cars_have() -> None:
    assert set(REFRESHING) - fields().keys() == {"state"}
    assert set(REFRESHING) - {"state"} == set(STREAMED)
