"""Run async tests on the loop that the receiver has."""

import functools
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec

import uvloop

_Given = ParamSpec("_Given")


def on_its_loop(
    test: Callable[_Given, Coroutine[Any, Any, None]],
) -> Callable[_Given, None]:
    """Run an async test on the loop that the receiver has."""

    @functools.wraps(test)
    def run(*args: _Given.args, **kwargs: _Given.kwargs) -> None:
        uvloop.run(test(*args, **kwargs))

    return run
