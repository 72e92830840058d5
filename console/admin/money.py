"""Subscriptions, what their provider told, and what the owner must look at."""

from typing import Any

from django.contrib.admin import action, display, register
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from billing.models import Alert, Invoice, Move, ProviderEvent, Subscription
from billing.services import alerts
from console.admin.base import OpenFilter, OperatorAdmin, link, tell


class _Owned(OperatorAdmin[Any]):
    """Rows that belong to a user, while there is one."""

    list_select_related = ("user",)
    readonly_fields = ("of",)

    @display(description="user")
    def of(self, row: Any) -> SafeString | str:
        """Link to the user."""
        return link(row.user)


@register(Subscription)
class SubscriptionAdmin(_Owned):
    """Subscriptions: what is paid for, until when. They change at their provider."""

    list_display = ("__str__", "of", "status", "cycle", "paid_until", "next_billed_at")
    list_filter = ("status", "provider", "cycle", "created_at")
    search_fields = ("external_id", "customer_id", "user__email")
    ordering = ("-created_at",)


@register(Invoice)
class InvoiceAdmin(_Owned):
    """Payments that were made; those of people who left name nobody."""

    list_display = ("__str__", "of", "minor", "currency", "billed_at")
    list_filter = ("provider", "currency", "billed_at")
    search_fields = ("transaction_id", "number", "subscription_id", "user__email")
    ordering = ("-billed_at",)


@register(Move)
class MoveAdmin(_Owned):
    """Moves from Stripe to Paddle: how far they are."""

    list_display = ("begun_at", "of", "state", "ends_at", "attempts")
    list_filter = ("state", "begun_at")
    ordering = ("-begun_at",)
    search_fields = ("user__email", "pk__startswith")


class _OpenEvent(OpenFilter):
    def is_open(self) -> dict[str, Any]:
        return {"processed_at": None}


@register(ProviderEvent)
class ProviderEventAdmin(_Owned):
    """What a provider told us, and what became of it."""

    list_display = ("event_type", "of", "subject", "occurred_at", "outcome")
    list_filter = (_OpenEvent, "outcome", "provider", "event_type", "received_at")
    search_fields = ("event_id", "subject", "user__email")
    actions = ("retry",)
    ordering = ("-occurred_at",)

    @action(description="Apply again", permissions=["change"])
    def retry(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        """Have events that failed, or told of nobody, applied at the next round."""
        again = [ProviderEvent.Outcome.FAILED, ProviderEvent.Outcome.UNKNOWN]
        done = rows.filter(outcome__in=again).update(
            processed_at=None, outcome=ProviderEvent.Outcome.WAITING
        )
        tell(request, done, rows.count(), "Applied at the next round")


class _OpenAlert(OpenFilter):
    def is_open(self) -> dict[str, Any]:
        return {"settled_at": None}


@register(Alert)
class AlertAdmin(OperatorAdmin[Alert]):
    """What the owner must look at."""

    list_display = ("words", "subject", "raised_at", "settled_at")
    list_filter = (_OpenAlert, "code", "raised_at")
    search_fields = ("subject",)
    actions = ("settle",)
    ordering = ("-raised_at",)

    @display(description="what is wrong", ordering="code")
    def words(self, alert: Alert) -> str:
        """Return what is wrong in words."""
        return alert.get_code_display()

    @action(description="Settle", permissions=["change"])
    def settle(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        """Note that the owner saw to it."""
        done = sum(alerts.settle(row.pk) for row in rows)
        tell(request, done, rows.count(), "Settled")
