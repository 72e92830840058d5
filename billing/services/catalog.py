"""The prices, kept here so that no page waits for a provider."""

import logging
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from billing.errors import BillingError
from billing.models import CatalogPrice
from billing.money import Money
from billing.plans import Catalog, Price
from billing.provider.shapes import Provider

_LOG = logging.getLogger(__name__)


def read(provider_name: str) -> Catalog:
    """Return the prices as they were last read; empty before the first time."""
    rows = CatalogPrice.objects.filter(provider=provider_name).order_by("id")
    return Catalog(
        tuple(
            Price(
                row.external_id,
                row.kind,
                row.cycle,
                Money(row.minor, row.currency),
                tuple(row.countries),
            )
            for row in rows
        )
    )


def is_there(provider_name: str, provider: Provider) -> bool:
    """Tell whether prices were read; read them where none are known.

    Without them no payment could be told to be for something.
    """
    if CatalogPrice.objects.filter(provider=provider_name).exists():
        return True
    try:
        refresh(provider_name, provider, timezone.now())
    except (BillingError, ValueError) as error:
        _LOG.warning("The prices of %s could not be read: %r", provider_name, error)
        return False
    return True


def refresh(provider_name: str, provider: Provider, now: datetime) -> int:
    """Read the prices at the provider and keep them; return how many there are.

    Raises `BillingError`; what was kept before then stays.
    """
    found = provider.prices()
    with transaction.atomic():
        CatalogPrice.objects.filter(provider=provider_name).delete()
        CatalogPrice.objects.bulk_create(
            CatalogPrice(
                provider=provider_name,
                external_id=price.external_id,
                kind=price.kind,
                cycle=price.cycle,
                currency=price.each.currency,
                minor=price.each.minor,
                countries=list(price.countries),
                read_at=now,
            )
            for price in found
        )
    return len(found)
