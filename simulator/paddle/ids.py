"""Make ids as Paddle's: a prefix and 26 small letters and digits."""

import secrets

_SIGNS = "0123456789abcdefghjkmnpqrstvwxyz"


def new_id(prefix: str) -> str:
    """Return a new id, such as `txn_` and 26 signs."""
    return f"{prefix}_01" + "".join(secrets.choice(_SIGNS) for _ in range(24))


def fixed_id(prefix: str, name: str) -> str:
    """Return the same id at every start, made of a name in small letters."""
    return f"{prefix}_01{name.ljust(24, '0')}"
