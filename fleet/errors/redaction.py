"""Take everything secret, and everything odd, out of text that came from outside."""

import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

_LONGEST = 400
_REMOVED = "[removed]"
_SECRET = re.compile(
    r"eyJ[\w-]{6,}(?:\.[\w-]*){0,4}"  # a JSON web token, or the beginning of one
    r"|\b(?i:bearer)\s+\S{1,4096}"
    r"|\b(?:NA|EU|CN)_\w{16,}"  # Tesla's codes and refresh tokens
    r"|\b(?:kf|sk)_\w{16,}"
    r"|\b\w{40,}"  # long and unbroken: no word, VIN or UUID
)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Return at most 400 characters of the text on one line, without secrets.

    `secrets` are exact texts to remove; whatever looks like a token goes too.
    """
    for secret in secrets:
        for spelled in {secret, quote(secret), quote_plus(secret)} - {""}:
            text = text.replace(spelled, _REMOVED)
    shown = _SECRET.sub(_REMOVED, text[: _LONGEST * 10])
    return _UNPRINTABLE.sub(" ", shown)[:_LONGEST].strip()
