"""Make ids as Stripe's: a prefix and 24 letters and digits."""

import secrets
import string

_SIGNS = string.ascii_letters + string.digits


def new_id(prefix: str) -> str:
    """Return a new id, such as `sub_` and 24 signs."""
    return f"{prefix}_1" + "".join(secrets.choice(_SIGNS) for _ in range(23))
