"""Guard the Fleet API: 406, 401, 421, 412, 403, account, 429, 404, in this order."""

import json
from typing import Any

from aiohttp import web

from simulator.answers import Refused, refuse, refuse_asleep, refuse_silently
from simulator.config import Application
from simulator.fleet_api.route import Route, Subject, Visit
from simulator.hub import Hub, hub_of
from simulator.weather import CALL, Handler, rate_limited
from simulator.world.cars.car import VehicleUnavailable
from simulator.world.persons import Person

_REGIONS_PAGE = "https://developer.tesla.com/docs/fleet-api#regional-requirements"
_BODY_METHODS = ("POST", "PUT", "PATCH")


def guarded(route: Route) -> Handler:
    """Return the handler of a route, with all gates before it."""

    async def handle(request: web.Request) -> web.StreamResponse:
        check_content_type(request)
        visit = admit(request, route.subject)
        if not route.everywhere:
            _check_region(visit)
            _check_registration(visit, route)
        _check_scopes(visit, route)
        _check_account(visit)
        _check_rate(visit, route)
        _find_subject(visit, route)
        visit.body = await _read_body(request)
        try:
            return await route.answer(visit)
        except VehicleUnavailable:
            raise refuse_asleep() from None

    return handle


def check_content_type(request: web.Request) -> None:
    """Pass gate 1: a body must be declared as JSON. Refuses with 406."""
    declared = request.headers.get("Content-Type", "").partition(";")[0].strip()
    if request.method in _BODY_METHODS and declared.lower() != "application/json":
        raise refuse(406, "Content-Type must be application/json")


def admit(request: web.Request, subject: Subject) -> Visit:
    """Pass gate 2: read the bearer token. Refuses with 401.

    A user token on a partner address is refused with 403.
    """
    hub = hub_of(request)
    kind, _, text = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not text.strip():
        raise refuse_silently(401)
    claims = hub.key.read(text.strip())
    application = hub.config.application(str(claims.get("azp"))) if claims else None
    if claims is None or application is None or "scp" not in claims:
        raise _unauthorized(hub, "invalid bearer token")
    if claims["exp"] <= hub.clock.now().timestamp():
        raise _unauthorized(hub, "token expired (401)")
    region = request.match_info["region"]
    person = _person(hub, application, claims, region)
    if person is not None and subject is Subject.PARTNER:
        raise refuse(403, "Forbidden: a partner token is required")
    call = request[CALL]
    call.client_id = application.client_id
    call.person = person.email if person else ""
    scopes = tuple(claims["scp"])
    return Visit(hub, request, region, application, scopes, person)


def _person(
    hub: Hub, application: Application, claims: dict[str, Any], region: str
) -> Person | None:
    if claims.get("gty") == "client-credentials":
        if hub.config.base_url(region) not in claims["aud"]:
            raise _unauthorized(hub, "invalid bearer token")
        return None
    person = hub.person_of_sub(claims["sub"])
    grant = hub.store.grant(application.client_id, person.email) if person else None
    if grant is None or grant.grant_id != claims.get("sid"):
        # The consent behind this token was revoked.
        raise _unauthorized(hub, "invalid bearer token")
    return person


def _unauthorized(hub: Hub, error: str) -> Refused:
    return refuse_silently(401) if hub.switches.empty_401 else refuse(401, error)


def _check_region(visit: Visit) -> None:
    person = visit.person
    if person is None or person.region == visit.region:
        return
    base_url = visit.hub.config.base_url(person.region)
    raise refuse(
        421,
        f"user out of region, use base URL: {base_url}, see {_REGIONS_PAGE}",
        headers={"Alt-Svc": f"h2={base_url}"},
    )


def _check_registration(visit: Visit, route: Route) -> None:
    if route.subject is Subject.PARTNER:
        return
    client_id = visit.application.client_id
    if visit.hub.registration(visit.region, client_id) is None:
        account = visit.application.account_id
        raise refuse(
            412,
            f"Account {account} must be registered in the current region. See "
            "https://developer.tesla.com/docs/fleet-api/endpoints/partner-endpoints#register",
        )


def _check_scopes(visit: Visit, route: Route) -> None:
    if route.scopes and not set(route.scopes) & set(visit.scopes):
        raise missing_scopes(route.scopes[0])
    asked = visit.query("endpoints").split(";")
    if "location_data" in asked and not visit.has("vehicle_location"):
        raise missing_scopes("vehicle_location")


def missing_scopes(*scopes: str) -> Refused:
    """Return, to be raised, the 403 that names the scopes a token lacks."""
    return refuse(403, f"Unauthorized missing scopes {' '.join(scopes)}")


def _check_account(visit: Visit) -> None:
    switches = visit.hub.switches
    email = visit.person.email if visit.person else ""
    if email in switches.unknown_users:
        raise refuse(401, "unknown user")
    if visit.application.client_id in switches.over_billing_limit:
        raise refuse(402, "Payment required: the billing limit has been reached")
    if email in switches.locked_users:
        raise refuse(423, "account is locked")


def _check_rate(visit: Visit, route: Route) -> None:
    hub = visit.hub
    if route.subject is not Subject.VEHICLE or not hub.switches.rate_limits:
        return
    tag = visit.request.match_info.get("tag", "")
    found = visit.person and hub.world.find_car(visit.person, tag)
    device = found[0].vin if found else tag
    excess = hub.limits.take(
        visit.application.account_id, device, route.price, hub.clock.now()
    )
    if excess:
        raise Refused(rate_limited(excess.limit, excess.retry_after_s))


def _find_subject(visit: Visit, route: Route) -> None:
    names = visit.request.match_info
    if route.partners_too and visit.person is None:
        visit.car = visit.hub.world.cars.get(names["tag"])
    elif route.subject is Subject.VEHICLE and "tag" in names:
        found = visit.hub.world.find_car(visit.user, names["tag"])
        if found is None:
            raise refuse(404, "not_found")
        visit.car, visit.access_type = found
    if route.subject is Subject.SITE:
        number = names["site"]
        if not (number.isascii() and number.isdigit() and len(number) <= 18):
            raise refuse(404, "not_found")
        visit.site = visit.hub.world.find_site(visit.user, int(number))
        if visit.site is None:
            raise refuse(404, "not_found")


async def _read_body(request: web.Request) -> dict[str, Any]:
    text = await request.read()
    if not text.strip():
        return {}
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        raise refuse(400, "invalid_request", "the body is not JSON") from None
    if not isinstance(body, dict):
        raise refuse(400, "invalid_request", "the body is not an object")
    return body
