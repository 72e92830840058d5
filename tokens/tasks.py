"""What the timer asks of this app."""

from celery import shared_task
from celery.contrib.django.task import DjangoTask
from django.utils import timezone

from tokens.services import (
    connections,
    credits,  # noqa: A004
    grants,
    inquiries,
    news,
    usage,
)


@shared_task(base=DjangoTask, ignore_result=True)
def refresh_due() -> None:
    """Renew the Tesla grants whose early refresh is due."""
    grants.refresh_due()


@shared_task(base=DjangoTask, ignore_result=True)
def forget_old_inquiries() -> None:
    """Delete questions and answers that are older than the settings keep them."""
    inquiries.forget_old()


@shared_task(base=DjangoTask, ignore_result=True)
def forget_old_usage() -> None:
    """Delete counts of calls that are older than the settings keep them."""
    usage.forget_old()


@shared_task(base=DjangoTask, ignore_result=True)
def forget_old_events() -> None:
    """Drop what the streams of events have held for long enough."""
    news.forget_old()


@shared_task(base=DjangoTask, ignore_result=True)
def forget_expired_tokens() -> None:
    """Delete the codes and hourly tokens of connected programs that have expired."""
    connections.forget_expired(timezone.now())


@shared_task(base=DjangoTask, ignore_result=True)
def tell_credits() -> None:
    """Tell accounts that listen what is left of the month, where it has changed."""
    credits.tell_listeners()
