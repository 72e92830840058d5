"""`manage.py receive_telemetry`: take what cars stream."""

import argparse
import signal
import subprocess
import sys
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from telemetry.receiver import running, status

_LOOK_S = 0.2
_END_WITHIN_S = 12


class Command(BaseCommand):
    """Run the receiver, or ask whether it runs."""

    # Others load every page, which is memory for nothing here.
    requires_system_checks = ["telemetry"]
    help = "Take what cars stream, from their connections or from Tesla's own server."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add `--workers`, `--check` and what workers are started with."""
        parser.add_argument(
            "--workers",
            type=int,
            default=1,
            help="How many processes share the port; one is enough for thousands of cars.",
        )
        parser.add_argument(
            "--check",
            action="store_true",
            help="Succeed if this machine's receiver gave a sign of life in 30 s.",
        )
        parser.add_argument(
            "--one-of-many", action="store_true", help=argparse.SUPPRESS
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run until SIGTERM, or check and return."""
        if options["check"]:
            if not status.beats():
                raise CommandError("The receiver is not running.")
            return
        workers = options["workers"]
        if workers < 1:
            raise CommandError("There must be at least one worker.")
        if workers > 1 and settings.TELEMETRY_SOURCE != "receiver":
            raise CommandError("Tesla's server is listened to by one process.")
        if workers > 1:
            _supervise(workers)
        else:
            running.run(shares_port=options["one_of_many"])


def _supervise(workers: int) -> None:
    """Run workers that share the port; when one ends, all do."""
    command = [sys.executable, sys.argv[0], "receive_telemetry", "--one-of-many"]
    children = [subprocess.Popen(command) for _ in range(workers)]  # noqa: S603
    stopping: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda found, _frame: stopping.append(found))
    while not stopping and all(child.poll() is None for child in children):
        time.sleep(_LOOK_S)
    for child in children:
        child.terminate()
    deadline = time.monotonic() + _END_WITHIN_S
    for child in children:
        try:
            child.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
    if not stopping:
        raise CommandError("A worker ended.")
