"""Prove that a notification comes from Stripe: `t=…,v1=…[,v1=…]`; only `v1` counts.

Source: Stripe, "Verify webhook signatures manually".
"""

from typing import Final

from billing.provider.signatures import Scheme

HEADER: Final = "Stripe-Signature"
TOLERANCE_S: Final = 300
is_genuine = Scheme(",", "t", "v1", b".", TOLERANCE_S).is_genuine
