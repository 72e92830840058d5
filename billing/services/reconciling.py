"""Compare our rows with the provider's, and repair what a lost notification left."""

import logging
from dataclasses import dataclass
from datetime import datetime

from django.db import OperationalError

from billing.errors import BillingError
from billing.models import Subscription
from billing.services import catalog as catalogs, moving, providers, subscriptions

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many subscriptions were read, and how many of ours were not as there."""

    read: int
    repaired: int


def reconcile(now: datetime) -> Outcome:
    """Read prices and all subscriptions of each provider; repair what differs.

    Raises `BillingError` when a provider does not answer, once the others are done; what
    was repaired stays.
    """
    read = repaired = 0
    waiting: BillingError | ValueError | None = None
    for name in providers.names():
        try:
            outcome = _compare(name, now)
        except (BillingError, ValueError) as error:
            waiting = error
            continue
        read, repaired = read + outcome.read, repaired + outcome.repaired
    if repaired:
        _LOG.warning("%d of %d subscriptions had drifted.", repaired, read)
    moving.look_for_double_charges(now)
    if waiting is not None:
        raise waiting
    return Outcome(read, repaired)


def _compare(name: str, now: datetime) -> Outcome:
    read = repaired = 0
    provider = providers.of(name)
    catalogs.refresh(name, provider, now)
    catalog = catalogs.read(name)
    for snapshot in provider.subscriptions():
        read += 1
        before = _known(name, snapshot.external_id)
        try:
            subscriptions.apply(name, snapshot, catalog)
        except subscriptions.UnknownOwner:
            continue
        except OperationalError:
            raise
        except Exception:  # noqa: BLE001 - the others are read
            _LOG.exception("A subscription of %s cannot be kept.", name)
            continue
        repaired += before != _known(name, snapshot.external_id)
    return Outcome(read, repaired)


def _known(name: str, external_id: str) -> dict[str, object] | None:
    """Return what is kept of a subscription, without the time of the news."""
    fields = [
        field.attname
        for field in Subscription._meta.concrete_fields  # noqa: SLF001  # Django's documented interface
        if field.name not in {"occurred_at", "lease_until", "provider_status"}
    ]
    rows = Subscription.objects.filter(provider=name, external_id=external_id)
    found: dict[str, object] | None = rows.values(*fields).first()
    return found
