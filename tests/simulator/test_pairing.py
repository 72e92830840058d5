"""The pairing page and the locks screen: the only ways a key comes and goes."""

import httpx
import pytest

from simulator.testing import DOMAIN
from tests.simulator.doors import KEY_HEX, PEM, Doors, KeyServer

ALICE = "alice@example.com"


@pytest.fixture
def pairing(doors: Doors, key_server: KeyServer) -> Doors:
    """Return a caller signed in as Alice on the pairing page, all checks passing."""
    doors.sim.register(KEY_HEX)
    doors.sim.link(ALICE)
    doors.put("Luna", "online")
    doors.http.post(_page(doors), data={"step": "login", "person": ALICE})
    return doors


def _page(doors: Doors, domain: str = DOMAIN) -> str:
    return f"{doors.sim.addresses.pairing_url}/{domain}"


def _pair(doors: Doors, name: str = "Luna", domain: str = DOMAIN) -> httpx.Response:
    form = {"step": "pair", "vin": doors.car(name).vin}
    return doors.http.post(_page(doors, domain), data=form)


def _paired(doors: Doors, name: str = "Luna") -> bool:
    vin = doors.car(name).vin
    token = doors.token()
    found = doors.post("vehicles/fleet_status", token, {"vins": [vin]}).json()
    return vin in found["response"]["key_paired_vins"]


def test_pairing_shows_in_fleet_status_after_a_lag(pairing: Doors) -> None:
    answer = _pair(pairing)
    assert (answer.status_code, "The key is on Luna" in answer.text) == (200, True)
    assert "about 15 seconds" in answer.text
    assert _paired(pairing) is False
    pairing.sim.clock.advance(15)
    assert _paired(pairing) is True
    assert "has a key of" in pairing.http.get(_page(pairing)).text
    assert "reports it already" in _pair(pairing).text


def test_pairing_asks_who_you_are(doors: Doors) -> None:
    for method in ("GET", "POST"):
        page = doors.http.request(method, _page(doors))
        assert "Choose who you are" in page.text
    form = {"step": "login", "email": ALICE, "password": "wrong"}
    assert doors.http.post(_page(doors), data=form).status_code == 401


def test_pairing_page_shows_the_car_of_the_link(pairing: Doors) -> None:
    luna, red = pairing.car("Luna"), pairing.car("Red")
    every = pairing.http.get(_page(pairing)).text
    assert (luna.vin in every, red.vin in every) == (True, True)
    one = pairing.http.get(f"{_page(pairing)}?vin={luna.vin}").text
    assert (luna.vin in one, red.vin in one) == (True, False)


def test_pairing_takes_another_account(pairing: Doors) -> None:
    page = pairing.http.post(_page(pairing), data={"step": "another"})
    assert "Choose who you are" in page.text
    form = {"step": "login", "person": "charlie@example.com"}
    page = pairing.http.post(_page(pairing), data=form)
    assert "no car in this account" in page.text


def test_pairing_needs_a_car_of_the_person(pairing: Doors) -> None:
    answer = _pair(pairing, "Blitz")
    assert (answer.status_code, "Choose a car" in answer.text) == (409, True)


def test_pairing_needs_the_registration_in_the_region(doors: Doors) -> None:
    doors.sim.register(KEY_HEX, regions=("eu",))
    doors.http.post(_page(doors), data={"step": "login", "person": ALICE})
    assert "has not registered with Tesla" in _pair(doors).text


def test_pairing_needs_the_grant(pairing: Doors) -> None:
    words = "has not granted this third-party app access"
    pairing.sim.link(ALICE, ("openid", "energy_device_data"))
    assert words in _pair(pairing).text
    pairing.sim.hub.store.revoke("test-client", ALICE)
    assert words in _pair(pairing).text
    pairing.sim.link(ALICE, ("vehicle_location",))
    assert _pair(pairing).status_code == 200


def test_pairing_needs_the_key_at_its_address(
    pairing: Doors, key_server: KeyServer
) -> None:
    key_server.status = 404
    answer = _pair(pairing)
    assert (answer.status_code, "could not be fetched" in answer.text) == (409, True)
    assert pairing.car("Luna").paired_keys == {}


def test_pairing_adds_the_key_that_is_served_now(
    pairing: Doors, key_server: KeyServer
) -> None:
    pairing.sim.register("04" + "11" * 64)
    assert key_server.body == PEM
    _pair(pairing)
    pairing.sim.clock.advance(15)
    assert _paired(pairing) is False
    assert list(pairing.car("Luna").paired_keys) == [KEY_HEX]


def test_pairing_of_a_sleeping_car_offers_to_wake_it(pairing: Doors) -> None:
    luna = pairing.put("Luna", "asleep")
    assert "Luna is asleep" in _pair(pairing).text
    page = pairing.http.post(_page(pairing), data={"step": "wake", "vin": luna.vin})
    assert "waking up" in page.text
    pairing.sim.clock.advance(60)
    assert _pair(pairing).status_code == 200


def test_pairing_refuses_cars_without_keys(pairing: Doors) -> None:
    pairing.put("Granny", "online")
    assert "does not use virtual keys" in _pair(pairing, "Granny").text


def test_pairing_refuses_a_full_keychain(pairing: Doors) -> None:
    car = pairing.car("Luna")
    for number in range(20 - car.key_count):
        car.pair(f"{number:02}", "other.example.org")
    answer = _pair(pairing)
    assert (answer.status_code, "KEYCHAIN_IS_FULL" in answer.text) == (409, True)


def test_locks_screen_deletes_a_key(pairing: Doors) -> None:
    vin = pairing.car("Red").vin
    address = f"{pairing.sim.url}/locks/{vin}"
    assert DOMAIN in pairing.http.get(address).text
    assert _paired(pairing, "Red") is True
    done = pairing.http.post(address, data={"key": KEY_HEX})
    assert (done.status_code, done.headers["Location"]) == (303, f"/locks/{vin}")
    assert _paired(pairing, "Red") is False
    assert "No application has a key" in pairing.http.get(address).text


def test_locks_screen_of_no_car_is_404(doors: Doors) -> None:
    address = f"{doors.sim.url}/locks/unknown"
    assert [
        doors.http.request(one, address).status_code for one in ("GET", "POST")
    ] == [
        404,
        404,
    ]
