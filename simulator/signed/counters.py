"""Refuse counters that were used before."""

from dataclasses import dataclass

_WINDOW = 32
_MASK = (1 << _WINDOW) - 1


@dataclass(slots=True)
class Counters:
    """Hold which counters one key used in one epoch; `newest` is 0 before the first.

    In order, each counter is greater than all before. Else those that came up to 32
    below the newest are taken too, each once.
    """

    in_order: bool
    newest: int = 0
    _seen: int = 0

    def take(self, counter: int) -> bool:
        """Use a counter up; False when it was used before or is too old."""
        ahead = counter - self.newest
        if ahead > 0:
            before = (self._seen << 1) | bool(self.newest)
            # A leap beyond the window leaves nothing of it.
            self._seen = (before << (ahead - 1)) & _MASK if ahead <= _WINDOW else 0
            self.newest = counter
            return True
        behind = -ahead - 1
        if self.in_order or counter <= 0 or not 0 <= behind < _WINDOW:
            return False
        if (self._seen >> behind) & 1:
            return False
        self._seen |= 1 << behind
        return True
