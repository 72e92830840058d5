"""Make rows about webhooks for tests: plain values for what is not said."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from accounts.models import User
from webhooks import samples
from webhooks.models import Attempt, Delivery, Endpoint, Message
from webhooks.services import endpoints

URL = "https://receiver.example.com/hook"
VIN = "5YJ3E1EA4PF000001"
_numbers = iter(range(1, 1_000_000))


def make_endpoint(user: User, url: str = URL, **columns: Any) -> Endpoint:
    """Make a webhook; `columns` are what `endpoints.add` takes, or columns of the row."""
    wishes = {
        name: columns.pop(name)
        for name in list(columns)
        if name in {"name", "kinds", "vins", "authorization", "headers", "format"}
    }
    endpoint, _ = endpoints.add(user, url, **wishes)
    if columns:
        Endpoint.objects.filter(pk=endpoint.pk).update(**columns)
        endpoint.refresh_from_db()
    return endpoint


def make_delivery(
    endpoint: Endpoint,
    kind: str = "state",
    *,
    state: str = Delivery.State.DELIVERED,
    occurred_at: datetime | None = None,
    **columns: Any,
) -> Delivery:
    """Make an event on its way to a webhook."""
    at = occurred_at or timezone.now()
    message = Message.objects.create(
        id=f"msg_{next(_numbers):026d}",
        user_id=endpoint.user_id,
        topic=kind,
        product=VIN,
        body=samples.body(kind, VIN, int(at.timestamp() * 1000)),
        occurred_at=at,
    )
    return Delivery.objects.create(
        message=message, endpoint=endpoint, state=state, **columns
    )


def make_attempt(
    endpoint: Endpoint, delivery: Delivery | None = None, **columns: Any
) -> Attempt:
    """Make a request that was sent: of a delivery, or of telemetry without one."""
    facts: dict[str, Any] = {
        "message_id_text": delivery.message_id if delivery else "msg_data",
        "topic": delivery.message.topic if delivery else "data",
        "product": VIN,
        "duration_ms": 42,
        "http_status": 200,
        "request_headers": {"webhook-id": "msg_1", "authorization": "***"},
        "request_excerpt": '{"state":"online"}',
        "response_excerpt": "ok",
        "remote_ip": "198.51.100.7",
    }
    return Attempt.objects.create(
        endpoint=endpoint, delivery=delivery, **{**facts, **columns}
    )
