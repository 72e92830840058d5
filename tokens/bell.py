"""Ring for a worker: rows hold the work, the message only says that there is some."""

import logging

from celery import Task
from django.db import transaction
from kombu.exceptions import OperationalError

from tokens import shared

_LOG = logging.getLogger(__name__)


def ring(task: "Task[..., None]", *arguments: str, countdown_s: float = 0) -> None:
    """Send a task once the transaction is through, to be done after a while or at once.

    With Redis away nothing is lost but time: the sweep finds the row later.
    """
    transaction.on_commit(lambda: _send(task, arguments, countdown_s))


def is_heard() -> bool:
    """Tell in a moment whether Redis answers.

    The queue's own connection waits for seconds, as a worker must that listens to it.
    """
    return bool(shared.ask(lambda client: client.ping()))


def _send(
    task: "Task[..., None]", arguments: tuple[str, ...], countdown_s: float
) -> None:
    try:
        if is_heard():
            task.apply_async(arguments, countdown=countdown_s)
            return
    except OperationalError:
        # It went away in between, or is full.
        pass
    _LOG.warning("The queue cannot be reached; %s waits for the sweep.", task.name)
