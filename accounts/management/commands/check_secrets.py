"""`manage.py check_secrets`: refuse to go on with keys that do not open the data."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.checks import HINT
from accounts.services import sealed


class Command(BaseCommand):
    """Fail when a stored secret needs an encryption key that is missing or wrong."""

    help = "Check that ENCRYPTION_KEYS opens every stored secret."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """List what cannot be opened, and fail if there is anything."""
        problems = sealed.problems()
        if problems:
            lines = "\n".join(f"  - {problem}" for problem in problems)
            raise CommandError(f"Keyfob cannot start.\n{lines}\n{HINT}")
        self.stdout.write("Every stored secret can be opened.")
