"""What the clock and the pages ask of this app."""

import logging

from celery import Task, shared_task
from celery.contrib.django.task import DjangoTask
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from billing.errors import BillingError
from billing.models import Checkout
from billing.services import catalog, checkouts, events, moving, providers, reconciling
from billing.services.subscriptions import UnknownOwner

_LOG = logging.getLogger(__name__)


@shared_task(base=DjangoTask, ignore_result=True)
def sweep() -> None:
    """Apply what providers told, and look after open checkouts and missing prices."""
    if not providers.is_on():
        return
    events.apply_due()
    for name in providers.names():
        catalog.is_there(name, providers.of(name))
    checkouts.confirm_open(timezone.now())
    moving.advance_due(timezone.now())


@shared_task(base=DjangoTask, ignore_result=True)
def apply_events() -> None:
    """Apply what providers told, and go on with what waited for it."""
    events.apply_due()
    moving.advance_due(timezone.now())


@shared_task(base=DjangoTask, ignore_result=True)
def confirm_checkout(pk: str) -> None:
    """Ask whether a checkout was paid, for the page that waits for it."""
    checkout = Checkout.objects.filter(pk=pk, state=Checkout.State.OPEN).first()
    if checkout is None or checkout.provider not in providers.names():
        return
    try:
        if checkouts.confirm(checkout):
            moving.advance_due(timezone.now())
    except (BillingError, UnknownOwner) as error:
        _LOG.warning("A checkout could not be confirmed yet: %r", error)


@shared_task(base=DjangoTask, ignore_result=True, soft_time_limit=900, time_limit=960)
def reconcile() -> None:
    """Repair drift, and forget old notifications."""
    if not providers.is_on():
        return
    events.forget_old(timezone.now())
    try:
        reconciling.reconcile(timezone.now())
    except (BillingError, ValueError) as error:
        _LOG.warning("The subscriptions could not be compared: %r", error)


def ring(task: "Task[..., None]", *arguments: str) -> None:
    """Send a task once the transaction is through; with Redis away the sweep does it."""

    def send() -> None:
        try:
            task.apply_async(arguments)
        except OperationalError:
            _LOG.warning("The queue cannot be reached; %s waits.", task.name)

    transaction.on_commit(send)
