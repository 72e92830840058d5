"""What accounts do by the clock."""

from allauth.usersessions.models import UserSession
from celery import shared_task
from celery.contrib.django.task import DjangoTask
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts import audit
from accounts.services import invitations, letters


@shared_task(base=DjangoTask, ignore_result=True)
def tidy() -> None:
    """Forget old letters, invitations and audit entries, and sessions that have ended."""
    now = timezone.now()
    letters.forget_old(now)
    invitations.forget_old(now)
    audit.forget_old(now)
    Session.objects.filter(expire_date__lt=now).delete()
    alive = Session.objects.values("session_key")
    UserSession.objects.exclude(session_key__in=alive).delete()
