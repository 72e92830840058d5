"""Every method of the client library of the field, through the running console."""

import asyncio
import inspect
from collections.abc import Mapping
from typing import Any

import aiohttp
import pytest
from tesla_fleet_api import Teslemetry
from tesla_fleet_api.const import ClosureState, SeatHeaterLevel
from tesla_fleet_api.exceptions import TeslaFleetError
from tesla_fleet_api.teslemetry.energysite import TeslemetryEnergySite
from tesla_fleet_api.teslemetry.vehicles import TeslemetryVehicle

from accounts.models import User
from simulator.testing import RunningSimulator
from tests.api.conftest import MakePerson, Person
from tests.fixtures.live import LiveConsole

DAY = ("2026-11-20T00:00:00-08:00", "2026-11-20T23:59:59-08:00")
SIGNED_ONLY = "InvalidResource"
CUSTOM: dict[str, tuple[Any, ...]] = {
    "charge_on_solar": (True,),
    "clear_pin_to_drive": ("1234",),
    "closure": (ClosureState.OPEN,),
    "dashcam_save": (),
    "ping": (),
    "play_video": ("https://example.com/film.mp4",),
    "remove_key": (),
    "seat_heater": (SeatHeaterLevel.LOW,),
    "start_light_show": (1,),
    "stop_light_show": (),
}
ARGUMENTS: dict[str, Any] = {
    "actuate_trunk": ("front",),
    "add_charge_schedule": ("Monday,Friday", True, 52.5, 13.4, 60),
    "add_precondition_schedule": (127, True, 52.5, 13.4, 420),
    "adjust_volume": (3.5,),
    "batch_remove_charge_schedules": (True, False, False),
    "batch_remove_precondition_schedules": (True, False, False),
    "guest_mode": (True,),
    "navigation_gps_request": (52.5, 13.4, 1),
    "navigation_request": ("Alexanderplatz, Berlin",),
    "navigation_sc_request": (7, 1),
    "nearby_charging_sites": (3, 50, True),
    "release_notes": (False, 0),
    "remote_auto_seat_climate_request": (1, True),
    "remote_auto_steering_wheel_heat_climate_request": (True,),
    "remote_boombox": (2000,),
    "remote_seat_cooler_request": (1, 2),
    "remote_seat_heater_request": (0, 3),
    "remote_steering_wheel_heat_level_request": (3,),
    "remote_steering_wheel_heater_request": (True,),
    "remove_charge_schedule": (1,),
    "remove_precondition_schedule": (1,),
    "schedule_software_update": (60,),
    "set_bioweapon_mode": (True, False),
    "set_cabin_overheat_protection": (True, False),
    "set_charge_limit": (80,),
    "set_charging_amps": (16,),
    "set_climate_keeper_mode": (2,),
    "set_cop_temp": (1,),
    "set_pin_to_drive": (True, 1234),
    "set_preconditioning_max": (True, False),
    "set_scheduled_charging": (True, 60),
    "set_sentry_mode": (True,),
    "set_temps": (20.5, 21),
    "set_valet_mode": (True, 1234),
    "set_vehicle_name": ("Granny",),
    "signed_command": ("AAAA",),
    "speed_limit_activate": (1234,),
    "speed_limit_clear_pin": ("1234",),
    "speed_limit_deactivate": (1234,),
    "speed_limit_set_limit": (65,),
    "sun_roof_control": ("vent",),
    "take_drivenote": ("rattles",),
    "trigger_homelink": ("token", 52.5, 13.4),
    "upcoming_calendar_entries": ("{}",),
    "vehicle_data": (["charge_state", "location_data"],),
    "window_control": ("vent",),
}
RAISED = {
    # Granny has neither a driver nor the command protocol.
    "drivers_remove": "NotFound",
    "fleet_telemetry_config_create": "Forbidden",
    "share_invites_redeem": "NotFound",
    "signed_command": "InvalidResource",
    **dict.fromkeys(CUSTOM, SIGNED_ONLY),
}
SITE: dict[str, Any] = {
    "add_authorized_client": (b"key", "Laptop"),
    "backup": (35,),
    "backup_history": ("day", *DAY, "America/Los_Angeles"),
    "charge_history": (*DAY, "America/Los_Angeles"),
    "energy_history": ("day", *DAY, "America/Los_Angeles"),
    "grid_import_export": (False, "battery_ok"),
    "off_grid_vehicle_charging_reserve": (40,),
    "operation": ("autonomous",),
    "remove_authorized_client": ({"public_key": "a2V5"},),
    "schedule_backup_event": (DAY[0], 3600, 1),
    "set_island_mode": (1,),
    "set_local_site_config": ({"name": "Home"},),
    "storm_mode": (False,),
    "time_of_use_settings": ({"tariff_content_v2": {"code": "FREE"}},),
}


@pytest.fixture
def alices(alice: User, live_console: LiveConsole, person: MakePerson) -> Person:
    """Return Alice; Granny is awake, and nobody is told to slow down."""
    someone = person(alice)
    simulator = live_console.simulator
    simulator.hub.switches.rate_limits = False
    simulator.world.tempo.wake_delay_s = 0.0
    simulator.world.tempo.report_lag_s = 0.0
    simulator.world.tempo.write_lag_s = 0.0
    simulator.world.car_named("Granny").wake_up()
    return someone


def _methods(kind: type) -> list[str]:
    found = inspect.getmembers(kind, inspect.iscoroutinefunction)
    return sorted(name for name, _ in found if not name.startswith("_"))


async def _outcomes(
    thing: Any, names: list[str], arguments: Mapping[str, Any]
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in names:
        try:
            found[name] = await getattr(thing, name)(*arguments.get(name, ()))
        except TeslaFleetError as error:
            found[name] = error
    return found


def _play(console: LiveConsole, person: Person, story: Any) -> Any:
    async def scene() -> Any:
        async with aiohttp.ClientSession() as session:
            client = Teslemetry(session, person.access_token, server=console.url)
            return await story(client)

    return asyncio.run(scene())


def _raised(outcomes: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: type(one).__name__
        for name, one in outcomes.items()
        if isinstance(one, TeslaFleetError)
    }


def test_every_method_of_a_car_is_answered(
    live_console: LiveConsole, alices: Person
) -> None:
    vin = live_console.simulator.world.car_named("Granny").vin
    names = [
        name for name in _methods(TeslemetryVehicle) if "share_invites_" not in name
    ]
    arguments = {
        **ARGUMENTS,
        **CUSTOM,
        "fleet_status": ([vin],),
        "fleet_telemetry_config_create": ({"vins": [vin], "config": {"port": 443}},),
        "options": (vin,),
        "warranty_details": (vin,),
    }

    async def story(client: Teslemetry) -> Any:
        car = client.vehicles.create(vin)
        outcomes = await _outcomes(car, names, arguments)
        made = await car.share_invites_create()
        code, number = made["response"]["code"], made["response"]["id_s"]
        outcomes |= await _outcomes(
            car, ["share_invites_redeem"], {"share_invites_redeem": (code,)}
        )
        outcomes["share_invites_revoke"] = await car.share_invites_revoke(number)
        return outcomes

    outcomes = _play(live_console, alices, story)
    assert _raised(outcomes) == RAISED
    assert outcomes["server_side_polling"] is False
    assert outcomes["options"]["response"]["codes"]
    commands = (
        set(ARGUMENTS)
        - RAISED.keys()
        - {
            "nearby_charging_sites",
            "release_notes",
            "vehicle_data",
        }
    )
    for name in commands:
        assert isinstance(outcomes[name]["response"]["result"], bool), name


def test_every_method_of_a_site_is_answered_and_settings_hold(
    live_console: LiveConsole, alices: Person
) -> None:
    number = live_console.simulator.world.site_named("Home").id

    async def story(client: Teslemetry) -> Any:
        site = client.energySites.create(number)
        outcomes = await _outcomes(site, _methods(TeslemetryEnergySite), SITE)
        await site.add_authorized_client(b"key")
        return outcomes, await site.site_info(), await site.list_authorized_clients()

    outcomes, info, clients = _play(live_console, alices, story)
    assert _raised(outcomes) == {}
    assert info["response"]["backup_reserve_percent"] == 35
    assert info["response"]["default_real_mode"] == "autonomous"
    assert info["response"]["user_settings"]["storm_mode_enabled"] is False
    components = info["response"]["components"]
    assert components["customer_preferred_export_rule"] == "battery_ok"
    (client,) = clients["response"]["clients"]
    assert (client["public_key"], client["state"]) == ("a2V5", 1)
    network = outcomes["get_networking_status"]["response"]
    assert network["eth"]["active_route"] is True


def test_every_method_of_an_account_is_answered(
    live_console: LiveConsole, alices: Person, registered: RunningSimulator
) -> None:
    vin = registered.world.car_named("Granny").vin
    names = [
        "fields",
        "ping",
        "products",
        "scopes",
        "server_side_polling",
        "status",
        "test",
        "userdata",
        "vehicle_data_refresh",
        "vehicle_config",
    ]
    arguments = dict.fromkeys(
        ("server_side_polling", "vehicle_config", "vehicle_data_refresh"), (vin,)
    )

    async def story(client: Teslemetry) -> Any:
        return {
            **await _outcomes(client, names, arguments),
            "auto on": await client.server_side_polling(vin, value=True),
            "auto off": await client.server_side_polling(vin, value=False),
            **await _outcomes(client.user, _methods(type(client.user)), {}),
            **await _outcomes(client.charging, _methods(type(client.charging)), {}),
        }

    outcomes = _play(live_console, alices, story)
    assert _raised(outcomes) == {"backup_key": "NotFound", "sessions": "Forbidden"}
    assert outcomes["status"] in {"ok", "degraded"}
    assert outcomes["fields"]["Soc"]["type"] == "float"
    assert outcomes["userdata"]["response"]["email"] == "alice@example.com"
    assert outcomes["vehicle_config"]["car_type"]
    assert (outcomes["auto on"], outcomes["auto off"]) == (False, False)
    assert outcomes["history"]["response"]["data"][0]["invoices"]


@pytest.mark.parametrize(
    ("fault", "facts", "raised"),
    [
        ("status", {"status": 400}, "InvalidRequest"),
        ("status", {"status": 403}, "Forbidden"),
        ("status", {"status": 404}, "NotFound"),
        ("status", {"status": 412}, "PreconditionFailed"),
        ("status", {"status": 422}, "InvalidResource"),
        ("status", {"status": 423}, "Locked"),
        ("status", {"status": 424}, "InvalidResponse"),
        ("status", {"status": 451}, "ResourceUnavailableForLegalReasons"),
        ("status", {"status": 499}, "ClientClosedRequest"),
        ("status", {"status": 500}, "InternalServerError"),
        ("status", {"status": 503}, "ServiceUnavailable"),
        ("status", {"status": 504}, "GatewayTimeout"),
        ("status", {"status": 540}, "DeviceUnexpectedResponse"),
        ("rate_limit", {}, "RateLimited"),
    ],
)
def test_errors_of_tesla_become_the_exceptions_of_the_client(
    live_console: LiveConsole,
    alices: Person,
    fault: str,
    facts: dict[str, Any],
    raised: str,
) -> None:
    live_console.simulator.faults.add(fault, "*/users/me", **facts)

    async def story(client: Teslemetry) -> Any:
        return await _outcomes(client.user, ["me"], {})

    assert _raised(_play(live_console, alices, story)) == {"me": raised}


def test_errors_of_the_gateway_become_the_exceptions_of_the_client(
    live_console: LiveConsole, alices: Person
) -> None:
    vin = live_console.simulator.world.car_named("Granny").vin

    async def story(client: Teslemetry) -> Any:
        car = client.vehicles.create(vin)
        nothing = client.vehicles.create("5YJ3E1EA0NF999999")
        sleeping = client.vehicles.create(
            live_console.simulator.world.car_named("Luna").vin
        )
        return {
            "field": (await _outcomes(car, ["set_temps"], {"set_temps": (90, 90)}))[
                "set_temps"
            ],
            "unknown": (await _outcomes(nothing, ["honk_horn"], {}))["honk_horn"],
            "asleep": (await _outcomes(sleeping, ["vehicle_data"], {}))["vehicle_data"],
        }

    outcomes = _play(live_console, alices, story)
    assert _raised(outcomes) == {
        "field": "InvalidField",
        "unknown": "NotFound",
        "asleep": "VehicleOffline",
    }
    assert outcomes["field"].data["messages"].keys() == {
        "driver_temp",
        "passenger_temp",
    }


def test_home_assistant_sets_itself_up(
    live_console: LiveConsole, alices: Person
) -> None:
    async def story(client: Teslemetry) -> Any:
        metadata, products = await asyncio.gather(
            client.metadata(update_region=False), client.products()
        )
        found: dict[str, Any] = {"metadata": metadata, "cars": [], "sites": []}
        for product in products["response"]:
            if metadata["vehicles"].get(product.get("vin"), {}).get("access"):
                assert product["display_name"]
                assert product["command_signing"] in {"off", "allowed", "required"}
                car = client.vehicles.create(product["vin"])
                names = ["vehicle_data"]
                found["cars"].append(await _outcomes(car, names, {}))
            elif "energy_site_id" in product:
                components = product["components"]
                assert components["battery"] is True
                assert components["solar"] is True
                assert all("din" in one for one in components["wall_connectors"])
                site = client.energySites.create(product["energy_site_id"])
                names = ["live_status", "get_networking_status", "site_info"]
                found["sites"].append(await _outcomes(site, names, {}))
        return found

    found = _play(live_console, alices, story)
    metadata = found["metadata"]
    assert {"scopes", "region", "vehicles", "energy_sites"} <= metadata.keys()
    assert len(found["cars"]) == 3
    for car in found["cars"]:
        outcome = car["vehicle_data"]
        asleep = isinstance(outcome, TeslaFleetError)
        assert asleep or outcome["response"]["vehicle_config"]
    (site,) = found["sites"]
    assert _raised(site) == {}
    assert all(
        "din" in one for one in site["live_status"]["response"]["wall_connectors"]
    )
    info = site["site_info"]["response"]
    assert info["installation_time_zone"]
    assert info["version"]
