"""List the addresses of the Fleet API: scopes, prices and who answers."""

import re

from aiohttp import web

from simulator.answers import refuse
from simulator.config import REGIONS
from simulator.fleet_api import (
    commands,
    energy,
    partner,
    sharing,
    telemetry,
    users,
    vehicles,
)
from simulator.fleet_api.gates import admit, check_content_type, guarded
from simulator.fleet_api.route import Answerer, Route, Subject

_CAR = ("vehicle_device_data",)
_OWN = ("vehicle_cmds",)
_COMMANDS = ("vehicle_cmds", "vehicle_charging_cmds")
_CHARGING = ("vehicle_charging_cmds",)
_SPECS = ("vehicle_specs",)
_PRICING = ("vehicle_pricing_info",)
_SITE = ("energy_device_data",)
_SITE_WRITE = ("energy_cmds",)
_PROFILE = ("user_data",)
_EITHER = ("vehicle_device_data", "energy_device_data")
_V, _S, _P = Subject.VEHICLE, Subject.SITE, Subject.PARTNER


def _car(name: str, answerer: Answerer, *, price: str = "free") -> Route:
    path = f"/vehicles/{{tag}}/{name}"
    return Route("GET", path, answerer, _CAR, _V, price)


def _site(name: str, answerer: Answerer) -> Route:
    return Route("GET", f"/energy_sites/{{site}}/{name}", answerer, _SITE, _S)


def _site_write(name: str, answerer: Answerer) -> Route:
    return Route("POST", f"/energy_sites/{{site}}/{name}", answerer, _SITE_WRITE, _S)


_INVITATIONS = "/vehicles/{tag}/invitations"
_TELEMETRY = "/vehicles/{tag}/fleet_telemetry_config"

ROUTES = (
    Route("GET", "/products", vehicles.products, _EITHER),
    Route("GET", "/vehicles", vehicles.vehicles, _CAR),
    Route("POST", "/vehicles/fleet_status", vehicles.fleet_status, _CAR),
    Route("POST", "/vehicles/fleet_telemetry_config", telemetry.configure, _CAR),
    Route(
        "POST",
        "/vehicles/fleet_telemetry_config_jws",
        telemetry.configure_signed,
        _CAR,
    ),
    Route("GET", "/vehicles/{tag}", vehicles.vehicle, _CAR, _V),
    _car("vehicle_data", vehicles.vehicle_data, price="data"),
    _car("mobile_enabled", vehicles.mobile_enabled),
    _car("nearby_charging_sites", vehicles.nearby_charging_sites, price="data"),
    _car("recent_alerts", vehicles.recent_alerts, price="data"),
    _car("release_notes", vehicles.release_notes, price="data"),
    _car("service_data", vehicles.service_data),
    _car("drivers", sharing.drivers),
    Route("DELETE", "/vehicles/{tag}/drivers", sharing.remove_driver, _OWN, _V),
    _car("invitations", sharing.invitations),
    Route("POST", _INVITATIONS, sharing.invite, _OWN, _V),
    Route(
        "POST",
        f"{_INVITATIONS}/{{invitation}}/revoke",
        sharing.revoke_invitation,
        _OWN,
        _V,
    ),
    Route("POST", "/invitations/redeem", sharing.redeem, _CAR),
    _car("fleet_telemetry_errors", telemetry.errors),
    Route("GET", _TELEMETRY, telemetry.config, _CAR, _V),
    Route("DELETE", _TELEMETRY, telemetry.remove_config, _CAR, _V, partners_too=True),
    Route("POST", "/vehicles/{tag}/charge_history", vehicles.charge_history, _CAR, _V),
    Route("GET", "/vehicles/{vin}/specs", vehicles.specs, _SPECS, _P, "specs"),
    Route("GET", "/vehicles/{vin}/pricing", vehicles.pricing, _PRICING, _P),
    Route("POST", "/vehicles/{tag}/wake_up", vehicles.wake_up, _CAR, _V, "wakes"),
    Route(
        "POST",
        "/vehicles/{tag}/command/{command}",
        commands.command,
        _COMMANDS,
        _V,
        "commands",
    ),
    Route(
        "POST",
        "/vehicles/{tag}/signed_command",
        commands.signed_command,
        _COMMANDS,
        _V,
        "commands",
    ),
    Route("GET", "/dx/vehicles/options", vehicles.options, _CAR),
    Route("GET", "/dx/vehicles/upgrades/eligibility", vehicles.eligibility, _CAR),
    Route("GET", "/dx/vehicles/subscriptions/eligibility", vehicles.eligibility, _CAR),
    Route("GET", "/dx/warranty/details", vehicles.warranty, _CAR),
    Route("GET", "/subscriptions", users.subscriptions, _CAR),
    Route("GET", "/vehicle_subscriptions", users.subscriptions, _CAR),
    Route("POST", "/subscriptions", users.subscriptions, _CAR),
    Route("POST", "/vehicle_subscriptions", users.subscriptions, _CAR),
    Route("GET", "/dx/charging/history", users.charging_history, _CHARGING),
    Route("GET", "/dx/charging/invoice/{content}", users.charging_invoice, _CHARGING),
    Route("GET", "/dx/charging/sessions", users.charging_sessions, _CHARGING),
    _site("site_info", energy.site_info),
    _site("live_status", energy.live_status),
    _site("calendar_history", energy.calendar_history),
    _site("telemetry_history", energy.telemetry_history),
    _site_write("backup", energy.backup),
    _site_write("operation", energy.operation),
    _site_write("storm_mode", energy.storm_mode),
    _site_write(
        "off_grid_vehicle_charging_reserve", energy.off_grid_vehicle_charging_reserve
    ),
    _site_write("grid_import_export", energy.grid_import_export),
    _site_write("time_of_use_settings", energy.time_of_use_settings),
    _site_write("command", energy.command),
    Route("GET", "/users/me", users.me, _PROFILE),
    Route("GET", "/users/region", users.region, everywhere=True),
    Route("GET", "/users/orders", users.orders, _PROFILE),
    Route("GET", "/users/feature_config", users.feature_config, _PROFILE),
    Route("GET", "/users/backup_key", users.backup_key, _PROFILE),
    Route("POST", "/users/keys", users.keys, _CAR),
    Route("POST", "/partner_accounts", partner.register, (), _P),
    Route("GET", "/partner_accounts/public_key", partner.public_key, (), _P),
    Route(
        "GET",
        "/partner_accounts/fleet_telemetry_error_vins",
        partner.error_vins,
        (),
        _P,
    ),
    Route("GET", "/partner_accounts/fleet_telemetry_errors", partner.errors, (), _P),
)
_REGION = f"/{{region:{'|'.join(REGIONS)}}}"


def fleet_routes() -> list[web.RouteDef]:
    """Return all addresses, each behind its gates, and the refusals around them."""
    api = f"{_REGION}/api/1"
    listed = [
        web.route(route.method, f"{api}{route.path}", guarded(route))
        for route in ROUTES
    ]
    status = web.get(f"{_REGION}/status", _status)
    return [*listed, status, web.route("*", f"{_REGION}/{{rest:.*}}", _elsewhere)]


def prices() -> dict[tuple[str, str], str]:
    """Return the price of each address, by method and path behind the region."""
    api = "/{region}/api/1"
    return {(one.method, f"{api}{one.path}"): one.price for one in ROUTES}


async def _status(request: web.Request) -> web.StreamResponse:
    return web.Response(text="ok")


async def _elsewhere(request: web.Request) -> web.StreamResponse:
    check_content_type(request)
    admit(request, Subject.USER)
    path = request.match_info["rest"].removeprefix("api/1")
    allowed = sorted({one.method for one in ROUTES if _pattern(one).fullmatch(path)})
    if allowed:
        raise refuse(405, "method not allowed", headers={"Allow": ", ".join(allowed)})
    raise refuse(404, "not_found")


def _pattern(route: Route) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{[a-z]+\}", "[^/]+", route.path))
