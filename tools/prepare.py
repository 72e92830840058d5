"""Bring the data of `make run` up to date, then make the application known at Tesla.

The supervisor starts this, waits for the line `PREPARED`, starts the web process, and
waits for the end. One process does both, since setting up Django takes a second.
"""

import io
import os
import sys
import time

import django
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command

from tools.surroundings import PREPARED, answers

_WEB_WITHIN_S = 60.0


def who_may_sign_in() -> None:
    """Print the demo's owner, or the code that makes the owner."""
    call_command("create_demo_owner" if settings.SIMULATED_TESLA else "owner_code")


def register(port: int) -> None:
    """Make the application known at Tesla once our public key can be fetched."""
    end_at = time.monotonic() + _WEB_WITHIN_S
    while not answers(port):
        if time.monotonic() > end_at:
            print("The web process does not answer; nothing was registered at Tesla.")
            return
        time.sleep(0.1)
    quiet = io.StringIO()
    try:
        call_command("register_application", stdout=quiet)
    except CommandError as error:
        print(f"{error}\nTo try again: manage.py register_application")


def main() -> int:
    """Run the program, `python -m tools.prepare PORT`; return its exit status."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
    try:
        django.setup()
        call_command("prepare", stdout=io.StringIO())
    except (ImproperlyConfigured, CommandError) as problem:
        print(problem)
        return 1
    print(PREPARED, end="", flush=True)
    who_may_sign_in()
    register(int(sys.argv[1]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
