"""Put an endpoint's secrets into its sealed columns, and take them out again."""

import json

from accounts import crypto
from accounts.crypto import Undecryptable
from webhooks import signing
from webhooks.models import Endpoint

COLUMNS = (
    "secret_sealed",
    "old_secret_sealed",
    "authorization_sealed",
    "headers_sealed",
)


def put(endpoint: Endpoint, column: str, plain: str) -> None:
    """Seal a text into a column, or empty it; the row is not saved."""
    sealed = (
        crypto.seal(plain, context=crypto.context_of(endpoint, column)) if plain else ""
    )
    setattr(endpoint, column, sealed)


def take(endpoint: Endpoint, column: str) -> str:
    """Return a column in clear, empty for none. Raises `accounts.crypto.Undecryptable`."""
    sealed: str = getattr(endpoint, column)
    if not sealed:
        return ""
    return crypto.unseal(sealed, context=crypto.context_of(endpoint, column))


def unreadable(endpoint: Endpoint) -> list[str]:
    """Return the columns that no key opens any more, [] for none."""
    found = []
    for column in COLUMNS:
        try:
            take(endpoint, column)
        except Undecryptable:
            found.append(column)
    return found


def headers(endpoint: Endpoint) -> dict[str, str]:
    """Return the static headers, {} for none. Raises `accounts.crypto.Undecryptable`."""
    text = take(endpoint, "headers_sealed")
    found: dict[str, str] = json.loads(text) if text else {}
    return found


def authorization(endpoint: Endpoint) -> str:
    """Return the Authorization value, empty for none. Raises `Undecryptable`."""
    return take(endpoint, "authorization_sealed")


def key_of(endpoint: Endpoint, column: str) -> bytes:
    """Return the key of a sealed secret. Raises `accounts.crypto.Undecryptable`."""
    return signing.key_of(take(endpoint, column))
