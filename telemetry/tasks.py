"""Bring to Tesla what cars are wanted to stream, and look at the certificate for them."""

import logging

from celery import shared_task
from celery.contrib.django.task import DjangoTask
from django.utils import timezone

from accounts import crypto
from telemetry import certificates, public
from vehicles.services.telemetry import Destination, queue, reconciling
from vehicles.services.telemetry.refusals import Code

_LOG = logging.getLogger(__name__)
_MOST_WISHES_AT_ONCE = 3


@shared_task(base=DjangoTask, ignore_result=True)
def reconcile(vin: str) -> None:
    """Bring a car's wish to Tesla, or look how it stands, if it is its turn."""
    there = _destination()
    if there is None:
        queue.hold_back(Code.UNREADABLE_CERTIFICATE, vin)
        return
    for _wish in range(_MOST_WISHES_AT_ONCE):
        if not reconciling.reconcile(vin, there):
            return


@shared_task(base=DjangoTask, ignore_result=True)
def sweep() -> None:
    """Ring for the cars whose turn has come, and for all when the receiver moved.

    Nothing is asked, and no certificate made, while no car is to stream.
    """
    if not queue.holds_any():
        return
    there = _destination()
    if there is None:
        queue.hold_back(Code.UNREADABLE_CERTIFICATE)
        return
    for vin in queue.due(there):
        reconcile.delay(vin)


@shared_task(base=DjangoTask, ignore_result=True)
def look_at_certificates() -> None:
    """Log what is wrong with the certificate for cars, or soon will be."""
    for words in certificates.problems(timezone.now()):
        _LOG.warning(words)


def _destination() -> Destination | None:
    """Return where cars are to connect, None while the operator's files are unusable."""
    try:
        return certificates.destination()
    except (public.Unusable, crypto.Undecryptable):
        _LOG.exception("Cars cannot be told where to stream to.")
        return None
