"""Ask Tesla about energy sites: for a page and for a timer."""

import logging
from functools import partial

from celery import shared_task
from celery.contrib.django.task import DjangoTask
from django.conf import settings
from django.utils import timezone

import fleet
from energy.services import listeners, polling, sites
from tokens.models import TeslaGrant
from tokens.services import grants, inquiries, lists

_LOG = logging.getLogger(__name__)


@shared_task(base=DjangoTask, ignore_result=True)
def sync(grant_pk: str) -> None:
    """List a grant's energy sites anew."""
    grant = TeslaGrant.objects.usable().filter(pk=grant_pk).first()
    if grant is None:
        return
    try:
        sites.sync(grant, grants.client_for(grant))
    except fleet.FleetError as error:
        _LOG.warning("The energy sites were not listed: %s", type(error).__name__)
        lists.note_failure(grant, lists.Of.ENERGY, error, timezone.now())


@shared_task(base=DjangoTask, ignore_result=True)
def sync_due() -> None:
    """Have the sites listed of every grant whose list is old."""
    for grant_pk in lists.due(lists.Of.ENERGY, timezone.now()):
        sync.delay(str(grant_pk))


@shared_task(base=DjangoTask, ignore_result=True)
def ask(inquiry_pk: str) -> None:
    """Answer a page's question, unless somebody has."""
    inquiry = inquiries.claim(inquiry_pk)
    if inquiry is None:
        return
    access = sites.access_of(inquiry)
    if access is None:
        inquiries.fail(inquiry, fleet.NotFound("The site was removed here."))
        return
    keep = partial(sites.note_answer, access)
    if inquiries.answer_early(inquiry, settings.ENERGY_FRESH_S, keep):
        return
    try:
        client = grants.client_for(inquiry.grant)
    except fleet.FleetError as error:
        inquiries.fail(inquiry, error)
        return
    inquiries.answer(inquiry, client, keep)


@shared_task(base=DjangoTask, ignore_result=True)
def sweep() -> None:
    """Ring again for the questions that the bell missed."""
    for inquiry in inquiries.due():
        if inquiry.endpoint in sites.ENDPOINTS:
            ask.delay(str(inquiry.pk))


@shared_task(base=DjangoTask, ignore_result=True)
def poll_due() -> None:
    """Have the sites polled that somebody listens to; nothing while nobody does."""
    for site_id in listeners.due():
        poll.delay(site_id)


@shared_task(base=DjangoTask, ignore_result=True)
def poll(site_id: int) -> None:
    """Poll a site, unless somebody did within the minute."""
    watched = listeners.claim(site_id)
    if watched is None:
        return
    try:
        polling.poll(watched, grants.client_for(watched.access.grant))
    except fleet.FleetError as error:
        polling.note_failure(watched.access, error)
