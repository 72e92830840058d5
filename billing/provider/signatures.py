"""Prove that a notification comes from a provider.

Ours, since the providers' own verifiers raise odd errors for odd headers, and Paddle's
can be switched off by an environment variable.
"""

import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass

_LONGEST_HEADER = 4096
_DIGEST = re.compile(r"[0-9a-f]{64}")
_LONGEST_TIME = 12


@dataclass(frozen=True, slots=True)
class Scheme:
    """How one provider writes its signatures.

    In the header, `separator` stands between the parts, `time` names the moment in
    seconds and `digest` an HMAC-SHA256 in hex, of which there may be several. What is
    signed is the moment, `joint` and the body.
    """

    separator: str
    time: str
    digest: str
    joint: bytes
    tolerance_s: float

    def is_genuine(
        self,
        raw: bytes,
        header: str,
        secrets: Iterable[str],
        *,
        now_s: float,
        tolerance_s: float | None = None,
    ) -> bool:
        """Tell whether `header` signs these very bytes just now.

        Each of the secrets may have signed: two are in use while one replaces the
        other. What cannot be read is not genuine; nothing is raised. The moment must
        stand once.
        """
        if len(header) > _LONGEST_HEADER:
            return False
        parts = [part.strip().partition("=") for part in header.split(self.separator)]
        times = [value for key, _, value in parts if key == self.time]
        digests = [
            value
            for key, _, value in parts
            if key == self.digest and _DIGEST.fullmatch(value)
        ]
        near_s = self.tolerance_s if tolerance_s is None else tolerance_s
        if len(times) != 1 or not digests or not _is_near(times[0], now_s, near_s):
            return False
        signed = times[0].encode() + self.joint + raw
        expected = [
            hmac.new(secret.encode(), signed, "sha256").hexdigest()
            for secret in secrets
        ]
        # All are compared, so that the time taken tells nothing of which one fits.
        return any([hmac.compare_digest(a, b) for a in expected for b in digests])  # noqa: C419 - see above


def _is_near(text: str, now_s: float, tolerance_s: float) -> bool:
    if not text.isascii() or not text.isdigit() or len(text) > _LONGEST_TIME:
        return False
    return abs(now_s - int(text)) <= tolerance_s
