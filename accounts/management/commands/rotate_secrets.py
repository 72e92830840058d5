"""`manage.py rotate_secrets`: seal everything under the newest encryption key."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.services import sealed


class Command(BaseCommand):
    """Seal anew what older keys sealed, and say which keys may go."""

    help = "Seal all secrets under the first key of ENCRYPTION_KEYS."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Rotate, then tell which keys are still needed."""
        rotation = sealed.rotate()
        needed = ", ".join(sorted(sealed.key_ids_in_use())) or "none"
        self.stdout.write(
            f"{rotation.rotated} texts sealed anew. Keys needed: {needed}."
        )
        if rotation.left:
            raise CommandError(f"{rotation.left} texts could not be opened by any key.")
