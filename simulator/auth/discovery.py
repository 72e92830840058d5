"""Tell who we are: OpenID metadata, key set, user info."""

from aiohttp import web

from simulator.answers import document, refuse
from simulator.hub import hub_of


async def metadata(request: web.Request) -> web.StreamResponse:
    """Return the OpenID document, as sparse as the real one."""
    config = hub_of(request).config
    root = f"{config.public_url}/auth/oauth2/v3"
    return document(
        {
            "issuer": config.issuer,
            "authorization_endpoint": f"{root}/authorize",
            "token_endpoint": f"{root}/token",
            "jwks_uri": f"{root}/discovery/thirdparty/keys",
            "userinfo_endpoint": f"{root}/userinfo",
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code"],
            "scopes_supported": ["email", "profile", "openid", "metadata"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }
    )


async def keys(request: web.Request) -> web.StreamResponse:
    """Return the key set that signs all tokens."""
    headers = {"Cache-Control": "public, max-age=300"}
    return document(hub_of(request).key.jwks(), headers=headers)


async def userinfo(request: web.Request) -> web.StreamResponse:
    """Return the e-mail address and name behind an access token."""
    hub = hub_of(request)
    text = request.headers.get("Authorization", "").partition(" ")[2].strip()
    claims = hub.key.read(text) or {}
    person = hub.person_of_sub(str(claims.get("sub")))
    if person is None or claims.get("exp", 0) <= hub.clock.now().timestamp():
        raise refuse(401, "invalid bearer token")
    return document(
        {
            "sub": person.sub,
            "email": person.email,
            "email_verified": True,
            "name": person.name,
            "locale": person.locale,
        }
    )
