"""Send people to Tesla to consent, and trade codes and old tokens for new ones."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import httpx

from fleet import identity
from fleet.errors import FleetError, LoginRequired, Unreadable, refusal
from fleet.hosts import Hosts
from fleet.identity import Claims, IdClaims, read_claims
from fleet.regions import Region
from fleet.scopes import ASKED
from fleet.wire import TOKEN_BODY_CAP, Outgoing, Timeouts, send

__all__ = [
    "Application",
    "Claims",
    "IdClaims",
    "TeslaTokens",
    "authorize_url",
    "consent_url",
    "exchange_code",
    "fetch_jwks",
    "pairing_url",
    "partner_token",
    "read_claims",
    "refresh",
    "verify_id_token",
]

_TIMEOUTS = Timeouts(connect_s=5.0, read_s=15.0, total_s=15.0)
_PARTNER_SCOPES = "openid vehicle_device_data vehicle_cmds vehicle_charging_cmds"
_LONGEST_LIFE_S = 366 * 86_400


@dataclass(frozen=True, slots=True)
class Application:
    """Hold the operator's application at Tesla; its secret is not shown."""

    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str
    scopes: tuple[str, ...] = ASKED


@dataclass(frozen=True, slots=True)
class TeslaTokens:
    """Hold what Tesla's token endpoint gave; the tokens are not shown."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    id_token: str | None = field(repr=False)
    expires_at: datetime


def authorize_url(  # noqa: PLR0913 - each names one part of the request
    hosts: Hosts,
    app: Application,
    *,
    state: str,
    nonce: str,
    locale: str = "",
    prompt_missing_scopes: bool = True,
    prompt_login: bool = False,
) -> str:
    """Return where to send a person to sign in at Tesla and grant scopes.

    Without `prompt_missing_scopes` Tesla reuses an older grant and drops what
    is new in ours. `prompt_login` lets a person choose another Tesla account.
    Source: Tesla's page on third-party tokens.
    """
    query = {
        "response_type": "code",
        "client_id": app.client_id,
        "redirect_uri": app.redirect_uri,
        "scope": " ".join(app.scopes),
        "state": state,
        "nonce": nonce,
    }
    if locale:
        query["locale"] = locale
    if prompt_missing_scopes:
        query["prompt_missing_scopes"] = "true"
    if prompt_login:
        query["prompt"] = "login"
    return f"{hosts.authorize_url}?{urlencode(query)}"


def consent_url(hosts: Hosts, app: Application, back_url: str) -> str:
    """Return Tesla's page on which a person changes or withdraws their grant."""
    query = urlencode({"revoke_client_id": app.client_id, "back_url": back_url})
    return f"{hosts.consent_url}?{query}"


def pairing_url(hosts: Hosts, domain: str, vin: str = "") -> str:
    """Return the link that adds a domain's virtual key to a car, in Tesla's app."""
    link = f"{hosts.pairing_url.rstrip('/')}/{quote(domain, safe='.:-')}"
    return f"{link}?{urlencode({'vin': vin})}" if vin else link


def exchange_code(
    hosts: Hosts,
    app: Application,
    code: str,
    *,
    audience: str,
    http: httpx.Client | None = None,
) -> TeslaTokens:
    """Trade the code of a callback for tokens; `audience` is a base URL.

    A code works once. Raises `FleetError`: `InvalidRequest` for a used or
    foreign code.
    """
    form = {
        "grant_type": "authorization_code",
        "client_id": app.client_id,
        "client_secret": app.client_secret,
        "code": code,
        "audience": audience,
        "redirect_uri": app.redirect_uri,
    }
    return _tokens(hosts, form, (app.client_secret, code), http)


def refresh(
    hosts: Hosts,
    app: Application,
    refresh_token: str,
    http: httpx.Client | None = None,
) -> TeslaTokens:
    """Trade a refresh token, which works once, for a new pair.

    Store the new pair before using it. Raises `LoginRequired` where the grant
    is gone for good; any other `FleetError` may heal, and a `TimedOut` or
    `Unreadable` may have used the token up all the same.
    """
    form = {
        "grant_type": "refresh_token",
        "client_id": app.client_id,
        "refresh_token": refresh_token,
    }
    try:
        return _tokens(hosts, form, (refresh_token, app.client_secret), http)
    except FleetError as error:
        if error.code not in {"invalid_grant", "login_required"}:
            raise
        raise LoginRequired(
            status=error.status,
            code=error.code,
            description=error.description,
            txid=error.txid,
        ) from error


def partner_token(
    hosts: Hosts,
    app: Application,
    region: Region | str,
    http: httpx.Client | None = None,
) -> TeslaTokens:
    """Return the application's own token for one region; it cannot be refreshed."""
    form = {
        "grant_type": "client_credentials",
        "client_id": app.client_id,
        "client_secret": app.client_secret,
        "audience": hosts.base_urls[region],
        "scope": _PARTNER_SCOPES,
    }
    return _tokens(hosts, form, (app.client_secret,), http)


def fetch_jwks(hosts: Hosts, http: httpx.Client | None = None) -> dict[str, Any]:
    """Return the keys that Tesla signs tokens with: `{"keys": […]}`."""
    outgoing = Outgoing("GET", hosts.jwks_url, {"Accept": "application/json"})
    document = _document(outgoing, (), http)
    if not isinstance(document.get("keys"), list):
        raise Unreadable("Tesla's list of keys has another shape than expected")
    return document


def verify_id_token(
    hosts: Hosts,
    app: Application,
    id_token: str,
    nonce: str,
    jwks: Mapping[str, Any],
) -> IdClaims:
    """Return who signed in; see `fleet.identity`. Raises `InvalidIDToken`."""
    return identity.verify_id_token(
        hosts, app.client_id, id_token, nonce=nonce, jwks=jwks
    )


def _tokens(
    hosts: Hosts,
    form: Mapping[str, str],
    secrets: tuple[str, ...],
    http: httpx.Client | None,
) -> TeslaTokens:
    headers = {
        "Accept": "application/json",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    body = urlencode(form).encode()
    document = _document(
        Outgoing("POST", hosts.token_url, headers, body), secrets, http
    )
    access_token = document.get("access_token")
    life_s = document.get("expires_in")
    if not isinstance(access_token, str) or not access_token:
        raise Unreadable("Tesla's answer holds no access token", status=200)
    if type(life_s) is not int or not 0 < life_s <= _LONGEST_LIFE_S:
        raise Unreadable("Tesla's answer does not say how long", status=200)
    return TeslaTokens(
        access_token=access_token,
        refresh_token=_text_or_none(document, "refresh_token"),
        id_token=_text_or_none(document, "id_token"),
        expires_at=datetime.now(UTC) + timedelta(seconds=life_s),
    )


def _document(
    outgoing: Outgoing, secrets: tuple[str, ...], http: httpx.Client | None
) -> dict[str, Any]:
    answer = send(outgoing, http=http, timeouts=_TIMEOUTS, body_cap=TOKEN_BODY_CAP)
    if answer.status >= 400:
        raise refusal(answer.status, answer.body, dict(answer.headers), secrets=secrets)
    if answer.status != 200:
        raise Unreadable("Tesla answered with a redirect", status=answer.status)
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        # Not chained: the error would carry the body, and the body may hold tokens.
        raise Unreadable("Tesla's answer is not JSON", status=200) from None
    if not isinstance(document, dict):
        raise Unreadable("Tesla's answer has another shape than expected", status=200)
    return document


def _text_or_none(document: Mapping[str, Any], name: str) -> str | None:
    value = document.get(name)
    return value if isinstance(value, str) and value else None
