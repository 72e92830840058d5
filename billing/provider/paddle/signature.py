"""Prove that a notification comes from Paddle: `ts=…;h1=…[;h1=…]`.

Source: Paddle, "Verify webhook signatures".
"""

from typing import Final

from billing.provider.signatures import Scheme

HEADER: Final = "Paddle-Signature"
TOLERANCE_S: Final = 60
is_genuine = Scheme(";", "ts", "h1", b":", TOLERANCE_S).is_genuine
