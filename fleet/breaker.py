"""Leave a region of Tesla's alone for a while once its host keeps failing.

After some failures in a row every call to that host is answered at once by `TeslaAway`,
without being sent. When the pause is over one call goes through: does it end well, all
do again; does it not, the next pause is twice as long. Nothing is ever sent twice here.

What counts is the host's own failing: no answer, an unreadable one, a fault of the
server. That a car sleeps, that an account may not or asks too often says the host works.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise

from fleet.errors import TeslaAway, Unreachable, Unreadable
from fleet.wire import Answer

MOST_FAILURES = 5
FIRST_PAUSE_S = 10.0
LONGEST_PAUSE_S = 60.0
# Failures further apart than this are no row.
_ROW_ENDS_AFTER_S = 120.0
_DEVICE_FAULT = 540
_PRODUCTS = ("vehicles", "energy_sites")


@dataclass(slots=True)
class _Host:
    """What is known of one host; `subjects` are whom the failures were about."""

    failures: int = 0
    failed_at_s: float = 0.0
    subjects: set[str] = field(default_factory=set)
    pause_s: float = 0.0
    closed_until_s: float = 0.0
    is_probed: bool = False


class Passing:
    """One call that was let through; `answered` is told what came."""

    def __init__(self) -> None:
        self.answer: Answer | None = None

    def answered(self, answer: Answer) -> Answer:
        """Note the answer and return it."""
        self.answer = answer
        return answer


class Breaker:
    """Hold what one process knows of Tesla's hosts, for all of its threads.

    `clock` tells seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._hosts: dict[str, _Host] = {}
        self._lock = threading.Lock()

    def check(self, base_url: str) -> None:
        """Raise `TeslaAway` while calls to a host pause; it lets nothing through."""
        with self._lock:
            self._check(base_url.rstrip("/"))

    @contextmanager
    def passing(self, base_url: str, path: str) -> Iterator[Passing]:
        """Let one call through, and learn from its end. Raises `TeslaAway`."""
        base_url = base_url.rstrip("/")
        is_probe = self._admit(base_url)
        passing = Passing()
        try:
            yield passing
        except (Unreachable, Unreadable):
            self._failed(base_url, "")
            raise
        else:
            if passing.answer is not None:
                self._judge(base_url, path, passing.answer)
        finally:
            # Who left in the middle has learned nothing; another may try.
            if is_probe:
                self._let_probe(base_url)

    def forget(self) -> None:
        """Forget all that is known, as a new process would."""
        with self._lock:
            self._hosts.clear()

    def _admit(self, base_url: str) -> bool:
        """Let a call through; tell whether it is the one that tries a failed host."""
        with self._lock:
            self._check(base_url)
            host = self._hosts.get(base_url)
            if host is None or not host.pause_s:
                return False
            host.is_probed = True
            return True

    def _check(self, base_url: str) -> None:
        host = self._hosts.get(base_url)
        if host is None or not host.pause_s:
            return
        left_s = host.closed_until_s - self._clock()
        if left_s > 0 or host.is_probed:
            raise TeslaAway(
                "Tesla's server for this region is away",
                retry_after_s=max(1.0, left_s),
            )

    def _let_probe(self, base_url: str) -> None:
        with self._lock:
            if host := self._hosts.get(base_url):
                host.is_probed = False

    def _judge(self, base_url: str, path: str, answer: Answer) -> None:
        if not is_failure(answer):
            with self._lock:
                self._hosts.pop(base_url, None)
            return
        if not _is_of_device(path, answer):
            # A fault that is told in Tesla's own words may be that of one car.
            self._failed(base_url, _subject(path) if _is_json(answer) else "")

    def _failed(self, base_url: str, subject: str) -> None:
        now_s = self._clock()
        with self._lock:
            host = self._hosts.setdefault(base_url, _Host())
            if not host.pause_s and now_s - host.failed_at_s > _ROW_ENDS_AFTER_S:
                host.failures, host.subjects = 0, set()
            host.failures += 1
            host.failed_at_s = now_s
            host.subjects.add(subject)
            is_of_one_product = len(host.subjects) == 1 and "" not in host.subjects
            if host.failures < MOST_FAILURES or is_of_one_product:
                return
            if now_s < host.closed_until_s:
                # One that was under way when the pause began.
                return
            host.pause_s = min(2 * host.pause_s or FIRST_PAUSE_S, LONGEST_PAUSE_S)
            host.closed_until_s = now_s + host.pause_s


def is_failure(answer: Answer) -> bool:
    """Tell whether an answer is a fault of the server's, or none of Tesla's at all.

    A refusal (4xx) is an answer, whatever its form.
    """
    if 400 <= answer.status < 500:
        return False
    return answer.status >= 300 or not _is_readable(answer)


def _is_of_device(path: str, answer: Answer) -> bool:
    """Tell whether Tesla speaks of a car that sleeps, is busy or answers nonsense.

    That says nothing of the host, neither good nor bad.
    """
    if answer.status == _DEVICE_FAULT:
        return True
    is_asleep = answer.status == 503 and path.endswith("/signed_command")
    return _is_json(answer) and (is_asleep or b"vehicle" in answer.body.lower())


def _is_readable(answer: Answer) -> bool:
    """Tell whether a good answer is no web page, and whole where it is JSON."""
    kind = _header(answer, "content-type").lower()
    if kind.startswith("text/html"):
        return False
    if not kind.startswith("application/json") or _header(answer, "content-encoding"):
        return True
    return _is_json(answer)


def _is_json(answer: Answer) -> bool:
    """Tell whether a body is whole JSON by its two ends, as parsing costs more."""
    body = answer.body.strip()
    return body[:1] + body[-1:] in {b"{}", b"[]"}


def _header(answer: Answer, name: str) -> str:
    return next((text for key, text in answer.headers if key.lower() == name), "")


def _subject(path: str) -> str:
    """Return which car or site a path is about, "" for none."""
    parts = path.partition("?")[0].strip("/").split("/")
    for kind, name in pairwise(parts):
        if kind in _PRODUCTS and any(sign.isdigit() for sign in name):
            return name
    return ""


BREAKER = Breaker()
"""What this process knows of Tesla's hosts."""
