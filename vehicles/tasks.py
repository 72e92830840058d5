"""Ask Tesla about cars: for a page, for a timer, for a key that is awaited."""

import logging

from celery import shared_task
from celery.contrib.django.task import DjangoTask
from django.utils import timezone

import fleet
from tokens.models import Inquiry, TeslaGrant
from tokens.services import grants, inquiries, lists
from vehicles.models import VehicleAccess
from vehicles.services import asking, commands, keys, telemetry, vehicles
from vehicles.services.commanding import pages
from vehicles.services.telemetry import telling

_LOG = logging.getLogger(__name__)
_LOOK_AGAIN_S = 5
_MOST_LOOKS = 20


@shared_task(base=DjangoTask, ignore_result=True)
def sync(grant_pk: str) -> None:
    """List a grant's cars anew."""
    grant = TeslaGrant.objects.usable().filter(pk=grant_pk).first()
    if grant is None:
        return
    try:
        vehicles.sync(grant, grants.client_for(grant))
        telemetry.try_again_with(grant)
        telling.tell_configs_of(grant)
    except fleet.FleetError as error:
        _LOG.warning("The cars were not listed: %s", type(error).__name__)
        lists.note_failure(grant, lists.Of.VEHICLES, error, timezone.now())


@shared_task(base=DjangoTask, ignore_result=True)
def sync_due() -> None:
    """Have the cars listed of every grant whose list is old."""
    for grant_pk in lists.due(lists.Of.VEHICLES, timezone.now()):
        sync.delay(str(grant_pk))


@shared_task(base=DjangoTask, ignore_result=True)
def ask(inquiry_pk: str) -> None:
    """Answer a page's question, unless somebody has."""
    inquiry = inquiries.claim(inquiry_pk)
    if inquiry is None:
        return
    access = asking.access_of(inquiry)
    try:
        client = grants.client_for(inquiry.grant)
    except fleet.FleetError as error:
        inquiries.fail(inquiry, error)
        return
    if access is None:
        inquiries.fail(inquiry, fleet.NotFound("The car was removed here."))
        return
    answered = asking.answer(access, inquiry, client)
    is_waking = inquiry.endpoint == "wake_up"
    if is_waking and answered.state == Inquiry.State.ANSWERED:
        follow_wake.apply_async((inquiry_pk, _MOST_LOOKS), countdown=2)


@shared_task(base=DjangoTask, ignore_result=True)
def follow_wake(inquiry_pk: str, looks: int) -> None:
    """Look whether a woken car is there and read it, else look again later."""
    wake = Inquiry.objects.select_related("grant", "user").filter(pk=inquiry_pk).first()
    access = asking.access_of(wake) if wake else None
    if wake is None or access is None or looks < 1:
        return
    try:
        is_over = asking.follow_wake(access, wake, grants.client_for(wake.grant))
    except fleet.FleetError as error:
        _LOG.warning("A woken car was not looked for: %s", type(error).__name__)
        is_over = False
    if not is_over:
        follow_wake.apply_async((inquiry_pk, looks - 1), countdown=_LOOK_AGAIN_S)


@shared_task(base=DjangoTask, ignore_result=True)
def sweep() -> None:
    """Ring again for the questions and commands that the bell missed."""
    for inquiry in inquiries.due():
        if inquiry.endpoint in asking.ENDPOINTS:
            ask.delay(str(inquiry.pk))
    for due in commands.due():
        command.delay(str(due.pk))


@shared_task(base=DjangoTask, ignore_result=True)
def command(command_pk: str) -> None:
    """Send a page's command, unless somebody has, or it is too late for it."""
    claimed = commands.claim(command_pk)
    if claimed is not None:
        pages.carry_out(claimed)


@shared_task(base=DjangoTask, ignore_result=True)
def forget_old_commands() -> None:
    """Delete what cars were told to do long ago."""
    commands.forget_old()


@shared_task(base=DjangoTask, ignore_result=True)
def check_key(access_pk: str) -> None:
    """Ask whether a car has the key by now, and again later while somebody waits."""
    access = (
        VehicleAccess.objects.select_related("vehicle", "grant")
        .filter(pk=access_pk, gone_at=None)
        .first()
    )
    if access is None:
        return
    pause = keys.claim_check(access.vehicle, timezone.now())
    if pause is None:
        return
    try:
        vehicles.check_key(access, grants.client_for(access.grant))
        telemetry.try_again_with(access.grant)
    except fleet.FleetError as error:
        vehicles.note_failed_check(access, error)
    if keys.is_watched(access.vehicle, timezone.now()):
        check_key.apply_async((access_pk,), countdown=pause.total_seconds())
