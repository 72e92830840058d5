"""Make the signed tokens that the auth server gives out."""

from datetime import timedelta
from typing import Any

from simulator.config import Application
from simulator.hub import Hub
from simulator.store import Grant
from simulator.world.persons import Person

LIFE = timedelta(hours=8)


def access_token(hub: Hub, grant: Grant, person: Person) -> str:
    """Return a user's access token with the scopes granted at this moment."""
    claims = _claims(hub, grant.client_id) | {
        "sub": person.sub,
        "aud": _audiences(hub, person.region),
        "scp": list(grant.scopes),
        "amr": ["pwd", "mfa", "otp"],
        "ou_code": person.region.upper(),
        "locale": person.locale,
        "account_type": "person",
        "auth_time": int(hub.clock.now().timestamp()),
        "sid": grant.grant_id,
    }
    return hub.key.sign(claims)


def id_token(hub: Hub, grant: Grant, person: Person, nonce: str) -> str:
    """Return who signed in, for the application alone."""
    now = int(hub.clock.now().timestamp())
    claims: dict[str, Any] = {
        "iss": hub.config.issuer,
        "aud": grant.client_id,
        "sub": person.sub,
        "email": person.email,
        "email_verified": True,
        "name": person.name,
        "locale": person.locale,
        "auth_time": now,
        "iat": now,
        "exp": now + int(LIFE.total_seconds()),
    }
    if nonce:
        claims["nonce"] = nonce
    return hub.key.sign(claims)


def partner_token(
    hub: Hub, application: Application, audience: str, scopes: tuple[str, ...]
) -> str:
    """Return an application's own token, for one region's base URL."""
    claims = _claims(hub, application.client_id) | {
        "sub": application.account_id,
        "aud": [audience, f"{hub.config.public_url}/auth/oauth2/v3/clientinfo"],
        "scp": list(scopes),
        "gty": "client-credentials",
        "account_type": "business",
    }
    return hub.key.sign(claims)


def _claims(hub: Hub, client_id: str) -> dict[str, Any]:
    now = int(hub.clock.now().timestamp())
    lived = int(LIFE.total_seconds())
    return {
        "iss": hub.config.issuer,
        "azp": client_id,
        "iat": now,
        "exp": now + lived,
    }


def _audiences(hub: Hub, region: str) -> list[str]:
    regions = ("cn",) if region == "cn" else ("na", "eu")
    bases = [hub.config.base_url(one) for one in regions]
    return [*bases, f"{hub.config.public_url}/auth/oauth2/v3/userinfo"]
