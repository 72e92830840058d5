"""Save a simulator's memory to a file and read it back."""

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

_NAME = "simulator.json"


def write_saved(folder: Path, saved: dict[str, Any], name: str = _NAME) -> None:
    """Replace the saved file in one step, readable by its owner alone."""
    folder.mkdir(parents=True, exist_ok=True)
    fresh = folder / f"{name}.new"
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(saved, file, default=_plain)
    fresh.replace(folder / name)


def read_saved(folder: Path, name: str = _NAME) -> dict[str, Any] | None:
    """Return what was saved last, or None before the first time. Raises ValueError."""
    try:
        text = (folder / name).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    saved: dict[str, Any] = json.loads(text)
    return saved


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"cannot save a {type(value).__name__}")
