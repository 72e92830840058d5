"""Sign bodies as Standard Webhooks has it.

Source: https://www.standardwebhooks.com, specification 1.0.0. The signed text is
`id.timestamp.body` in bytes; the timestamp is whole seconds of Unix time, so that no
time zone can come in between.
"""

import base64
import secrets
from binascii import b2a_base64
from collections.abc import Iterable
from functools import lru_cache

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

PREFIX = "whsec_"
_KEY_BYTES = 32


def new_secret() -> str:
    """Return a new secret, `whsec_` and 32 random bytes in base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()


def key_of(secret: str) -> bytes:
    """Return the key that a secret's text stands for. Raises ValueError."""
    return base64.b64decode(secret.removeprefix(PREFIX), validate=True)


def signature(
    keys: Iterable[bytes], message_id: str, timestamp_s: int, body: bytes
) -> str:
    """Return one `v1,<base64>` for each key, separated by spaces."""
    signed = b"%b.%d.%b" % (message_id.encode(), timestamp_s, body)
    return " ".join(
        [
            "v1," + b2a_base64(_digest(key, signed), newline=False).decode()
            for key in keys
        ]
    )


def _digest(key: bytes, signed: bytes) -> bytes:
    begun = _begun(key).copy()
    begun.update(signed)
    return begun.finalize()


@lru_cache(1024)
def _begun(key: bytes) -> HMAC:
    """Return the signature's beginning, the same for each message of an endpoint.

    The standard library's `hmac.digest` lets other threads in at each call, and waits
    for them to let go; its `HMAC` takes twice as long.
    """
    return HMAC(key, SHA256())
