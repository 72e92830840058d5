"""Recognize what belonged to somebody who left, without knowing what it was."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from accounts.models import User
from billing.models import Checkout, Customer, Forgotten, Invoice, Subscription
from billing.provider.reading import mapping, text

# Longer than a bank may take a payment back.
_RECOGNIZED_FOR = timedelta(days=400)
_IDS = (
    (Customer, ("external_id",)),
    (Subscription, ("external_id", "customer_id")),
    (Checkout, ("transaction_id", "subscription_id", "customer_id")),
    (Invoice, ("transaction_id", "subscription_id")),
)


def ids_of(user: User) -> dict[str, set[str]]:
    """Return the external ids of all that a user has, by provider."""
    found: dict[str, set[str]] = {}
    for model, names in _IDS:
        rows = model._default_manager.filter(user=user)  # noqa: SLF001  # Django's documented interface
        for provider_name, *ids in rows.values_list("provider", *names):
            found.setdefault(provider_name, set()).update(one for one in ids if one)
    return found


def remember(ids: Mapping[str, Iterable[str]]) -> None:
    """Note external ids, by provider, as those of somebody who left."""
    Forgotten.objects.bulk_create(
        [
            Forgotten(provider=provider_name, digest=_digest(one))
            for provider_name, known in ids.items()
            for one in known
        ],
        ignore_conflicts=True,
    )


def forgotten_at(
    provider_name: str, subject: str, body: Mapping[str, Any]
) -> datetime | None:
    """Return when the user left whom an event is about; None for any other event."""
    parent = mapping(mapping(body, "parent"), "subscription_details")
    texts = {subject, text(parent, "subscription")}
    texts |= {one for one in body.values() if isinstance(one, str)}
    digests = [_digest(one) for one in texts if one]
    rows = Forgotten.objects.filter(provider=provider_name, digest__in=digests)
    return rows.order_by("-forgotten_at").values_list("forgotten_at", flat=True).first()


def forget_old(now: datetime) -> None:
    """Delete what nothing is told of any more."""
    Forgotten.objects.filter(forgotten_at__lt=now - _RECOGNIZED_FOR).delete()


def _digest(external_id: str) -> str:
    return hashlib.sha256(external_id.encode()).hexdigest()
