"""Prove that a notification comes from Stripe.

Ours, since the library's own verifier raises odd errors for odd headers. Source: Stripe,
"Verify webhook signatures manually".
"""

import hmac
import re
from collections.abc import Iterable

HEADER = "Stripe-Signature"
TOLERANCE_S = 300
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
    """Tell whether `header` (`t=…,v1=…[,v1=…]`) signs these very bytes just now.

    Each of the secrets may have signed: two are in use while one replaces the other.
    Only `v1` counts. What cannot be read is not genuine; nothing is raised.
    """
    if len(header) > _LONGEST_HEADER:
        return False
    times: list[str] = []
    digests: list[str] = []
    for part in header.split(","):
        key, _, value = part.strip().partition("=")
        if key == "t":
            times.append(value)
        elif key == "v1" and _DIGEST.fullmatch(value):
            digests.append(value)
    if len(times) != 1 or not digests or not _is_near(times[0], now_s, tolerance_s):
        return False
    signed = times[0].encode() + b"." + raw
    expected = [
        hmac.new(secret.encode(), signed, "sha256").hexdigest() for secret in secrets
    ]
    # All are compared, so that the time taken tells nothing of which one fits.
    return any([hmac.compare_digest(a, b) for a in expected for b in digests])  # noqa: C419 - see above


def _is_near(text: str, now_s: float, tolerance_s: float) -> bool:
    if not text.isascii() or not text.isdigit() or len(text) > _LONGEST_TIME:
        return False
    return abs(now_s - int(text)) <= tolerance_s
