"""`manage.py healthcheck`: fail when a process has fallen silent."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from console.health import DELIVERER, missing
from console.tasks import WORKER
from events import alive


class Command(BaseCommand):
    """Read the last sign of life of the worker, the receiver or the deliverer."""

    help = "Succeed while Redis and the process that is named are running."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the process to look for: the worker with its clock, unless it is said."""
        parser.add_argument(
            "process",
            nargs="?",
            default=WORKER,
            choices=(WORKER, alive.RECEIVER, DELIVERER),
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Say what is not running, and fail if it is."""
        found = missing(options["process"], timezone.now())
        if found:
            raise CommandError(" ".join(trouble.title for trouble in found))
