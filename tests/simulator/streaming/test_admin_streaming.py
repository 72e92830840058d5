"""The levers and the page by which operators move streaming cars."""

from dataclasses import replace
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from simulator.clock import Clock
from simulator.streaming.convoy import make_cars
from simulator.world.cars.outing import drive_now
from simulator.world.cars.routine import Leg, Routine
from simulator.world.cast.cars import BLITZ
from simulator.world.cast.places import BERLIN, ROADSIDE, SPANDAU
from tests.simulator.doors import NOON, Doors
from tests.simulator.streaming.settings import push, shown


def _lever(doors: Doors, name: str, **body: Any) -> httpx.Response:
    return doors.admin("POST", f"cars/{doors.car(name).vin}/telemetry", body)


def _page(doors: Doors, verb: str = "", **form: str) -> httpx.Response:
    address = f"{doors.sim.url}/admin"
    if not verb:
        return doors.http.get(address)
    return doors.http.post(f"{address}/{verb}", data=form, follow_redirects=True)


def test_a_car_without_settings_is_told_as_it_is(doors: Doors) -> None:
    red = doors.car("Red")
    assert doors.admin("GET", f"cars/{red.vin}/telemetry").json() == {
        "vin": red.vin,
        "name": "Red",
        "is_driving": False,
        "line_cut": False,
        "no_slot": False,
        "bad_certificate": False,
        "unsupported": "",
        "streaming_toggle": None,
        "streams": [],
        "errors": [],
    }


@pytest.mark.parametrize(
    ("name", "body", "words"),
    [
        ("Red", {"line_cut": "yes"}, "line_cut cannot be set to that"),
        ("Red", {"unsupported": "paint"}, "unsupported cannot be set to that"),
        ("Red", {"streaming_toggle": True}, "streaming_toggle cannot be set to that"),
        ("Red", {"color": "red"}, "color cannot be set to that"),
        ("Red", {"send": "alert"}, "Red does not stream"),
        ("Red", {"send": "love"}, "a car sends one of alert, error"),
        ("Nimbus", {"drive_now": True}, "Nimbus has nowhere to go"),
        ("Blitz", {"drive_now": True}, "Blitz is on the road already"),
    ],
)
def test_orders_that_make_no_sense_are_refused(
    doors: Doors, name: str, body: dict[str, Any], words: str
) -> None:
    answer = _lever(doors, name, **body)
    assert (answer.status_code, answer.json()) == (400, {"error": words})


def test_an_unknown_car_is_404(doors: Doors) -> None:
    assert doors.admin("POST", "cars/unknown/telemetry", {}).status_code == 404
    assert doors.admin("GET", "cars/unknown/telemetry").status_code == 404


def test_alerts_need_somebody_who_asked(registered: Doors) -> None:
    registered.put("Red", "online")
    push(registered, alert_types=None)
    assert shown(registered)["synced"]
    answer = _lever(registered, "Red", send="alert")
    assert answer.json() == {"error": "nobody asked Red for alerts"}
    assert _lever(registered, "Red", send="error").status_code == 200


def test_the_page_shows_streams_and_errors(registered: Doors) -> None:
    assert "none" in _page(registered).text
    registered.put("Red", "asleep")
    push(registered, signer=ec.generate_private_key(ec.SECP256R1()))
    assert "not fetched yet" in _page(registered).text
    registered.put("Red", "online")
    assert shown(registered)["synced"]
    found = _page(registered).text
    assert "telemetry.example.com:443" in found
    assert "refused by the car" in found
    assert "1 error<" in found


def test_the_page_moves_cars(registered: Doors) -> None:
    red, granny = registered.car("Red"), registered.car("Granny")
    for verb, form, said in (
        ("set_streaming", {"name": "line_cut", "value": "true"}, "line cut is on"),
        ("set_streaming", {"name": "no_slot", "value": "true"}, "no slot is on"),
        ("set_streaming", {"name": "no_slot", "value": "false"}, "no slot is off"),
        (
            "set_streaming",
            {"name": "unsupported", "value": "hardware"},
            "hardware is too old for streaming",
        ),
        (
            "set_streaming",
            {"name": "unsupported", "value": ""},
            "nothing is too old for streaming",
        ),
        ("drive_now", {}, "Red sets out"),
    ):
        assert said in _page(registered, verb, vin=red.vin, **form).text
    assert "Reconnect Red" in _page(registered).text
    assert "Drive Red now" not in _page(registered).text
    form = {"vin": granny.vin, "name": "streaming_toggle", "value": "true"}
    assert "streaming toggle is on" in _page(registered, "set_streaming", **form).text
    again = _page(registered, "drive_now", vin=red.vin)
    assert (again.status_code, "on the road already" in again.text) == (400, True)


def test_the_page_sends_alerts(registered: Doors) -> None:
    red = registered.put("Red", "online")
    push(registered)
    assert shown(registered)["synced"]
    said = _page(registered, "mishap", vin=red.vin, kind="alert").text
    assert "Red sends an alert" in said


@pytest.mark.parametrize("name", ["Red", "Luna", "Granny", "Charger"])
def test_a_drive_now_leaves_nothing_behind(doors: Doors, name: str) -> None:
    car = doors.car(name)
    before, level = car.moment(), car.moment().level
    assert _lever(doors, name, drive_now=True).status_code == 200
    after = car.moment()
    assert after.motion.is_driving
    assert car.state == "online"
    assert after.odometer_mi == pytest.approx(before.odometer_mi)
    assert after.level == pytest.approx(level)
    assert after.motion.latitude == pytest.approx(before.motion.latitude, abs=1e-3)
    assert after.motion.longitude == pytest.approx(before.motion.longitude, abs=1e-3)
    doors.sim.clock.advance(600)
    later = car.moment()
    assert later.odometer_mi > before.odometer_mi
    assert later.level < level
    assert car.now_s == NOON.timestamp() + 600


def test_all_stays_before_the_next_drive_are_left_out() -> None:
    stay, again = Leg(3600.0, BERLIN), Leg(60.0, BERLIN, plug=ROADSIDE)
    drive = Leg(600.0, SPANDAU, miles=3.0, start=BERLIN)
    routine = Routine((stay, again, drive, Leg(600.0, SPANDAU)))
    (car,) = make_cars(1, Clock(NOON), replace(BLITZ, routine=routine))
    drive_now(car)
    assert car.moment().motion.is_driving
    assert car.moment().elapsed_s == 0


def test_a_drive_now_outlives_a_restart(doors: Doors) -> None:
    red = doors.car("Red")
    _lever(doors, "Red", drive_now=True)
    saved = red.dump()
    doors.sim.reset()
    red = doors.car("Red")
    assert not red.moment().motion.is_driving
    red.load(saved)
    assert red.moment().motion.is_driving
