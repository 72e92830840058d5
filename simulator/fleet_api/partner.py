"""Answer partners: register a domain's public key, show it, list errors."""

import re
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from simulator.answers import answer, refuse
from simulator.config import Application
from simulator.fleet_api.route import Visit
from simulator.fleet_api.telemetry import stream_errors
from simulator.public_keys import KeyUnavailable, fetch_public_key
from simulator.store import Registration

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_PORTAL = "https://developer.tesla.com/dashboard/app-details"


async def register(visit: Visit) -> web.Response:
    """Fetch the domain's key and register it in this region; again to update it."""
    domain = visit.body.get("domain")
    if not isinstance(domain, str) or not _DOMAIN.fullmatch(domain.lower()):
        raise refuse(400, "invalid_field", "domain must be a host name")
    domain = domain.lower()
    _check_origin(visit.application, domain)
    try:
        key_hex = await fetch_public_key(visit.hub.config, domain)
    except KeyUnavailable as error:
        words = f"Public key download failed for {domain}: {error}"
        raise refuse(424, words) from None
    return answer(_record(visit.application, _remember(visit, domain, key_hex)))


def _check_origin(application: Application, domain: str) -> None:
    origins = [urlsplit(one).hostname or one for one in application.allowed_origins]
    if _root(domain) not in {_root(origin) for origin in origins}:
        raise refuse(
            412,
            f"Root domain {_root(domain)} must match registered allowed origin on "
            f"{_PORTAL}/{application.client_id}",
        )


def _root(host: str) -> str:
    return ".".join(host.lower().split(".")[-2:])


def _remember(visit: Visit, domain: str, key_hex: str) -> Registration:
    hub, client_id = visit.hub, visit.application.client_id
    now = hub.clock.now()
    known = hub.registration(visit.region, client_id)
    created_at = known.created_at if known else now
    registration = Registration(
        visit.region, client_id, domain, key_hex, created_at, now
    )
    hub.store.registrations[visit.region, client_id] = registration
    hub.store.changed = True
    hub.world.adopt_key(key_hex, domain)
    return registration


def _record(application: Application, registration: Registration) -> dict[str, Any]:
    key = bytes.fromhex(registration.public_key_hex)
    return {
        "client_id": application.client_id,
        "name": application.name,
        "description": "",
        "domain": registration.domain,
        "ca": None,
        "created_at": registration.created_at.isoformat(),
        "updated_at": registration.updated_at.isoformat(),
        "enterprise_tier": "pay_as_you_go",
        "account_id": application.account_id,
        "issuer": None,
        "csr": None,
        "csr_updated_at": None,
        "public_key": registration.public_key_hex,
        "public_key_hash": sha256(key).hexdigest(),
    }


async def public_key(visit: Visit) -> web.Response:
    """Return the registered key of a domain, hexadecimal, or 404."""
    domain = visit.query("domain").lower()
    for registration in visit.hub.registrations_of_domain(domain):
        if registration.region == visit.region:
            return answer({"public_key": registration.public_key_hex})
    raise refuse(404, "not_found")


async def error_vins(visit: Visit) -> web.Response:
    """List the cars of this region with streaming errors."""
    vins = sorted({one["vin"] for one in stream_errors(visit)})
    return answer({"fleet_telemetry_error_vins": vins})


async def errors(visit: Visit) -> web.Response:
    """List the streaming errors of this region's cars, newest first."""
    return answer({"fleet_telemetry_errors": stream_errors(visit)})
