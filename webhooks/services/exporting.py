"""What an export holds of webhooks; no secret and no header's value."""

from collections.abc import Iterator

from accounts.models import User
from accounts.services.exporting import Sheet, sheet
from webhooks.models import Attempt, Delivery, Endpoint, Message


def exports(user: User) -> Iterator[Sheet]:
    """Yield what this app keeps of a user."""
    yield sheet(
        "webhooks",
        "where you are told what happens; secrets and headers are left out",
        Endpoint.objects.filter(user=user).order_by("created_at", "pk"),
        {
            "id": "id",
            "name": "name",
            "url": "url",
            "format": "format",
            "kinds": "kinds",
            "vins": "vins",
            "created_at": "created_at",
            "paused_at": "paused_at",
            "disabled_at": "disabled_at",
            "disabled_reason": "disabled_reason",
            "last_success_at": "last_success_at",
            "failing_since": "first_failure_at",
            "delivered": "delivered_count",
            "failed": "failed_count",
            "dropped": "dropped_count",
        },
    )
    yield sheet(
        "webhook_messages",
        "the events that your webhooks were told",
        Message.objects.filter(user=user).order_by("created_at", "pk"),
        {
            "id": "id",
            "topic": "topic",
            "product": "product",
            "occurred_at": "occurred_at",
            "body": "body",
        },
    )
    yield sheet(
        "webhook_deliveries",
        "which event went to which webhook",
        Delivery.objects.filter(endpoint__user=user).order_by("pk"),
        {
            "webhook": "endpoint_id",
            "message": "message_id",
            "purpose": "purpose",
            "state": "state",
            "attempts": "attempts",
            "asked_at": "asked_at",
            "done_at": "done_at",
        },
    )
    yield sheet(
        "webhook_attempts",
        "the newest requests to your webhooks, and what came back",
        Attempt.objects.filter(endpoint__user=user).order_by("pk"),
        {
            "webhook": "endpoint_id",
            "message": "message_id_text",
            "topic": "topic",
            "product": "product",
            "started_at": "started_at",
            "duration_ms": "duration_ms",
            "http_status": "http_status",
            "error": "error_kind",
            "answer": "response_excerpt",
        },
    )
