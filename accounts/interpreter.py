"""Set the interpreter up for a process that runs for long and lets nobody wait."""

import gc
import sys

_TURN_S = 0.0005


def settle() -> None:
    """Leave alone what is loaded, and let threads take turns quickly.

    The collector's look through a whole web process takes 75 ms, in which nobody is
    answered. A thread that has much to do, such as one that reads from the database,
    keeps the event loop waiting for a turn, which is 5 ms by default.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    sys.setswitchinterval(_TURN_S)
