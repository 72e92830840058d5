"""The receiver runs on uvloop, so its tests do."""

import functools
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec

import uvloop

_Given = ParamSpec("_Given")


def on_uvloop(
    test: Callable[_Given, Coroutine[Any, Any, None]],
) -> Callable[_Given, None]:
    """Let pytest call an async test, which runs on uvloop."""

    @functools.wraps(test)
    def run(*args: _Given.args, **kwargs: _Given.kwargs) -> None:
        uvloop.run(test(*args, **kwargs))

    return run
