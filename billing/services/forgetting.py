"""Forget a user: all but what was paid, which then belongs to nobody."""

from django.db.models import Model, QuerySet

from accounts.models import User
from billing.models import (
    Checkout,
    Customer,
    Invoice,
    Move,
    ProviderEvent,
    Subscription,
)

_AT_ONCE = 500


def forget(user: User) -> dict[str, int]:
    """Delete a user's rows in small batches; return how many of each kind.

    Invoices stay as references without a user. To be called once the subscriptions are
    canceled at the provider. Safe to call again.
    """
    counts = {
        "provider events": _delete(ProviderEvent.objects.filter(user=user)),
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
