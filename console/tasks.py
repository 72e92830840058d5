"""Work of the console's own: to say that the worker and its clock are alive."""

from celery import shared_task
from celery.contrib.django.task import DjangoTask
from celery.signals import worker_ready
from django.utils import timezone

from console.models import Heartbeat

WORKER = "worker"


@shared_task(base=DjangoTask, ignore_result=True)
def beat() -> None:
    """Note that a worker ran this just now; the clock sends it every 10 s."""
    Heartbeat.objects.update_or_create(
        name=WORKER, defaults={"beaten_at": timezone.now()}
    )


@worker_ready.connect
def _beat_at_once(**_: object) -> None:
    """Beat when a worker is ready, before the clock's first ring."""
    beat.delay()
