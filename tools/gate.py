"""The web process's entry in `make run`: ready to go, it waits for the data.

Loading everything takes a second. Here that second passes while `tools.prepare` still
works; what reads the database or the static files is loaded after it.
"""

import os
import time
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
django.setup()

_prepared = Path(os.environ["KEYFOB_PREPARED"])
while not _prepared.exists():
    time.sleep(0.02)

from console.asgi import application  # noqa: E402 - not before the data is there

__all__ = ["application"]
