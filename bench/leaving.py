"""Export and delete an account with many rows: time, memory, and how long others wait.

A fresh SQLite database in a temporary folder. The export runs in a process of its own, whose peak memory is told
beside that of one that only starts Django; its time stands beside that of reading the
same rows with the bare driver and compressing them, in the same run. While the account
is deleted, somebody else writes a row again and again: the longest wait is told.

    python -m bench.leaving [ROWS] [export]
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from bench import machine


def main(rows: int, *, deletes: bool) -> None:
    """Seed, export, delete unless told not to; print a line of figures for each."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        env = machine.console_environment(folder) | {
            "REDIS_URL": stack.enter_context(machine.redis(folder, core=1))
        }
        command = [sys.executable, "manage.py", "migrate", "-v0"]
        subprocess.run(command, env=env, check=True)
        _part("seed", rows, env)
        idle = _part("start", rows, env)
        bare = _part("bare", rows, env)
        made = _part("export", rows, env)
        gone = _part("delete", rows, env) if deletes else {}
    ratio = made["seconds"] / bare["seconds"]
    _say(
        f"export of {made['rows']:.0f} rows: {made['seconds']:.1f} s, {ratio:.1f} x reading"
        f" and compressing them ({bare['seconds']:.1f} s); peak {made['peak_mb']:.0f} MB,"
        f" of which Django {idle['peak_mb']:.0f} MB"
    )
    if not gone:
        return
    _say(
        f"deletion: {gone['seconds']:.1f} s; somebody else's write waited"
        f" {gone['median_wait_ms']:.1f} ms in the middle, {gone['longest_wait_ms']:.0f} ms"
        " at most"
    )


def _part(name: str, rows: int, env: Mapping[str, str]) -> dict[str, float]:
    """Run one part in a process of its own, and return its figures."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.account", name, str(rows)],
        env=env,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")


if __name__ == "__main__":
    main(
        int(sys.argv[1]) if len(sys.argv) > 1 else 100_000,
        deletes="export" not in sys.argv,
    )
