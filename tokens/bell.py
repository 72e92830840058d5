"""Ring for a worker: rows hold the work, the message only says that there is some."""

import logging
from collections.abc import Callable
from functools import partial

from celery import Task, current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from tokens import shared

_LOG = logging.getLogger(__name__)


def ring(task: "Task[..., None]", *arguments: str, countdown_s: float = 0) -> None:
    """Send a task once the transaction is through, to be done after a while or at once.

    With Redis away nothing is lost but time: the sweep finds the row later.
    """
    send = partial(task.apply_async, arguments, countdown=countdown_s)
    transaction.on_commit(lambda: _try(task.name, send))


def ring_by_name(name: str, *arguments: str) -> None:
    """Send a task of a higher floor as `ring` does; its name is all that is known."""
    send = partial(current_app.send_task, name, args=list(arguments))
    transaction.on_commit(lambda: _try(name, send))


def is_heard() -> bool:
    """Tell in a moment whether Redis answers.

    The queue's own connection waits for seconds, as a worker must that listens to it.
    """
    return bool(shared.ask(lambda client: client.ping()))


def _try(name: str, send: Callable[[], object]) -> None:
    try:
        if is_heard():
            send()
            return
    except OperationalError:
        # It went away in between, or is full.
        pass
    _LOG.warning("The queue cannot be reached; %s waits for the sweep.", name)
