"""`manage.py healthcheck`: fail when the worker or its clock has fallen silent."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from console.health import troubles


class Command(BaseCommand):
    """Read the clock's last sign of life, which a worker writes every 10 s."""

    help = "Succeed while Redis, the clock and a worker are running."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Say what is not running, and fail if there is anything."""
        found = troubles(timezone.now())
        if found:
            raise CommandError(" ".join(trouble.title for trouble in found))
