"""List the addresses of the auth server."""

from aiohttp import web

from simulator.auth.authorize import authorize, authorize_step
from simulator.auth.consent import consent, consent_step
from simulator.auth.discovery import keys, metadata, userinfo
from simulator.auth.token import token

_ROOT = "/auth/oauth2/v3"

AUTH_ROUTES = (
    web.get(f"{_ROOT}/authorize", authorize),
    web.post(f"{_ROOT}/authorize", authorize_step),
    web.post(f"{_ROOT}/token", token),
    web.get(f"{_ROOT}/discovery/thirdparty/keys", keys),
    web.get(f"{_ROOT}/userinfo", userinfo),
    web.get(f"{_ROOT}/thirdparty/.well-known/openid-configuration", metadata),
    web.get("/auth/user/revoke/consent", consent),
    web.post("/auth/user/revoke/consent", consent_step),
)
