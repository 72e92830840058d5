"""Make the secrets of an instance at its first start, each in a file of its own."""

import base64
import os
import secrets
from pathlib import Path


def secret_files(data: Path) -> dict[str, Path]:
    """Return the files of the secrets this instance made for itself at first start."""
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    files = {
        "SECRET_KEY": (data / "secret-key", secrets.token_urlsafe(48)),
        "ENCRYPTION_KEYS": (data / "encryption-keys", f"k1:{key}"),
    }
    for path, text in files.values():
        if not path.exists():
            _write_secret(path, text)
    return {name: path for name, (path, _) in files.items()}


def _write_secret(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
