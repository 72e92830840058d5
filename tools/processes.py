"""Start, watch and stop the processes of one run."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

STOP_WITHIN_S = 8.0
_MOST_DEATHS = 3
_WITHIN_S = 60.0
_WATCH_EVERY_S = 0.5
_LOOK_EVERY_S = 0.05
_SHOWN_LINES = 15


class Died(Exception):
    """A process ended that should not have; the text says which, and its last words."""


class Stop(Exception):
    """Somebody asked the run to end."""


class TooSlow(Exception):
    """What was waited for did not happen in time."""


class Child:
    """One long-running process, in a session of its own.

    A Ctrl-C in the terminal reaches the supervisor alone, which then stops its
    children in order. Output goes to a log file that begins anew with each run.
    While it is not `required`, its end is nobody's concern.
    """

    def __init__(
        self, name: str, command: Sequence[str], env: Mapping[str, str], log: Path
    ) -> None:
        self.name = name
        self.required = True
        self._command = list(command)
        self._env = dict(env)
        self._log = log
        self._deaths: list[float] = []
        self._process: subprocess.Popen[bytes] | None = None
        log.write_bytes(b"")

    def start(self) -> None:
        """Start the process."""
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        """Return what the process wrote in this run."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    @property
    def status(self) -> int | None:
        """Return the exit status; None while it runs and before it was started."""
        return self._process.poll() if self._process is not None else None

    def is_running(self) -> bool:
        """Tell whether the process was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def require(self) -> None:
        """Raise `Died` with the last lines of the log when it does not run."""
        if self.required and not self.is_running():
            raise Died(f"{self.name} ended with {self.status}.\n{self._last_words()}")

    def restart(self) -> None:
        """Start it again, unless it dies too often: then raise `Died`."""
        now = time.monotonic()
        self._deaths = [at for at in self._deaths if now - at < _WITHIN_S] + [now]
        if len(self._deaths) > _MOST_DEATHS:
            raise Died(f"{self.name} keeps ending.\n{self._last_words()}")
        self._end_group(signal.SIGKILL)
        self.start()

    def ask_to_stop(self) -> None:
        """Ask the process to end."""
        if self._process is not None and self.is_running():
            self._process.terminate()

    def stop(self, within_s: float = STOP_WITHIN_S) -> None:
        """Wait for the end; kill the process and its children after that time."""
        self.ask_to_stop()
        if self._process is not None:
            try:
                self._process.wait(within_s)
            except subprocess.TimeoutExpired:
                print(f"{self.name} did not stop in time and is killed.")
            self._end_group(signal.SIGKILL)
            self._process.wait()

    def _end_group(self, how: signal.Signals) -> None:
        """Signal whatever is left of the process's session."""
        if self._process is not None:
            try:
                os.killpg(self._process.pid, how)
            except (ProcessLookupError, PermissionError):
                return

    def _last_words(self) -> str:
        lines = self.output.splitlines()[-_SHOWN_LINES:]
        shown = "\n".join(f"  {line[:400]}" for line in lines)
        return f"{shown}\n  (all of it: {self._log})"


class Supervisor:
    """Hold the children of one run, in the order in which they were started.

    A signal only notes that the run shall end: raising at once could lose a child
    that is just being started.
    """

    def __init__(self) -> None:
        self._children: list[Child] = []
        self._foundations: list[Child] = []
        self._shall_stop = False

    def ask_to_stop(self) -> None:
        """Let the next wait raise `Stop`."""
        self._shall_stop = True

    def start(self, child: Child, *, is_foundation: bool = False) -> Child:
        """Start a child and watch it from now on.

        Others need a foundation until their end, so it is stopped after them.
        """
        self._children.append(child)
        if is_foundation:
            self._foundations.append(child)
        child.start()
        return child

    def check(self) -> None:
        """Raise `Died` when one of the children no longer runs."""
        for child in self._children:
            child.require()

    def wait(self, condition: Callable[[], bool], within_s: float) -> None:
        """Wait until something is so. Raises `Died`, `Stop`, `TooSlow`."""
        end_at = time.monotonic() + within_s
        while not condition():
            self.check()
            if time.monotonic() > end_at:
                raise TooSlow
            self._pause(_LOOK_EVERY_S)

    def watch(self) -> None:
        """Keep the children running until `Stop`; raise `Died` when one cannot be."""
        while True:
            self._pause(_WATCH_EVERY_S)
            for child in self._children:
                if not child.is_running():
                    print(f"{child.name} ended and is started again.")
                    child.restart()

    def _pause(self, seconds: float) -> None:
        time.sleep(seconds)
        if self._shall_stop:
            raise Stop

    def stop(self) -> None:
        """Stop the children, the foundations after the others."""
        others = [one for one in self._children if one not in self._foundations]
        for group in (others, self._foundations):
            for child in group:
                child.ask_to_stop()
            for child in group:
                child.stop()
        self._children, self._foundations = [], []
