"""What cars' records said last of their sleep, believed for a moment.

Records are kept by grant: they name who asks. They are free and wake nothing, so what is
not known any more is looked up again.
"""

import re
import time
from dataclasses import dataclass, field

from api.reach import Grant
from fleet.wire import Answer

JSON_HEADER = ("content-type", "application/json; charset=utf-8")
_ASLEEP_KNOWN_S = 5.0
_ONLINE_KNOWN_S = 60.0
_MOST_KNOWN = 2000
ONLINE = "online"
_STATE = re.compile(rb'"state"\s*:\s*"([a-z_]{1,16})"')


@dataclass(frozen=True, slots=True)
class _State:
    """What a car's record said last, and the whole record where it came from one."""

    state: str
    at_s: float
    record: Answer | None = field(default=None, repr=False)

    @property
    def is_believed(self) -> bool:
        """Tell whether it is as new as one may rely on."""
        kept_s = _ONLINE_KNOWN_S if self.state == ONLINE else _ASLEEP_KNOWN_S
        return time.time() < self.at_s + kept_s


class States:
    """The states of cars, as far as this process knows them."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, str], _State] = {}

    def is_known(self, grant: Grant, tag: str) -> bool:
        """Tell whether it is known of a car whether it sleeps."""
        known = self._known.get((grant.id.int, tag))
        return known is not None and known.is_believed

    def record_of_sleeping(self, grant: Grant, tag: str) -> Answer | None:
        """Return the record of a car that was not online just now."""
        known = self._known.get((grant.id.int, tag))
        if known is None or known.state == ONLINE or not known.is_believed:
            return None
        return known.record

    def note_record(self, grant: Grant, tag: str, body: bytes, at_s: float) -> str:
        """Keep a car's record, if it says one state; return the state or ""."""
        states = set(_STATE.findall(body))
        if len(states) != 1:
            return ""
        state: str = states.pop().decode()
        record = Answer(200, [JSON_HEADER], body)
        self._note(grant, tag, _State(state, at_s, record))
        return state

    def note_online(self, grant: Grant, tag: str, at_s: float) -> None:
        """Keep that a car has just answered."""
        self._note(grant, tag, _State(ONLINE, at_s))

    def forget(self, grant: Grant, tag: str) -> None:
        """Forget what was known of a car, for it may have changed."""
        self._known.pop((grant.id.int, tag), None)

    def _note(self, grant: Grant, tag: str, state: _State) -> None:
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        self._known[grant.id.int, tag] = state
