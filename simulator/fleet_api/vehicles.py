"""Answer for cars."""

from typing import Any

from aiohttp import web

from simulator.answers import answer, refuse
from simulator.fleet_api.route import Visit

_GROUPS = {
    "charge_state",
    "climate_state",
    "closures_state",
    "drive_state",
    "gui_settings",
    "charge_schedule_data",
    "preconditioning_schedule_data",
    "vehicle_config",
    "vehicle_state",
}
_MOST_VINS = 100


async def products(visit: Visit) -> web.Response:
    """List cars and energy sites together, as far as the scopes reach."""
    person, world = visit.person, visit.hub.world
    found: list[dict[str, Any]] = []
    if person is not None and visit.has("vehicle_device_data"):
        found += [car.product(person) for car, _ in world.cars_of(person)]
    if person is not None and visit.has("energy_device_data"):
        found += [site.product() for site in world.sites_of(person)]
    return answer(found, count=len(found))


async def vehicles(visit: Visit) -> web.Response:
    """List the records of the person's cars, by pages."""
    person = visit.person
    cars = visit.hub.world.cars_of(person) if person else []
    records = [car.record(person) for car, _ in cars] if person else []
    return paged(visit, records, per_page=100)


def paged(visit: Visit, items: list[dict[str, Any]], per_page: int) -> web.Response:
    """Return the page of a list that `page` and `per_page` ask for."""
    size = visit.number("per_page", per_page, 1000)
    page = visit.number("page", 1, 10**6)
    pages = max(1, -(-len(items) // size))
    pagination = {
        "previous": page - 1 if page > 1 else None,
        "next": page + 1 if page < pages else None,
        "current": page,
        "per_page": size,
        "count": len(items),
        "pages": pages,
    }
    shown = items[(page - 1) * size : page * size]
    return answer(shown, pagination=pagination, count=len(shown))


async def vehicle(visit: Visit) -> web.Response:
    """Return one record; never wakes the car."""
    return answer(visit.vehicle.record(visit.user))


async def vehicle_data(visit: Visit) -> web.Response:
    """Return the groups asked for, all but the location when none are named."""
    car = visit.vehicle
    asked = {name for name in visit.query("endpoints").split(";") if name}
    groups = asked & _GROUPS if asked else set(_GROUPS)
    if "vehicle_data_combo" in asked:
        groups = set(_GROUPS)
    with_location = "location_data" in asked
    if with_location:
        groups.add("location_data")
    return answer(car.vehicle_data(visit.user, groups, with_location=with_location))


async def wake_up(visit: Visit) -> web.Response:
    """Start waking the car; the record still tells the old state."""
    visit.vehicle.wake_up()
    return answer(visit.vehicle.record(visit.user))


async def mobile_enabled(visit: Visit) -> web.Response:
    """Tell whether the owner allows mobile access."""
    return answer(visit.vehicle.mobile_enabled())


async def nearby_charging_sites(visit: Visit) -> web.Response:
    """List chargers near the car."""
    count = visit.number("count", 10, 100)
    radius = visit.number("radius", 100, 1000)
    return answer(visit.vehicle.nearby_charging_sites(count, radius))


async def recent_alerts(visit: Visit) -> web.Response:
    """List the car's newest alerts."""
    return answer(visit.vehicle.recent_alerts())


async def release_notes(visit: Visit) -> web.Response:
    """Return the notes of the firmware."""
    return answer(visit.vehicle.release_notes())


async def service_data(visit: Visit) -> web.Response:
    """Return the state of a service visit."""
    return answer(visit.vehicle.service_data())


async def charge_history(visit: Visit) -> web.Response:
    """Return the car's charging history as the owner's application draws it: empty."""
    return answer(
        {
            "screen_title": "Charge Stats",
            "total_charged": {"value": "0", "after_adornment": "kWh"},
            "charging_history_graph": {"data_points": []},
            "vin": visit.vehicle.vin,
        }
    )


async def specs(visit: Visit) -> web.Response:
    """Tell a partner how a car was built."""
    return answer(_car_of_partner(visit).options())


async def pricing(visit: Visit) -> web.Response:
    """Tell a partner what a car cost; nothing is known of it."""
    return answer({"vin": _car_of_partner(visit).vin, "pricing": None})


def _car_of_partner(visit: Visit) -> Any:
    found = visit.hub.world.cars.get(visit.request.match_info["vin"])
    if found is None:
        raise refuse(404, "not_found")
    return found


async def options(visit: Visit) -> web.Response:
    """Return the option codes of the car that `vin` names."""
    return answer(_car_of_query(visit).options())


async def warranty(visit: Visit) -> web.Response:
    """Return the warranties of the car that `vin` names."""
    return answer(_car_of_query(visit).warranty())


async def eligibility(visit: Visit) -> web.Response:
    """Answer that the car has neither upgrades nor subscriptions to buy."""
    car = _car_of_query(visit)
    return answer({"country": visit.user.country, "vin": car.vin, "eligible": []})


def _car_of_query(visit: Visit) -> Any:
    found = visit.hub.world.find_car(visit.user, visit.query("vin"))
    if found is None:
        raise refuse(404, "not_found")
    return found[0]


async def fleet_status(visit: Visit) -> web.Response:
    """Tell which of the named cars hold the application's key; never wakes.

    A stranger's VIN is in neither list.
    """
    vins = visit.body.get("vins")
    if not isinstance(vins, list) or not all(isinstance(vin, str) for vin in vins):
        raise refuse(400, "invalid_field", "vins must be a list of VINs")
    registration = visit.hub.registration(visit.region, visit.application.client_id)
    key_hex = registration.public_key_hex if registration else ""
    paired: list[str] = []
    unpaired: list[str] = []
    facts: dict[str, dict[str, Any]] = {}
    for vin in dict.fromkeys(vins[:_MOST_VINS]):
        found = visit.hub.world.find_car(visit.user, vin)
        if found is None or found[0].vin != vin:
            continue
        car = found[0]
        (paired if car.is_paired(key_hex) else unpaired).append(vin)
        facts[vin] = dict(car.fleet_status(key_hex))
        if len(vins) > 1:
            facts[vin]["discounted_device_data"] = None
    return answer(
        {"key_paired_vins": paired, "unpaired_vins": unpaired, "vehicle_info": facts}
    )
