"""`manage.py prepare`: bring the data up to date before the processes start."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Migrate, check the encryption keys, collect static files, make the signing key.

    All of it can be repeated, and costs little when there is nothing to do.
    """

    help = "Bring database, static files and signing key up to date."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Do it in the order in which each step needs the one before."""
        call_command("migrate", interactive=False, verbosity=0)
        call_command("createcachetable", verbosity=0)
        call_command("check_secrets", stdout=self.stdout)
        call_command("collectstatic", interactive=False, verbosity=0)
        call_command("make_signing_key", stdout=self.stdout)
