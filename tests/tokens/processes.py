"""Run `tests.tokens.program` in processes of its own, on a database of their own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from simulator.testing import RunningSimulator

ROOT = Path(__file__).resolve().parents[2]
WITHIN_S = 120


@dataclass(frozen=True, slots=True)
class Place:
    """Where the processes work: their database, data folder and Tesla."""

    database_url: str
    data: Path
    simulator: RunningSimulator

    def run(self, verb: str, *arguments: Any) -> Any:
        """Run one verb in a process and return what it prints."""
        with self.started(verb, *arguments) as process:
            return result_of(process)

    @contextmanager
    def started(self, verb: str, *arguments: Any) -> Iterator[subprocess.Popen[str]]:
        """Start a process for one verb, and see to its end."""
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.tokens.program", verb, json.dumps(arguments)],
            cwd=ROOT,
            env=self.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        with process:
            try:
                yield process
            finally:
                process.kill()

    def migrate(self) -> None:
        """Lay out the tables."""
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "--verbosity=0"],
            cwd=ROOT,
            env=self.environment(),
            check=True,
            timeout=WITHIN_S,
        )

    def environment(self) -> dict[str, str]:
        """Return the environment of the processes: this one's, pointed elsewhere."""
        there = self.simulator.addresses
        return os.environ | {
            "DJANGO_SETTINGS_MODULE": "console.settings",
            "DATABASE_URL": self.database_url,
            "DATA": str(self.data),
            "TESLA_TOKEN_URL": there.token_url,
            "TESLA_JWKS_URL": there.jwks_url,
            "TESLA_ISSUERS": " ".join(there.issuers),
        }

    def link(self, person: str = "alice@example.com") -> str:
        """Link a Tesla account whose access token is over; return the grant's id."""
        given = self.simulator.link(person, client_id=settings.TESLA_CLIENT_ID)
        pk: str = self.run(
            "link", person, given["access_token"], given["refresh_token"]
        )
        return pk

    def in_parallel(self, processes: int, verb: str, *arguments: Any) -> list[Any]:
        """Run one verb in several processes that begin their work at once."""
        with ExitStack() as stack:
            running = [
                stack.enter_context(self.started(verb, *arguments))
                for _ in range(processes)
            ]
            for process in running:
                wait_until_ready(process)
            for process in running:
                go(process)
            return [result_of(process) for process in running]


def wait_until_ready(process: subprocess.Popen[str]) -> None:
    """Wait until a process has said that it can begin."""
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"


def go(process: subprocess.Popen[str]) -> None:
    """Let a process begin."""
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def result_of(process: subprocess.Popen[str]) -> Any:
    """Return what a process printed in the end."""
    printed, _ = process.communicate(timeout=WITHIN_S)
    assert process.returncode == 0
    return json.loads(printed)
