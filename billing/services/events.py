"""Providers' notifications: stored once, applied once, in the order of occurrence."""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import OperationalError, transaction
from django.utils import timezone

from billing.errors import BillingError, ProviderRefused
from billing.models import Alert, ProviderEvent
from billing.provider.shapes import Event, News, Provider
from billing.services import (
    catalog as catalogs,
    forgotten,
    payments,
    providers,
    subscriptions,
)
from billing.services.alerts import alert

_LOG = logging.getLogger(__name__)
_Outcome = ProviderEvent.Outcome
_AT_ONCE = 200
# What was due when somebody left may still be told to be paid for so long.
_LAST_PAYMENTS = timedelta(hours=1)


def store(provider_name: str, event: Event) -> bool:
    """Keep a genuine notification; False when it is there already."""
    rows = ProviderEvent.objects.bulk_create(
        [
            ProviderEvent(
                provider=provider_name,
                event_id=event.event_id[:80],
                event_type=event.event_type[:80],
                subject=event.subject[:64],
                occurred_at=event.occurred_at,
                body=dict(event.body),
            )
        ],
        ignore_conflicts=True,
    )
    return bool(rows)


def apply_due() -> int:
    """Apply what waits, the oldest occurrence first; return how many there were.

    What cannot be applied is set aside, for the log and the nightly comparison; until
    the provider's prices are known all of its news waits. Raises
    `OperationalError` while the database is away: then all of it waits.
    """
    done = 0
    for name in providers.names():
        provider = providers.of(name)
        due = ProviderEvent.objects.filter(provider=name, processed_at=None)
        order = due.order_by("occurred_at", "id").values_list("pk", flat=True)
        waiting = list(order[:_AT_ONCE])
        if waiting and not catalogs.is_there(name, provider):
            continue
        for pk in waiting:
            try:
                done += _apply_one(pk, name, provider)
            except OperationalError:
                raise
            except Exception:  # noqa: BLE001 - the others go on
                _LOG.exception("An event of %s cannot be applied.", name)
                done += _set_aside(pk)
        _read_again(name, provider)
    return done


def _set_aside(pk: int) -> int:
    due = ProviderEvent.objects.filter(pk=pk, processed_at=None)
    return due.update(outcome=_Outcome.FAILED, processed_at=timezone.now())


def _read_again(name: str, provider: Provider) -> None:
    """Ask the provider itself about news whose order cannot be known."""
    tied = ProviderEvent.objects.filter(provider=name, outcome=_Outcome.TIED)
    for subject in set(tied.values_list("subject", flat=True)):
        told = list(tied.filter(subject=subject).values_list("pk", flat=True))
        outcome = _Outcome.APPLIED
        try:
            snapshot = provider.subscription(subject)
            subscriptions.apply(name, snapshot, catalogs.read(name))
        except (ProviderRefused, subscriptions.UnknownOwner):
            outcome = _Outcome.FAILED
        except BillingError as error:
            _LOG.warning("%s could not be asked again: %r", name, error)
            return
        except OperationalError:
            raise
        except Exception:  # noqa: BLE001 - as above
            _LOG.exception("An answer of %s cannot be applied.", name)
            outcome = _Outcome.FAILED
        tied.filter(pk__in=told).update(outcome=outcome)


def forget_old(now: datetime) -> int:
    """Delete applied notifications that are older than the settings keep them."""
    oldest = now - timedelta(days=settings.BILLING_EVENTS_KEPT_DAYS)
    old = ProviderEvent.objects.filter(received_at__lt=oldest)
    count, _ = old.exclude(processed_at=None).delete()
    forgotten.forget_old(now)
    return count


def _apply_one(pk: int, name: str, provider: Provider) -> int:
    with transaction.atomic():
        row = (
            ProviderEvent.objects.select_for_update()
            .filter(pk=pk, processed_at=None)
            .first()
        )
        if row is None:
            return 0
        row.outcome = _outcome(row, name, provider)
        row.processed_at = timezone.now()
        row.save(update_fields=["outcome", "processed_at", "user", "body"])
    return 1


def _outcome(
    row: ProviderEvent, name: str, provider: Provider
) -> ProviderEvent.Outcome:
    event = Event(row.event_id, row.event_type, row.subject, row.occurred_at, row.body)
    try:
        return _apply(row, event, name, provider)
    except subscriptions.UnknownOwner as unknown:
        left_at = forgotten.forgotten_at(name, row.subject, row.body)
        if left_at is not None:
            return _forgotten(row, left_at, provider)
        if unknown.claims:
            alert(Alert.Code.FOREIGN_CLAIM, row.subject)
        alert(Alert.Code.UNKNOWN_SUBJECT, row.subject)
        return _Outcome.UNKNOWN
    except ValueError:
        _LOG.exception("The %s event %s cannot be read.", name, row.event_id)
        return _Outcome.FAILED


def _forgotten(
    row: ProviderEvent, left_at: datetime, provider: Provider
) -> ProviderEvent.Outcome:
    """Keep nothing of news about somebody who left; tell of a payment made since."""
    is_payment = provider.news(row.event_type) is News.PAYMENT
    if is_payment and row.occurred_at > left_at + _LAST_PAYMENTS:
        alert(Alert.Code.NOT_CANCELED, row.subject)
    row.body = {}
    return _Outcome.IGNORED


def _apply(
    row: ProviderEvent, event: Event, name: str, provider: Provider
) -> ProviderEvent.Outcome:
    match provider.news(event.event_type):
        case News.SUBSCRIPTION:
            return _subscription(row, event, name, provider)
        case News.PAYMENT:
            payment = provider.payment_told(event)
            catalog = catalogs.read(name)
            row.user = payments.paid(name, payment, catalog, event.occurred_at).user
            _try_unknown_again(name, payment.subscription_id)
        case News.REVERSAL:
            reversal = provider.reversal_told(event)
            if reversal is None:
                return _Outcome.IGNORED
            row.user = payments.taken_back(name, reversal, event.occurred_at).user
        case News.KEY_EXPOSED:
            alert(Alert.Code.KEY_EXPOSED, event.event_id)
        case _:
            return _Outcome.IGNORED
    return _Outcome.APPLIED


def _subscription(
    row: ProviderEvent, event: Event, name: str, provider: Provider
) -> ProviderEvent.Outcome:
    snapshot = provider.subscription_told(event)
    applied = subscriptions.apply(name, snapshot, catalogs.read(name))
    row.user = applied.subscription.user
    if applied.is_new:
        _try_unknown_again(name, snapshot.external_id)
    if applied.is_tie:
        return _Outcome.TIED
    return _Outcome.STALE if applied.is_stale else _Outcome.APPLIED


def _try_unknown_again(name: str, subject: str) -> None:
    """Have news that came before their owner was known applied after all."""
    early = ProviderEvent.objects.filter(
        provider=name, subject=subject, outcome=_Outcome.UNKNOWN
    ).exclude(subject="")
    if early.update(processed_at=None, outcome=_Outcome.WAITING):
        Alert.objects.filter(
            code=Alert.Code.UNKNOWN_SUBJECT, subject=subject, settled_at=None
        ).update(settled_at=timezone.now())
