"""`manage.py recover_owner`: let a locked-out owner back in."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from accounts.services.members import remove_factors
from accounts.services.owner import owner, recovery_link


class Command(BaseCommand):
    """Open every lock on the owner's sign-in and print a link to a new password."""

    help = "Print a one-time link by which a locked-out owner chooses a new password."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the address of one of several owners, and what they lost."""
        parser.add_argument("--email", help="which owner, when there are several")
        parser.add_argument(
            "--remove-second-factors",
            action="store_true",
            help="for an owner who lost phone, key and recovery codes",
        )

    def handle(
        self,
        *_args: Any,
        email: str | None = None,
        remove_second_factors: bool = False,
        **_options: Any,
    ) -> None:
        """Find the owner, unlock the account and print the link."""
        user = owner()
        if email is not None:
            owners = User.objects.filter(is_superuser=True, email__iexact=email)
            user = owners.first()
        if user is None:
            raise CommandError("There is no such owner. To make one: owner_code")
        if remove_second_factors:
            remove_factors(user)
        link = recovery_link(user)
        minutes = settings.PASSWORD_RESET_TIMEOUT // 60
        self.stdout.write(f"Within {minutes} minutes, once, {user} may open:\n{link}")
