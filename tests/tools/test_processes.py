"""The supervisor and its children, with small programs in their place."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.processes import Child, Died, Stop, Supervisor, TooSlow

WAITS = "import time; print('up', flush=True); time.sleep(600)"
DEAF = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    " print('up', flush=True); time.sleep(600)"
)
ENDS = "print('no luck', flush=True); raise SystemExit(3)"


@pytest.fixture
def supervisor() -> Iterator[Supervisor]:
    """Return a supervisor whose children end with the test."""
    found = Supervisor()
    yield found
    found.stop()


def program(tmp_path: Path, text: str, name: str = "The program") -> Child:
    """Return a child that runs a Python text."""
    return Child(name, [sys.executable, "-c", text], os.environ, tmp_path / name)


def test_child_runs_until_stopped(tmp_path: Path, supervisor: Supervisor) -> None:
    child = supervisor.start(program(tmp_path, WAITS))
    supervisor.wait(lambda: child.output == "up\n", 30)
    assert (child.is_running(), child.status) == (True, None)
    supervisor.stop()
    assert (child.is_running(), child.status) == (False, -15)


def test_deaf_child_is_killed(
    tmp_path: Path, supervisor: Supervisor, capsys: pytest.CaptureFixture[str]
) -> None:
    child = supervisor.start(program(tmp_path, DEAF))
    supervisor.wait(lambda: child.output == "up\n", 30)
    child.stop(0.2)
    assert child.status == -9
    assert capsys.readouterr().out == (
        "The program did not stop in time and is killed.\n"
    )


def test_end_of_a_child_is_told_with_its_last_words(
    tmp_path: Path, supervisor: Supervisor
) -> None:
    supervisor.start(program(tmp_path, ENDS))
    with pytest.raises(Died, match=r"(?s)The program ended with 3.*no luck"):
        supervisor.wait(lambda: False, 30)


def test_dead_child_is_started_again_three_times_a_minute(
    tmp_path: Path, supervisor: Supervisor, capsys: pytest.CaptureFixture[str]
) -> None:
    child = supervisor.start(program(tmp_path, ENDS))
    with pytest.raises(Died, match="The program keeps ending"):
        supervisor.watch()
    assert child.output == "no luck\n" * 4
    told = capsys.readouterr().out.splitlines()
    assert told == ["The program ended and is started again."] * 4


def test_wait_ends_in_time(tmp_path: Path, supervisor: Supervisor) -> None:
    supervisor.start(program(tmp_path, WAITS))
    with pytest.raises(TooSlow):
        supervisor.wait(lambda: False, 0.1)


def test_wait_ends_when_asked_to_stop(supervisor: Supervisor) -> None:
    supervisor.ask_to_stop()
    with pytest.raises(Stop):
        supervisor.wait(lambda: False, 30)


def test_foundations_are_stopped_last(tmp_path: Path, supervisor: Supervisor) -> None:
    note = tmp_path / "order"
    text = (
        "import signal, sys, time; from pathlib import Path\n"
        "def end(*_): Path({note!r}).open('a').write({name!r}); sys.exit()\n"
        "signal.signal(signal.SIGTERM, end); print('up', flush=True); time.sleep(600)"
    )
    for name in "abcd":
        child = program(tmp_path, text.format(note=str(note), name=name), name)
        supervisor.start(child, is_foundation=name in "ab")
        supervisor.wait(lambda child=child: child.output == "up\n", 30)  # type: ignore[misc]  # mypy cannot infer a default's type
    supervisor.stop()
    # A child that is slow to end may hear the signal twice.
    order = [*dict.fromkeys(note.read_text(encoding="ascii"))]
    assert (set(order[:2]), set(order[2:])) == ({"c", "d"}, {"a", "b"})


def test_child_that_was_never_started_stops(tmp_path: Path) -> None:
    child = program(tmp_path, WAITS)
    child.stop()
    assert (child.is_running(), child.status) == (False, None)
