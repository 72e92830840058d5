"""Bring to Tesla what cars are wanted to stream."""

from celery import shared_task
from celery.contrib.django.task import DjangoTask

from telemetry import certificates
from vehicles.services.telemetry import queue, reconciling

_MOST_WISHES_AT_ONCE = 3


@shared_task(base=DjangoTask, ignore_result=True)
def reconcile(vin: str) -> None:
    """Bring a car's wish to Tesla, or look how it stands, if it is its turn."""
    there = certificates.destination()
    for _wish in range(_MOST_WISHES_AT_ONCE):
        if not reconciling.reconcile(vin, there):
            return


@shared_task(base=DjangoTask, ignore_result=True)
def sweep() -> None:
    """Ring for the cars whose turn has come, and for all when the receiver moved."""
    for vin in queue.due(certificates.destination()):
        reconcile.delay(vin)
