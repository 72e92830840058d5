"""Encryption at rest: AES-256-GCM bound to the row and column that hold the text.

A sealed text reads `v1:<key id>:<base64 of nonce and ciphertext>`. The keys come from
`ENCRYPTION_KEYS`, newest first: the first seals, all of them unseal. Django's own key
is never used. A column whose name ends in `_sealed` holds sealed text or nothing.
"""

import base64
import binascii
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db.models import Model

_VERSION = "v1"
_NONCE_BYTES = 12


class Undecryptable(Exception):
    """A sealed text is damaged, was moved from another row, or its key is missing.

    `key_id` names the key that the text asks for; empty when it names none.
    """

    def __init__(self, words: str, *, key_id: str = "") -> None:
        super().__init__(words)
        self.key_id = key_id


def seal(plain: str, *, context: str) -> str:
    """Encrypt a text under the newest key so that it opens in this context only."""
    key_id, key = next(iter(settings.ENCRYPTION_KEYS.items()))
    nonce = secrets.token_bytes(_NONCE_BYTES)
    sealed = AESGCM(key).encrypt(nonce, plain.encode(), context.encode())
    return f"{_VERSION}:{key_id}:{base64.b64encode(nonce + sealed).decode()}"


def unseal(sealed: str, *, context: str) -> str:
    """Decrypt what `seal` made in the same context. Raises `Undecryptable`."""
    version, _, rest = sealed.partition(":")
    key_id, _, encoded = rest.partition(":")
    if version != _VERSION or not encoded:
        raise Undecryptable("This is not a sealed text.")
    key = settings.ENCRYPTION_KEYS.get(key_id)
    if key is None:
        raise Undecryptable(f"Encryption key {key_id!r} is not set.", key_id=key_id)
    try:
        blob = base64.b64decode(encoded, validate=True)
        nonce, ciphertext = blob[:_NONCE_BYTES], blob[_NONCE_BYTES:]
        return AESGCM(key).decrypt(nonce, ciphertext, context.encode()).decode()
    except (binascii.Error, ValueError, InvalidTag) as error:
        raise Undecryptable(
            "The text was sealed with another key, or for another row.", key_id=key_id
        ) from error


def context_of(row: Model, column: str) -> str:
    """Name the place of a sealed text: `table|primary key|column`.

    The row needs its primary key, not yet a row in the database.
    """
    return f"{row._meta.db_table}|{row.pk}|{column}"  # noqa: SLF001  # Django's documented interface
