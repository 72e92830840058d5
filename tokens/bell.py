"""Ring for a worker: rows hold the work, the message only says that there is some."""

import logging

from celery import Task, current_app
from django.db import transaction
from kombu.exceptions import OperationalError

_LOG = logging.getLogger(__name__)


def ring(task: "Task[..., None]", *arguments: str, countdown_s: float = 0) -> None:
    """Send a task once the transaction is through, to be done after a while or at once.

    With Redis away nothing is lost but time: the sweep finds the row later.
    """
    transaction.on_commit(lambda: _send(task, arguments, countdown_s))


def ring_by_name(name: str, *arguments: str) -> None:
    """Send a task of a higher floor as `ring` does; its name is all that is known."""

    def send() -> None:
        try:
            current_app.send_task(name, args=list(arguments))
        except OperationalError:
            _LOG.warning("The queue cannot be reached; %s waits for the sweep.", name)

    transaction.on_commit(send)


def _send(
    task: "Task[..., None]", arguments: tuple[str, ...], countdown_s: float
) -> None:
    try:
        task.apply_async(arguments, countdown=countdown_s)
    except OperationalError:
        _LOG.warning("The queue cannot be reached; %s waits for the sweep.", task.name)
