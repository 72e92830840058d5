"""The unchanged client library of the field reads and asks through the running console."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from tesla_fleet_api import Teslemetry
from tesla_fleet_api.exceptions import (
    Forbidden,
    InvalidField,
    InvalidRequest,
    InvalidToken,
    MissingToken,
    NotFound,
    RateLimited,
    TeslaFleetError,
    VehicleOffline,
)

from accounts.models import User
from simulator.testing import RunningSimulator
from tests.api.conftest import MakePerson, Person
from tests.factories import SCOPES
from tests.fixtures.live import LiveConsole
from tests.vehicles.conftest import lull, rouse
from tokens.models import AccessToken
from tokens.services import access_tokens

Story = Callable[[Teslemetry], Awaitable[Any]]
Run = Callable[..., Any]


@pytest.fixture
def alices(alice: User, live_console: LiveConsole, person: MakePerson) -> Person:
    """Return Alice with her Tesla account linked and an access token."""
    return person(alice)


@pytest.fixture
def run(alices: Person, live_console: LiveConsole) -> Run:
    """Return a function that runs a story with a client of Alice's."""

    def play(story: Story, access_token: str = alices.access_token) -> Any:
        async def scene() -> Any:
            async with aiohttp.ClientSession() as session:
                client = Teslemetry(session, access_token, server=live_console.url)
                return await story(client)

        return asyncio.run(scene())

    return play


@pytest.fixture
def vin(live_console: LiveConsole) -> Callable[[str], str]:
    """Return a function that tells a car's VIN by its name."""
    return lambda name: live_console.simulator.world.car_named(name).vin


@pytest.fixture
def home(live_console: LiveConsole) -> int:
    """Return the number of Alice's energy site."""
    return live_console.simulator.world.site_named("Home").id


def test_client_reads_metadata(run: Run, alice: User, vin: Any, home: int) -> None:
    async def story(client: Teslemetry) -> Any:
        return await client.metadata(update_region=False), await client.scopes()

    metadata, scopes = run(story)
    assert (metadata["uid"], metadata["region"]) == (str(alice.pk), "NA")
    assert scopes == list(SCOPES)
    red = metadata["vehicles"][vin("Red")]
    assert (red["name"], red["access"], red["proxy"]) == ("Red", True, True)
    assert metadata["vehicles"][vin("Luna")]["issue"] == "key"
    assert metadata["energy_sites"] == {str(home): {"name": "Home", "access": True}}


def test_client_tests_its_access_and_lists_products(
    run: Run, vin: Any, home: int
) -> None:
    async def story(client: Teslemetry) -> Any:
        return await client.test(), await client.ping(), await client.products()

    test, ping, products = run(story)
    assert (test, ping) == ({"response": True}, {"response": "pong"})
    assert products["count"] == len(products["response"]) == 4
    cars = {one["vin"]: one for one in products["response"] if "vin" in one}
    assert set(cars) == {vin(name) for name in ("Red", "Luna", "Granny")}
    assert cars[vin("Red")]["display_name"] == "Red"
    assert cars[vin("Granny")]["command_signing"] == "off"
    (site,) = (one for one in products["response"] if "energy_site_id" in one)
    assert (site["energy_site_id"], site["site_name"]) == (home, "Home")
    assert len(site["components"]["wall_connectors"]) == 2


def test_client_reads_a_car_that_is_awake(run: Run, vin: Any) -> None:
    async def story(client: Teslemetry) -> Any:
        red = client.vehicles.create(vin("Red"))
        groups = ["charge_state", "location_data"]
        return (
            await red.vehicle(),
            await red.vehicle_data(),
            await red.vehicle_data(groups),
            await red.fleet_status([vin("Red"), vin("Luna")]),
        )

    vehicle, data, some, status = (one["response"] for one in run(story))
    assert (vehicle["vin"], vehicle["state"]) == (vin("Red"), "online")
    assert data["vehicle_state"]["vehicle_name"] == "Red"
    assert 0 < data["charge_state"]["battery_level"] <= 100
    assert "climate_state" not in some
    assert "latitude" in some["drive_state"]
    assert status["key_paired_vins"] == [vin("Red")]
    assert status["unpaired_vins"] == [vin("Luna")]


def test_client_meets_a_sleeping_car_and_wakes_it(
    run: Run, vin: Any, registered: RunningSimulator
) -> None:
    tempo = registered.world.tempo
    tempo.wake_delay_s, tempo.report_lag_s = 0.0, 0.0

    async def story(client: Teslemetry) -> Any:
        luna = client.vehicles.create(vin("Luna"))
        with pytest.raises(VehicleOffline) as offline:
            await luna.vehicle_data()
        assert registered.world.car_named("Luna").state == "asleep"
        woken = await luna.wake_up()
        return offline.value, woken, await luna.vehicle_data()

    offline, woken, data = run(story)
    assert (offline.status, offline.data["response"]["state"]) == (408, "asleep")
    assert woken["response"]["vin"] == vin("Luna")
    assert data["response"]["state"] == "online"
    assert registered.billed()["wakes"] == 1


def test_client_reads_an_energy_site(run: Run, home: int) -> None:
    async def story(client: Teslemetry) -> Any:
        site = client.energySites.create(home)
        day = ("2026-11-20T00:00:00-08:00", "2026-11-20T23:59:59-08:00")
        return (
            await site.site_info(),
            await site.live_status(),
            await site.energy_history("day", *day, "America/Los_Angeles"),
            await site.backup_history("day", *day, "America/Los_Angeles"),
            await site.charge_history(*day, "America/Los_Angeles"),
        )

    info, live, energy, backup, charge = (one["response"] for one in run(story))
    assert info["site_name"] == "Home"
    assert info["components"]["battery"] is True
    total_w = live["solar_power"] + live["battery_power"] + live["grid_power"]
    assert abs(total_w - live["load_power"]) < 1
    assert len(live["wall_connectors"]) == 2
    assert energy["period"] == "day"
    assert "solar_energy_exported" in energy["time_series"][0]
    assert "events" in backup
    assert "charge_history" in charge


def test_client_reads_its_user(run: Run) -> None:
    async def story(client: Teslemetry) -> Any:
        return await client.user.me(), await client.user.region()

    me, region = (one["response"] for one in run(story))
    assert me["email"] == "alice@example.com"
    assert region["region"] == "na"


@pytest.mark.parametrize(
    "name", ["5YJ3E1EA4PF000001", "9999999999999999"], ids=["vin", "id"]
)
def test_client_does_not_find_a_car_of_others(run: Run, vin: Any, name: str) -> None:
    async def story(client: Teslemetry) -> Any:
        said = []
        for tag in (name, vin("Blitz")):
            with pytest.raises(NotFound) as unknown:
                await client.vehicles.create(tag).vehicle_data()
            said.append(unknown.value.data)
        return said

    unknown, of_others = run(story)
    assert unknown == of_others
    assert unknown["error"] == "not_found"


def test_client_with_a_malformed_name_is_told(run: Run) -> None:
    async def story(client: Teslemetry) -> Any:
        with pytest.raises(InvalidRequest) as refused:
            await client.vehicles.create("RED").vehicle_data()
        return refused.value.data

    assert run(story)["error"] == "invalid_request"


@pytest.mark.parametrize(
    ("access_token", "error"), [("kf_nonsense", InvalidToken), ("", MissingToken)]
)
def test_client_without_a_good_token_is_told_which(
    run: Run, access_token: str, error: type[TeslaFleetError]
) -> None:
    async def story(client: Teslemetry) -> Any:
        with pytest.raises(error):
            await client.test()

    run(story, access_token)


def test_client_is_refused_within_a_second_of_the_removal(run: Run) -> None:
    async def before(client: Teslemetry) -> Any:
        return await client.test()

    async def after(client: Teslemetry) -> Any:
        await asyncio.sleep(1)
        with pytest.raises(InvalidToken) as refused:
            await client.test()
        return refused.value.data

    assert run(before) == {"response": True}
    access_tokens.remove(AccessToken.objects.get())
    assert run(after)["error"] == "invalid_token"


def test_client_is_told_how_long_to_wait(
    run: Run, vin: Any, registered: RunningSimulator
) -> None:
    registered.faults.add("rate_limit", "*/vehicle_data")

    async def story(client: Teslemetry) -> Any:
        with pytest.raises(RateLimited) as limited:
            await client.vehicles.create(vin("Red")).vehicle_data()
        return limited.value.data

    assert int(run(story)["after"]) >= 1


def test_client_commands_cars_that_want_signatures_and_one_that_does_not(
    run: Run, vin: Any, registered: RunningSimulator
) -> None:
    for name in ("Red", "Granny"):
        rouse(registered, name)

    async def story(client: Teslemetry) -> Any:
        red, granny = (client.vehicles.create(vin(one)) for one in ("Red", "Granny"))
        return [
            await red.door_unlock(),
            await red.set_charge_limit(71),
            await red.set_charge_limit(71),
            await red.auto_conditioning_start(),
            await red.set_temps(21.0, 20.5),
            await red.door_lock(),
            await granny.flash_lights(),
        ]

    done = {"response": {"result": True, "reason": ""}}
    same = {"response": {"result": False, "reason": "already_set"}}
    assert run(story) == [done, done, same, done, done, done, done]
    red = registered.world.car_named("Red")
    assert red.condition.body.locked
    assert red.condition.charging.limit_percent == 71
    calls = [call.path for call in registered.calls if "/vehicles/" in call.path]
    ends = [path.rpartition("/")[2] for path in calls if "command" in path]
    # Six commands, and a session with each of the car's two computers.
    assert ends == ["signed_command"] * 8 + ["flash_lights"]


def test_client_sends_custom_commands(
    run: Run, vin: Any, registered: RunningSimulator
) -> None:
    rouse(registered, "Red")

    async def story(client: Teslemetry) -> Any:
        red = client.vehicles.create(vin("Red"))
        return await red.ping(), await red.dashcam_save()

    ping, save = (one["response"] for one in run(story))
    assert ping["result"] is True
    # There is no USB drive in the car.
    assert (save["result"], bool(save["reason"])) == (False, True)


def test_client_commands_a_sleeping_car(
    run: Run, vin: Any, registered: RunningSimulator
) -> None:
    tempo = registered.world.tempo
    tempo.wake_delay_s, tempo.report_lag_s, tempo.busy_after_wake_s = 0.5, 0.0, 0.0
    lull(registered, "Red")

    async def story(client: Teslemetry) -> Any:
        return await client.vehicles.create(vin("Red")).honk_horn()

    assert run(story)["response"]["result"] is True
    assert registered.billed()["wakes"] == 1


def test_client_is_told_why_a_car_was_not_commanded(
    run: Run, vin: Any, registered: RunningSimulator
) -> None:
    rouse(registered, "Luna")

    async def story(client: Teslemetry) -> Any:
        with pytest.raises(Forbidden) as unpaired:
            await client.vehicles.create(vin("Luna")).door_lock()
        with pytest.raises(InvalidField) as wrong:
            await client.vehicles.create(vin("Luna")).set_charge_limit(500)
        return unpaired.value.data["error"], wrong.value.data["error"]

    assert run(story) == ("key_not_paired", "invalid_field")
