"""Ring for a worker: rows hold the work, the message only says that there is some."""

import logging

from celery import Task
from django.db import transaction
from kombu.exceptions import OperationalError

_LOG = logging.getLogger(__name__)


def ring(task: "Task[..., None]", *arguments: str) -> None:
    """Send a task once the transaction is through.

    With Redis away nothing is lost but time: the sweep finds the row later.
    """
    transaction.on_commit(lambda: _send(task, arguments))


def _send(task: "Task[..., None]", arguments: tuple[str, ...]) -> None:
    try:
        task.apply_async(arguments)
    except OperationalError:
        _LOG.warning("The queue cannot be reached; %s waits for the sweep.", task.name)
