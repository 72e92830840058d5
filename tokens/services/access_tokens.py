"""The tokens that we issue to a user's programs.

Their text is `kf_`, 32 random characters of base62 (190 bits) and the CRC-32 of those
in 6 characters of base62, so that a scanner or a typing error is told apart offline:
`kf_[0-9A-Za-z]{38}`. Only the SHA-256 is kept.
"""

import hashlib
import secrets
import string
import uuid
import zlib
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from accounts.models import User
from tokens.models import MOST_ACCESS_TOKENS, AccessToken, HourlyToken

PREFIX = "kf_"
TOUCH_EVERY = timedelta(minutes=1)
_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_CHARACTERS = frozenset(_ALPHABET)
_RANDOM_LENGTH = 32
_CHECKSUM_LENGTH = 6
_LENGTH = len(PREFIX) + _RANDOM_LENGTH + _CHECKSUM_LENGTH
_HINT_LENGTH = 6


class TooManyAccessTokens(Exception):
    """The user has as many access tokens as one may have."""


class AlreadyIssued(Exception):
    """The same form was sent before; its token's text was shown then."""


def issue(user: User, name: str, *, form_id: str = "") -> tuple[AccessToken, str]:
    """Make an access token; return the row and the text, which is kept nowhere.

    Parallel calls queue at the user's row, so that nobody passes the limit. A form
    that is sent twice, as a reloaded page is, has the same `form_id` and makes one
    token. Raises `TooManyAccessTokens` and `AlreadyIssued`.
    """
    key = uuid.uuid5(user.pk, form_id) if form_id else uuid.uuid4()
    text = new_text()
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        if AccessToken.objects.filter(pk=key).exists():
            raise AlreadyIssued
        if AccessToken.objects.filter(user=user).count() >= MOST_ACCESS_TOKENS:
            raise TooManyAccessTokens
        made = AccessToken.objects.create(
            id=key, user=user, name=name, digest=digest(text), hint=text[:_HINT_LENGTH]
        )
    return made, text


def remove(access_token: AccessToken) -> None:
    """Delete an access token; every process refuses it within a second.

    What a connection has goes with it. The row is locked first, as by a program that
    fetches its next token: so neither waits for the other in a circle.
    """
    with transaction.atomic():
        rows = AccessToken.objects.filter(pk=access_token.pk)
        rows.select_for_update().first()
        rows.delete()


def is_well_formed(text: str) -> bool:
    """Tell whether a text can be one of our tokens: prefix, characters, checksum.

    Costs no query and little time, whatever the text is.
    """
    if len(text) != _LENGTH or not text.startswith(PREFIX):
        return False
    body = text[len(PREFIX) :]
    if not _CHARACTERS.issuperset(body):
        return False
    return _checksum(body[:_RANDOM_LENGTH]) == body[_RANDOM_LENGTH:]


def digest(text: str) -> str:
    """Return the SHA-256 of a token's text, in hex: all that is kept of it."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def touch(uses: Mapping[str, tuple[datetime, str]]) -> int:
    """Note when, and by which client, tokens were last used; return how many rows.

    `uses` maps a token's digest to (when, client). A row that was touched less than
    a minute before stays as it is, whichever process wrote it.
    """
    touched = 0
    for token_digest, (used_at, client) in uses.items():
        hourly = HourlyToken.objects.filter(digest=token_digest)
        touched += (
            AccessToken.objects.filter(
                Q(digest=token_digest) | Q(pk__in=hourly.values("access_token"))
            )
            .filter(Q(last_used_at=None) | Q(last_used_at__lte=used_at - TOUCH_EVERY))
            .update(last_used_at=used_at, last_used_by=one_line(client))
        )
    return touched


def new_text(prefix: str = PREFIX) -> str:
    """Return a new secret in the form that scanners know; `prefix` says what it is."""
    body = "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM_LENGTH))
    return f"{prefix}{body}{_checksum(body)}"


def _checksum(body: str) -> str:
    rest = zlib.crc32(body.encode("ascii"))
    digits = []
    for _ in range(_CHECKSUM_LENGTH):
        rest, digit = divmod(rest, len(_ALPHABET))
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))


def one_line(client: str) -> str:
    """Return a client's name for itself, printable and at most 200 characters."""
    return "".join(sign for sign in client[:400] if sign.isprintable())[:200]
