"""Forget a user: all but what was paid, which then belongs to nobody."""

from django.db.models import Model, Q, QuerySet

from accounts.models import User
from billing.models import (
    Checkout,
    Customer,
    Invoice,
    Move,
    ProviderEvent,
    Subscription,
)
from billing.services import forgotten

_AT_ONCE = 500


def forget(user: User) -> dict[str, int]:
    """Delete a user's rows in small batches; return how many of each kind.

    Invoices stay as references without a user. To be called once the subscriptions are
    canceled at the provider. News that come later are recognized, and not kept. Safe to
    call again.
    """
    ids = forgotten.ids_of(user)
    forgotten.remember(ids)
    events = Q(user=user)
    for provider_name, known in ids.items():
        events |= Q(provider=provider_name, subject__in=known)
    counts = {
        "provider events": _delete(ProviderEvent.objects.filter(events)),
        "checkouts": _delete(Checkout.objects.filter(user=user)),
        "moves": _delete(Move.objects.filter(user=user)),
        "subscriptions": _delete(Subscription.objects.filter(user=user)),
        "customers": _delete(Customer.objects.filter(user=user)),
    }
    Invoice.objects.filter(user=user).update(user=None)
    return counts


def _delete(rows: QuerySet[Model]) -> int:
    deleted = 0
    while keys := list(rows.order_by("pk").values_list("pk", flat=True)[:_AT_ONCE]):
        deleted += len(keys)
        rows.filter(pk__in=keys).delete()
    return deleted
