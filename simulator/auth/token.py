"""Exchange codes, rotate refresh tokens and give out partner tokens."""

import json
from hmac import compare_digest
from typing import Any

from aiohttp import web

from simulator.answers import Refused, document, new_txid
from simulator.auth.minting import LIFE, access_token, id_token, partner_token
from simulator.config import REGIONS, Application
from simulator.hub import Hub, hub_of
from simulator.scopes import PARTNER_SCOPES, SCOPES
from simulator.store import Code, Grant
from simulator.weather import CALL
from simulator.world.persons import Person

_STRANGER = "We don't recognize this client_id and client_secret combination."


async def token(request: web.Request) -> web.StreamResponse:
    """Answer the three grants that servers ask for, as form or as JSON."""
    hub, asked = hub_of(request), await _read(request)
    match asked.get("grant_type"):
        case "authorization_code":
            answered, email = _exchange(hub, asked)
        case "refresh_token":
            answered, email = _refresh(hub, asked)
        case "client_credentials":
            answered, email = _credentials(hub, asked), ""
        case _:
            raise _refuse(400, "unsupported_grant_type", "Unsupported grant type")
    request[CALL].person = email
    request[CALL].client_id = asked.get("client_id", "")
    return document(answered, headers={"Cache-Control": "no-store"})


async def _read(request: web.Request) -> dict[str, str]:
    if request.content_type == "application/json":
        try:
            asked = json.loads(await request.text())
        except (ValueError, RecursionError):
            asked = None
        if not isinstance(asked, dict):
            raise _refuse(400, "invalid_request", "The body cannot be read")
        return {str(name): str(value) for name, value in asked.items()}
    return {name: str(value) for name, value in (await request.post()).items()}


def _exchange(hub: Hub, asked: dict[str, str]) -> tuple[dict[str, Any], str]:
    application = _authenticated(hub, asked)
    code = hub.store.codes.get(asked.get("code", ""))
    person, grant = _redeemable(hub, application, code)
    if code is None or person is None or grant is None:
        words = "Invalid, expired or used authorization code"
        raise _refuse(400, "invalid_auth_code", words)
    if asked.get("redirect_uri") != code.redirect_uri:
        words = "The redirect_uri differs from the one of the authorize request"
        raise _refuse(400, "invalid_redirect_url", words)
    audience = asked.get("audience")
    if audience and audience.rstrip("/") not in _base_urls(hub):
        raise _refuse(400, "invalid_request", "The audience is not a Fleet API")
    code.used = True
    answered = _tokens(hub, grant, person)
    if "offline_access" in grant.scopes:
        prefix = person.region.upper()
        answered["refresh_token"] = grant.begin(prefix, hub.clock.now())
        hub.store.changed = True
    if "openid" in grant.scopes:
        answered["id_token"] = id_token(hub, grant, person, code.nonce)
    return answered, person.email


def _redeemable(
    hub: Hub, application: Application, code: Code | None
) -> tuple[Person | None, Grant | None]:
    if code is None or code.used or code.until <= hub.clock.now():
        return None, None
    if code.client_id != application.client_id:
        return None, None
    grant = hub.store.grant(code.client_id, code.email)
    return hub.world.persons.get(code.email), grant


def _refresh(hub: Hub, asked: dict[str, str]) -> tuple[dict[str, Any], str]:
    client_id, now = asked.get("client_id", ""), hub.clock.now()
    if hub.config.application(client_id) is None:
        raise _refuse(401, "unauthorized_client", _STRANGER)
    presented = asked.get("refresh_token", "")
    grant = hub.store.refresh_grant(client_id, presented) if presented else None
    person = hub.world.persons.get(grant.email) if grant else None
    if grant is None or person is None or "offline_access" not in grant.scopes:
        raise _login_required()
    prefix = person.region.upper()
    if presented == grant.refresh_token:
        until, renew = grant.refresh_until, grant.rotate
    else:
        until, renew = grant.previous_until, grant.repeat
    if until is None or until <= now:
        raise _login_required()
    hub.store.changed = True
    answered = _tokens(hub, grant, person) | {"refresh_token": renew(prefix, now)}
    if "openid" in grant.scopes:
        answered["id_token"] = id_token(hub, grant, person, "")
    return answered, person.email


def _credentials(hub: Hub, asked: dict[str, str]) -> dict[str, Any]:
    application = _authenticated(hub, asked)
    audience = asked.get("audience", "").rstrip("/")
    if audience not in _base_urls(hub):
        raise _refuse(400, "invalid_request", "The audience is not a Fleet API")
    wanted = asked.get("scope", "openid").split()
    scopes = tuple(one for one in (*SCOPES, *PARTNER_SCOPES) if one in wanted)
    return {
        "access_token": partner_token(hub, application, audience, scopes),
        "expires_in": int(LIFE.total_seconds()),
        "token_type": "Bearer",
    }


def _tokens(hub: Hub, grant: Grant, person: Person) -> dict[str, Any]:
    return {
        "access_token": access_token(hub, grant, person),
        "expires_in": int(LIFE.total_seconds()),
        "token_type": "Bearer",
    }


def _authenticated(hub: Hub, asked: dict[str, str]) -> Application:
    application = hub.config.application(asked.get("client_id", ""))
    secret = asked.get("client_secret", "").encode()
    if application is None or not compare_digest(
        application.client_secret.encode(), secret
    ):
        raise _refuse(401, "unauthorized_client", _STRANGER)
    return application


def _base_urls(hub: Hub) -> list[str]:
    return [hub.config.base_url(region) for region in REGIONS]


def _login_required() -> Refused:
    return _refuse(401, "login_required", "Login required")


def _refuse(status: int, error: str, description: str) -> Refused:
    txid = new_txid()
    body = {"error": error, "error_description": description, "txid": txid}
    return Refused(document(body, status))
