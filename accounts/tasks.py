"""What accounts do by the clock."""

from celery import shared_task
from celery.contrib.django.task import DjangoTask
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts.services.letters import forget_old


@shared_task(base=DjangoTask, ignore_result=True)
def tidy() -> None:
    """Forget old letters and the sessions that have ended."""
    now = timezone.now()
    forget_old(now)
    Session.objects.filter(expire_date__lt=now).delete()
