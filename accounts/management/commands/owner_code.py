"""`manage.py owner_code`: print the code that lets the first person become owner."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.urls import reverse

from accounts.services.owner import new_owner_code


class Command(BaseCommand):
    """Print a new one-time code; codes printed before no longer work."""

    help = "Print a one-time code for /welcome, or say that the owner exists."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Make the code and say where to type it."""
        code = new_owner_code()
        if code is None:
            self.stdout.write("The owner exists; sign in.")
            return
        address = f"{settings.PUBLIC_URL}{reverse('accounts:welcome')}"
        self.stdout.write(f"To become the owner, open {address} and type {code}")
