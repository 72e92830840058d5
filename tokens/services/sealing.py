"""Put Tesla's tokens into a grant's sealed columns, and take them out again."""

import secrets
from datetime import datetime

from django.utils import timezone

import fleet
from accounts import crypto
from fleet import oauth
from tokens.models import TeslaGrant
from tokens.services.spool import Pair

# A timer renews at three quarters of a token's life, each grant a little apart.
_RENEW_AFTER = 0.75
_JITTER = 0.05


def pair_columns(
    grant: TeslaGrant, pair: Pair, *, previous_refresh_token: str
) -> dict[str, object]:
    """Return the columns that store a new pair: tokens, times, scopes, health.

    Scopes are what Tesla wrote into the token: a person can have changed them.
    """
    now = timezone.now()
    return {
        "tesla_access_token_sealed": _sealed(
            grant, "tesla_access_token_sealed", pair.access_token
        ),
        "refresh_token_sealed": _sealed(
            grant, "refresh_token_sealed", pair.refresh_token
        ),
        "previous_refresh_token_sealed": _sealed(
            grant, "previous_refresh_token_sealed", previous_refresh_token
        ),
        "tesla_access_token_expires_at": pair.expires_at,
        "next_refresh_at": (
            _refresh_at(now, pair.expires_at) if pair.refresh_token else None
        ),
        "scopes": scopes_of(grant, pair),
        "scopes_at": now,
        "refreshed_at": now,
        "state": TeslaGrant.State.ACTIVE,
        "failures": 0,
        "last_error": "",
        "lease_id": None,
        "lease_until": None,
        "generation": grant.generation + 1,
    }


def scopes_of(grant: TeslaGrant, pair: Pair) -> list[str]:
    """Return what a pair's access token may do; what the grant had where it is unclear."""
    try:
        return list(oauth.read_claims(pair.access_token).scopes)
    except fleet.Unreadable:
        # The pair must be stored all the same: its refresh token works only once.
        return list(grant.scopes)


def unsealed(grant: TeslaGrant, column: str) -> str:
    """Return one sealed column in clear, empty for none.

    Raises `accounts.crypto.Undecryptable`.
    """
    sealed: str = getattr(grant, column)
    if not sealed:
        return ""
    return crypto.unseal(sealed, context=crypto.context_of(grant, column))


def _sealed(grant: TeslaGrant, column: str, plain: str) -> str:
    if not plain:
        return ""
    return crypto.seal(plain, context=crypto.context_of(grant, column))


def _refresh_at(now: datetime, expires_at: datetime) -> datetime:
    share = _RENEW_AFTER - _JITTER * secrets.randbelow(1000) / 1000
    return now + (expires_at - now) * share
