"""JSON less what strict readers, browsers and databases refuse."""

import re
from typing import Any

_NOT_TEXT = re.compile("[\x00\ud800-\udfff]")


def plain(value: Any) -> Any:
    """Return JSON that every reader takes, from any that `json.loads` returns.

    NUL signs and halves of surrogate pairs are left out of strings and names; NaN,
    infinity and numbers beyond 1e308 become None, whole numbers of more than 64 bits
    floats.
    """
    if isinstance(value, str):
        return _NOT_TEXT.sub("", value)
    if isinstance(value, dict):
        return {plain(key): plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, (int, float)) and not -(2**63) <= value < 2**63:
        return float(value) if -1e308 <= value <= 1e308 else None
    return value
