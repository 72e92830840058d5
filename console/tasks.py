"""Work of the console's own: to beat, to delete what people ask for, to pack exports."""

from celery import shared_task
from celery.contrib.django.task import DjangoTask
from celery.signals import worker_ready
from django.utils import timezone

from console.models import Heartbeat
from console.services import deletions, export_jobs

WORKER = "worker"


@shared_task(base=DjangoTask, ignore_result=True)
def beat() -> None:
    """Note that a worker ran this just now; the clock sends it every 10 s."""
    Heartbeat.objects.update_or_create(
        name=WORKER, defaults={"beaten_at": timezone.now()}
    )


@shared_task(base=DjangoTask, ignore_result=True)
def delete(deletion_pk: str) -> None:
    """Go on with a deletion."""
    deletions.run(deletion_pk)


@shared_task(base=DjangoTask, ignore_result=True)
def export(export_pk: str) -> None:
    """Make an export's file."""
    export_jobs.run(export_pk)


@shared_task(base=DjangoTask, ignore_result=True)
def sweep() -> None:
    """Ring again for deletions and exports that the bell, or a dead worker, missed."""
    now = timezone.now()
    for deletion_pk in deletions.due(now):
        delete.delay(str(deletion_pk))
    for export_pk in export_jobs.due(now):
        export.delay(str(export_pk))


@shared_task(base=DjangoTask, ignore_result=True)
def tidy() -> None:
    """Delete the files of exports that are over, and what is left of old deletions."""
    now = timezone.now()
    export_jobs.expire(now)
    deletions.forget_old(now)


@worker_ready.connect
def _beat_at_once(**_: object) -> None:
    """Beat when a worker is ready, before the clock's first ring."""
    beat.delay()
