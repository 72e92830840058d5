"""Keep the collector from looking through all that was loaded, again and again."""

import gc


def settle() -> None:
    """Leave alone what is there, and look for circles among what comes later, seldom.

    A look through a whole web process takes 75 ms, in which nobody is answered.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
