"""Webhooks and what was sent to them: never bodies, headers, or whole addresses."""

from typing import Any
from urllib.parse import urlsplit

from django.contrib.admin import action, display, register
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from accounts import audit
from console.admin.base import (
    OpenFilter,
    OperatorAdmin,
    confirmed,
    link,
    list_link,
    tell,
)
from webhooks.models import Attempt, Delivery, Endpoint, Message
from webhooks.services import endpoints


class _Shy(OperatorAdmin[Any]):
    """Rows with columns that tell where cars are, or that open a receiver."""

    hidden: tuple[str, ...] = ()

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return all but what is hidden."""
        shown = super().get_fields(request, obj)
        return [name for name in shown if name not in self.hidden]


class _OpenEndpoint(OpenFilter):
    title = "sending"

    def is_open(self) -> dict[str, Any]:
        return {"paused_at": None, "disabled_at": None}


@register(Endpoint)
class EndpointAdmin(_Shy):
    """Webhooks: whose they are and how they do. An address can hold a password."""

    hidden = ("url",)
    list_display = (
        "__str__",
        "of",
        "host",
        "first_failure_at",
        "disabled_at",
        "delivered_count",
        "dropped_count",
    )
    list_filter = (_OpenEndpoint, "disabled_reason", "format", "created_at")
    list_select_related = ("user",)
    search_fields = ("user__email", "name", "pk__startswith")
    readonly_fields = ("of", "host", "sent", "tried")
    actions = ("pause",)
    ordering = ("-created_at",)

    @display(description="user")
    def of(self, endpoint: Endpoint) -> SafeString | str:
        """Link to the user."""
        return link(endpoint.user)

    @display(description="host")
    def host(self, endpoint: Endpoint) -> str:
        """Return the host that requests go to."""
        return urlsplit(endpoint.url).hostname or ""

    @display(description="deliveries")
    def sent(self, endpoint: Endpoint) -> SafeString:
        """Link to the events on their way."""
        count = str(endpoint.deliveries.count())
        return list_link(
            "webhooks", "delivery", f"endpoint__id__exact={endpoint.pk}", count
        )

    @display(description="requests")
    def tried(self, endpoint: Endpoint) -> SafeString:
        """Link to the requests that the log keeps."""
        count = str(endpoint.attempts.count())
        return list_link(
            "webhooks", "attempt", f"endpoint__id__exact={endpoint.pk}", count
        )

    @action(description="Pause", permissions=["change"])
    @confirmed("Pause?", "Nothing is sent to them until their owners resume them.")
    def pause(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        """Send nothing to webhooks until their owners resume them."""
        chosen = [row for row in rows.select_related("user") if row.is_sending]
        for row in chosen:
            endpoints.pause(row)
            by = {"by": "operator"}
            audit.record(row.user, "webhook.paused", subject=str(row.pk), detail=by)
        tell(request, len(chosen), rows.count(), "Paused")


class _OfEndpoint(_Shy):
    """Rows that belong to a webhook."""

    list_select_related = ("endpoint",)
    readonly_fields = ("to",)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Allow the link from a webhook to what was sent, besides the filters."""
        is_link = lookup == "endpoint__id__exact"
        return is_link or super().lookup_allowed(lookup, value, request)

    @display(description="webhook")
    def to(self, row: Any) -> SafeString | str:
        """Link to the webhook."""
        return link(row.endpoint)


class _OpenDelivery(OpenFilter):
    def is_open(self) -> dict[str, Any]:
        return {"state": Delivery.State.PENDING}


@register(Delivery)
class DeliveryAdmin(_OfEndpoint):
    """Events on their way to webhooks."""

    list_display = ("message_id", "to", "state", "purpose", "attempts", "next_at")
    list_filter = (_OpenDelivery, "state", "purpose", "asked_at")
    search_fields = ("message__pk__startswith", "endpoint__user__email")
    ordering = ("-pk",)


@register(Attempt)
class AttemptAdmin(_OfEndpoint):
    """Requests to webhooks and how they ended, never what they said."""

    hidden = ("request_headers", "request_excerpt", "response_excerpt")
    list_display = (
        "started_at",
        "to",
        "topic",
        "number",
        "http_status",
        "error_kind",
        "duration_ms",
    )
    list_filter = ("error_kind", "topic", "started_at")
    search_fields = ("message_id_text__startswith", "endpoint__user__email")
    ordering = ("-pk",)


@register(Message)
class MessageAdmin(_Shy):
    """What somebody is told, never the words of it."""

    hidden = ("body",)
    list_display = ("id", "of", "topic", "product", "occurred_at")
    list_filter = ("topic", "occurred_at")
    list_select_related = ("user",)
    search_fields = ("pk__startswith", "product", "user__email")
    readonly_fields = ("of",)
    ordering = ("-pk",)

    @display(description="user")
    def of(self, message: Message) -> SafeString | str:
        """Link to the user."""
        return link(message.user)
