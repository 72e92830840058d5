"""Lend mypy the settings: it reads them, but has no environment of its own."""

import os

os.environ.update(
    {
        "SECRET_KEY": "read by the type checker only, and by nobody else 012345",
        "ENCRYPTION_KEYS": "t1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        "DATABASE_URL": "sqlite:///:memory:",
        "TESLA_CLIENT_ID": "types",
        "TESLA_CLIENT_SECRET": "types",
    }
)

from console.settings import *  # noqa: F403 - after the environment, and all of it
