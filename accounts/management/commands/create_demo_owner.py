"""`manage.py create_demo_owner`: have an owner there where Tesla is simulated."""

import secrets
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.services.owner import OwnerExists, make_owner, new_owner_code

EMAIL = "owner@example.com"


class Command(BaseCommand):
    """Make the demo's owner with a random password, which is printed once."""

    help = "Make the owner of a demo. Does nothing when there is one already."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Make a code and use it up; refuse where Tesla is real."""
        if not settings.SIMULATED_TESLA:
            raise CommandError("This is not a demo. To make the owner: owner_code")
        code = new_owner_code()
        password = secrets.token_urlsafe(12)
        try:
            make_owner(code or "", EMAIL, password)
        except OwnerExists:
            self.stdout.write("The owner exists; sign in.")
            return
        self.stdout.write(f"The demo's owner is {EMAIL}, password {password}")
