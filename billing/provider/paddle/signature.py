"""Prove that a notification comes from Paddle.

Ours, since the library's own verifier can be switched off by an environment variable
and raises odd errors for odd headers. Source: Paddle, "Verify webhook signatures".
"""

import hmac
import re
from collections.abc import Iterable

HEADER = "Paddle-Signature"
TOLERANCE_S = 60
_LONGEST_HEADER = 4096
_DIGEST = re.compile(r"[0-9a-f]{64}")
_LONGEST_TIME = 12


def is_genuine(
    raw: bytes,
    header: str,
    secrets: Iterable[str],
    *,
    now_s: float,
    tolerance_s: float = TOLERANCE_S,
) -> bool:
    """Tell whether `header` (`ts=…;h1=…[;h1=…]`) signs these very bytes just now.

    Each of the secrets may have signed: two are in use while one replaces the other.
    What cannot be read is not genuine; nothing is raised. `ts` must stand once.
    """
    if len(header) > _LONGEST_HEADER:
        return False
    times: list[str] = []
    digests: list[str] = []
    for part in header.split(";"):
        key, _, value = part.strip().partition("=")
        if key == "ts":
            times.append(value)
        elif key == "h1" and _DIGEST.fullmatch(value):
            digests.append(value)
    if len(times) != 1 or not digests or not _is_near(times[0], now_s, tolerance_s):
        return False
    signed = times[0].encode() + b":" + raw
    expected = [
        hmac.new(secret.encode(), signed, "sha256").hexdigest() for secret in secrets
    ]
    # All are compared, so that the time taken tells nothing of which one fits.
    return any([hmac.compare_digest(a, b) for a in expected for b in digests])  # noqa: C419 - see above


def _is_near(text: str, now_s: float, tolerance_s: float) -> bool:
    if not text.isascii() or not text.isdigit() or len(text) > _LONGEST_TIME:
        return False
    return abs(now_s - int(text)) <= tolerance_s
