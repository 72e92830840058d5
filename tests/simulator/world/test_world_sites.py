import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from simulator.clock import Clock
from simulator.world import World
from simulator.world.sites.outages import outages
from tests.simulator.world.moments import DAY_S, HOUR_S, START_AT


def balance(status: dict[str, Any]) -> int:
    given: int = status["solar_power"] + status["battery_power"]
    given += status["grid_power"] + status["generator_power"]
    return given - int(status["load_power"])


def total(history: dict[str, Any], key: str) -> int:
    return sum(entry[key] for entry in history["time_series"])


def test_sites_belong_to_alice_and_bob(world: World) -> None:
    owned = {
        person.email: [site.name for site in world.sites_of(person)]
        for person in world.persons.values()
    }
    assert owned == {
        "alice@example.com": ["Home"],
        "bob@example.com": ["Cabin", "Garage"],
        "charlie@example.com": [],
    }
    home, alice = world.site_named("Home"), world.persons["alice@example.com"]
    assert world.find_site(alice, home.id) is home
    assert world.find_site(world.persons["bob@example.com"], home.id) is None


@pytest.mark.parametrize("name", ["Home", "Cabin", "Garage"])
def test_watts_add_up_day_and_night(world: World, clock: Clock, name: str) -> None:
    site = world.site_named(name)
    for _ in range(120):
        status = site.live_status()
        assert balance(status) == 0
        assert status["load_power"] >= 0
        clock.advance(1_777.0)


def test_sun_shines_by_day_and_more_in_summer(world: World, clock: Clock) -> None:
    cabin = world.site_named("Cabin")
    clock.advance(-6 * HOUR_S)
    assert cabin.live_status()["solar_power"] > 0
    clock.advance(12 * HOUR_S)
    assert cabin.live_status()["solar_power"] == 0
    june = cabin.calendar_history("energy", "month")
    clock.advance(180 * DAY_S)
    december = cabin.calendar_history("energy", "month")
    assert total(june, "solar_energy_exported") > 2 * total(
        december, "solar_energy_exported"
    )


def test_battery_moves_by_its_power(world: World, clock: Clock) -> None:
    home = world.site_named("Home")
    for _ in range(40):
        clock.advance(1_500.0)
        status = home.live_status()
        assert status["percentage_charged"] == pytest.approx(
            100 * status["energy_left"] / status["total_pack_energy"]
        )
        assert 0 <= status["energy_left"] <= 27_000
        assert abs(status["battery_power"]) <= 10_000
        clock.advance(10.0)
        change = home.live_status()["energy_left"] - status["energy_left"]
        assert change * status["battery_power"] <= 0


def test_live_status_of_a_battery_site_has_every_key(world: World) -> None:
    status = world.site_named("Home").live_status()
    assert set(status) == {
        "solar_power",
        "energy_left",
        "total_pack_energy",
        "percentage_charged",
        "backup_capable",
        "battery_power",
        "load_power",
        "grid_status",
        "grid_services_active",
        "grid_power",
        "grid_services_power",
        "generator_power",
        "island_status",
        "storm_mode_active",
        "timestamp",
        "wall_connectors",
    }
    assert (status["grid_status"], status["island_status"]) == ("Active", "on_grid")
    assert status["timestamp"] == "2026-06-15T18:00:00+00:00"


def test_solar_only_site_has_no_battery(world: World) -> None:
    cabin = world.site_named("Cabin")
    status, info, product = cabin.live_status(), cabin.site_info(), cabin.product()
    assert (status["battery_power"], status["grid_status"]) == (0, "Unknown")
    assert status["wall_connectors"] is None
    assert "backup_reserve_percent" not in info
    assert info["components"]["battery"] is False
    assert (product["resource_type"], product["components"]["solar"]) == ("solar", True)
    assert "wall_connectors" not in product["components"]
    assert "solar_power" in product


def test_products_and_info_agree_on_devices(world: World) -> None:
    home = world.site_named("Home")
    product, info, status = home.product(), home.site_info(), home.live_status()
    dins = [one["din"] for one in product["components"]["wall_connectors"]]
    assert len(set(dins)) == 2
    assert [one["din"] for one in info["components"]["wall_connectors"]] == dins
    assert [one["din"] for one in status["wall_connectors"]] == dins
    assert len(info["components"]["batteries"]) == info["battery_count"] == 2
    assert product["energy_site_id"] == home.id
    assert info["components"]["customer_preferred_export_rule"] == "pv_only"
    assert info["components"]["disallow_charge_from_grid_with_solar_installed"] is True
    json.dumps([product, info, status])


def test_wall_connector_shows_the_charging_car(world: World, clock: Clock) -> None:
    charger, garage = world.car_named("Charger"), world.site_named("Garage")
    first, second = garage.live_status()["wall_connectors"]
    assert (first["vin"], first["wall_connector_state"]) == (charger.vin, 1)
    assert first["wall_connector_power"] == 11_040
    assert "vin" not in second
    assert (second["wall_connector_state"], second["wall_connector_power"]) == (2, 0)
    clock.advance(4 * HOUR_S)
    first = garage.live_status()["wall_connectors"][0]
    assert (first["wall_connector_state"], first["wall_connector_power"]) == (4, 0)
    assert first["vin"] == charger.vin
    clock.advance(16 * HOUR_S)
    assert "vin" not in garage.live_status()["wall_connectors"][0]


def test_charging_car_is_part_of_the_load(world: World, clock: Clock) -> None:
    home = world.site_named("Home")
    clock.advance(15.6 * HOUR_S)
    status = home.live_status()
    assert status["wall_connectors"][0]["wall_connector_power"] == 11_520
    assert status["load_power"] > 11_520
    assert balance(status) == 0


def test_writes_show_after_a_few_seconds(world: World, clock: Clock) -> None:
    home = world.site_named("Home")
    home.set_backup_reserve(55)
    assert home.site_info()["backup_reserve_percent"] == 20
    clock.advance(3.0)
    home.set_operation("autonomous")
    home.set_storm_mode(enabled=False)
    home.set_off_grid_vehicle_charging_reserve(40)
    home.set_grid_import_export(disallow_charge_from_grid=False)
    home.set_grid_import_export(export_rule="battery_ok")
    home.set_time_of_use({"tariff_content_v2": {"code": "FLAT"}})
    clock.advance(3.0)
    info = home.site_info()
    assert info["backup_reserve_percent"] == 55
    assert info["default_real_mode"] == "autonomous"
    assert info["user_settings"]["storm_mode_enabled"] is False
    assert info["off_grid_vehicle_charging_reserve_percent"] == 40
    assert info["components"]["customer_preferred_export_rule"] == "battery_ok"
    absent = "disallow_charge_from_grid_with_solar_installed"
    assert absent not in info["components"]
    assert info["tariff_content_v2"] == {"code": "FLAT"}


def test_writes_refuse_bad_values(world: World) -> None:
    home = world.site_named("Home")
    for percent in (-1, 101):
        with pytest.raises(ValueError, match="between 0 and 100"):
            home.set_backup_reserve(percent)
    with pytest.raises(ValueError, match="one of"):
        home.set_operation("party")
    with pytest.raises(ValueError, match="one of"):
        home.set_grid_import_export(export_rule="always")


def test_backup_mode_fills_the_battery_from_the_grid(
    world: World, clock: Clock
) -> None:
    home = world.site_named("Home")
    home.set_operation("backup")
    home.set_grid_import_export(disallow_charge_from_grid=False)
    clock.advance(DAY_S)
    assert home.live_status()["percentage_charged"] == pytest.approx(100, abs=0.1)


def test_high_reserve_is_refilled_only_where_the_grid_may(
    world: World, clock: Clock
) -> None:
    home = world.site_named("Home")
    home.set_backup_reserve(100)
    clock.advance(14 * HOUR_S)
    assert home.live_status()["battery_power"] <= 0
    home.set_grid_import_export(disallow_charge_from_grid=False)
    clock.advance(2 * DAY_S)
    assert home.live_status()["percentage_charged"] == pytest.approx(100, abs=1.0)


@pytest.mark.parametrize("mode", ["backup", "autonomous"])
def test_battery_rests_at_night_in_some_modes(
    world: World, clock: Clock, mode: str
) -> None:
    home = world.site_named("Home")
    home.set_operation(mode)
    clock.advance(15 * HOUR_S)
    assert home.live_status()["battery_power"] == 0


def test_nothing_is_exported_under_never(world: World, clock: Clock) -> None:
    home = world.site_named("Home")
    home.set_grid_import_export(export_rule="never")
    clock.advance(60.0)
    start = clock.now()
    clock.advance(3 * DAY_S)
    history = home.calendar_history("energy", "week", start + timedelta(minutes=5))
    assert total(history, "total_home_usage") > 0
    assert total(history, "total_grid_energy_exported") == 0


def test_empty_site_has_no_parts(world: World) -> None:
    site = world.add_empty_site("bob@example.com")
    product = site.product()
    assert set(product) == {"energy_site_id", "components"}
    assert not any(value is True for value in product["components"].values())
    assert site.live_status()["wall_connectors"] is None
    assert site in world.sites_of(world.persons["bob@example.com"])


def test_rules_survive_a_restart(world: World, clock: Clock) -> None:
    world.site_named("Home").set_backup_reserve(70)
    clock.advance(DAY_S)
    saved = json.loads(json.dumps(world.dump()))
    later = World(7, clock)
    later.load(saved)
    home, again = world.site_named("Home"), later.site_named("Home")
    assert again.site_info() == home.site_info()
    assert again.live_status() == home.live_status()


def test_outages_are_told_and_felt(world: World, clock: Clock) -> None:
    home = world.site_named("Home")
    spec = home.spec
    found = outages(spec, START_AT.timestamp(), START_AT.timestamp() + 365 * DAY_S)
    assert found
    clock.advance(found[0].from_s + 60.0 - START_AT.timestamp())
    status = home.live_status()
    assert (status["grid_status"], status["grid_power"]) == ("Inactive", 0)
    assert status["island_status"] == "off_grid_unintentional"
    assert balance(status) == 0
    clock.advance(2 * HOUR_S)
    backup = home.calendar_history("backup", "lifetime")
    assert backup["total_events"] == len(backup["events"])
    newest = backup["events"][0]
    assert newest["duration"] == found[0].to_s - found[0].from_s
    assert datetime.fromisoformat(newest["timestamp"]).timestamp() == found[0].from_s
    assert outages(world.site_named("Cabin").spec, 0.0, 1e9) == []
    assert outages(spec, 5.0, 5.0) == []
