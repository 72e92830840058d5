"""Subscriptions, what leads to them, and what providers told of them."""

from billing.models.alerts import Alert
from billing.models.catalog import CatalogPrice, ProviderName
from billing.models.checkouts import Checkout
from billing.models.events import Forgotten, Invoice, ProviderEvent
from billing.models.moves import Move
from billing.models.subscriptions import Customer, Subscription, SubscriptionQuerySet

__all__ = [
    "Alert",
    "CatalogPrice",
    "Checkout",
    "Customer",
    "Forgotten",
    "Invoice",
    "Move",
    "ProviderEvent",
    "ProviderName",
    "Subscription",
    "SubscriptionQuerySet",
]
