import pytest

from simulator.clock import Clock
from simulator.world import World
from simulator.world.cars.keys import KeychainFull


def test_key_is_reported_after_the_lag(world: World, clock: Clock) -> None:
    luna = world.car_named("Luna")
    slot = luna.pair("04ab", "keys.example")
    assert luna.pair("04ab", "keys.example") == slot
    assert not luna.is_paired("04ab")
    clock.advance(15.0)
    assert luna.is_paired("04ab")
    assert luna.fleet_status("04ab") == {
        "firmware_version": "2026.32.6",
        "vehicle_command_protocol_required": True,
        "discounted_device_data": False,
        "fleet_telemetry_version": "1.2.0",
        "total_number_of_keys": 3,
        "safety_screen_streaming_toggle_enabled": None,
    }
    luna.unpair("04ab")
    luna.unpair("04ab")
    assert not luna.is_paired("04ab")


def test_keychain_holds_twenty_keys(world: World) -> None:
    luna = world.car_named("Luna")
    for number in range(18):
        luna.pair(f"04{number:02x}", "keys.example")
    with pytest.raises(KeychainFull):
        luna.pair("04ff", "keys.example")


def test_first_registered_key_is_on_the_paired_car_only(world: World) -> None:
    world.adopt_key("04aa", "keys.example")
    world.adopt_key("04bb", "keys.example")
    on_cars = {car.name: list(car.paired_keys) for car in world.cars.values()}
    assert on_cars.pop("Red") == ["04aa"]
    assert set(map(tuple, on_cars.values())) == {()}
    assert world.car_named("Red").is_paired("04aa")


def test_papers_have_the_documented_shapes(world: World) -> None:
    red = world.car_named("Red")
    assert red.mobile_enabled() == {"result": True, "reason": ""}
    red.condition.mobile_access = False
    assert red.mobile_enabled()["reason"] == "mobile_access_disabled"
    alert = red.recent_alerts()["recent_alerts"][0]
    assert set(alert) == {"name", "time", "audience", "user_text"}
    note = red.release_notes()["response"]["release_notes"][0]
    assert note["customer_version"] == "2026.38.3"
    assert red.service_data() == {}
    red.condition.in_service = True
    assert red.service_data()["service_status"] == "in_service"
    assert red.options()["codes"][0]["code"] == "$PPMR"


def test_old_car_has_expired_warranties(world: World) -> None:
    granny = world.car_named("Granny").warranty()
    assert len(granny["expiredWarranty"]) >= 2
    red = world.car_named("Red").warranty()
    assert red["upcomingWarranty"] == []
    assert {one["warrantyType"] for one in red["activeWarranty"]} >= {"BATTERY"}


def test_chargers_are_near_sorted_and_counted(world: World) -> None:
    found = world.car_named("Red").nearby_charging_sites(3, 40)
    miles = [one["distance_miles"] for one in found["superchargers"]]
    assert len(miles) == 3
    assert miles == sorted(miles)
    assert max(miles) <= 40
    stalls = found["superchargers"][0]
    assert 0 <= stalls["available_stalls"] <= stalls["total_stalls"]
    assert "total_stalls" not in found["destination_charging"][0]
