"""Show the pairing page and a car's locks screen."""

from aiohttp import web
from multidict import MultiMapping

from simulator.auth.login import person_of_form, sign_in, sign_out
from simulator.hub import Hub, hub_of
from simulator.pages import login_page, message, page, signed_in
from simulator.pairing.checks import CannotPair, check_car, check_domain
from simulator.world.cars.car import Car
from simulator.world.cars.keys import KeychainFull
from simulator.world.persons import Person


async def pairing(request: web.Request) -> web.StreamResponse:
    """Show the cars of the person, to choose one for the domain's key."""
    person = signed_in(request)
    if person is None:
        return login_page(hub_of(request))
    return _choice(request, person)


async def pairing_step(request: web.Request) -> web.StreamResponse:
    """Take a form of the page: sign in, another account, wake a car, add the key."""
    hub, form = hub_of(request), await request.post()
    if form.get("step") == "login":
        return _login(hub, request, form)
    person = signed_in(request)
    if person is None or form.get("step") == "another":
        response = login_page(hub)
        sign_out(hub, request, response)
        return response
    found = hub.world.find_car(person, str(form.get("vin", "")))
    if found is None:
        return _choice(request, person, error="Choose a car.")
    if form.get("step") == "wake":
        found[0].wake_up()
        words = f"{found[0].name} is waking up. This takes up to a minute."
        return _choice(request, person, note=words)
    return await _pair(request, person, found[0])


def _login(
    hub: Hub, request: web.Request, form: MultiMapping[object]
) -> web.StreamResponse:
    person = person_of_form(hub, form)
    if person is None:
        return login_page(hub, "We could not sign you in with these.")
    response = _choice(request, person)
    sign_in(hub, person, response)
    return response


async def _pair(request: web.Request, person: Person, car: Car) -> web.Response:
    hub, domain = hub_of(request), request.match_info["domain"].lower()
    try:
        key_hex = await check_domain(hub, person, domain)
        check_car(car)
        slot = car.pair(key_hex, domain)
    except CannotPair as error:
        return _choice(request, person, error=str(error))
    except KeychainFull:
        words = "The keychain of the car is full (KEYCHAIN_IS_FULL)."
        return _choice(request, person, error=words)
    hub.store.changed = True
    wait_s = (slot.effective_at - hub.clock.now()).total_seconds()
    return page("paired.html", car=car, domain=domain, wait_s=max(0, round(wait_s)))


def _choice(
    request: web.Request, person: Person, *, error: str = "", note: str = ""
) -> web.Response:
    hub = hub_of(request)
    chosen = request.query.get("vin", "")
    cars = [car for car, _ in hub.world.cars_of(person)]
    domain = request.match_info["domain"].lower()
    shown = [car for car in cars if car.vin == chosen] or cars
    holding = {
        car.vin
        for car in cars
        if domain in {slot.domain for slot in car.paired_keys.values()}
    }
    return page(
        "pairing.html",
        409 if error else 200,
        domain=domain,
        person=person,
        cars=shown,
        holding=holding,
        error=error,
        note=note,
    )


async def locks(request: web.Request) -> web.StreamResponse:
    """Show the keys that a car trusts, as its own screen does."""
    car = hub_of(request).world.cars.get(request.match_info["vin"])
    if car is None:
        return message("No such car", "There is no car with this VIN.", 404)
    return page("locks.html", car=car)


async def locks_step(request: web.Request) -> web.StreamResponse:
    """Delete a key from the car."""
    hub, form = hub_of(request), await request.post()
    car = hub.world.cars.get(request.match_info["vin"])
    if car is None:
        return message("No such car", "There is no car with this VIN.", 404)
    car.unpair(str(form.get("key", "")))
    hub.store.changed = True
    return web.Response(status=303, headers={"Location": f"/locks/{car.vin}"})
