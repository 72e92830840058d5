"""One line of a webhook's log, opened: what was sent, and what came back."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.http import UserRequest
from webhooks import garage, log, words
from webhooks.cards import card_of
from webhooks.models import Attempt, Delivery
from webhooks.views.finding import found


@dataclass(frozen=True, slots=True)
class Opened:
    """One attempt as its page shows it: the request's head, and what it ended with."""

    attempt: Attempt
    head: str
    end: str
    why: str


@require_safe
@login_required
def delivery(request: UserRequest, pk: UUID, delivery_id: int) -> HttpResponse:
    """Show an event on its way, with each attempt; htmx gets that alone."""
    endpoint, now = found(request, pk), timezone.now()
    row = get_object_or_404(
        Delivery.objects.select_related("message"), pk=delivery_id, endpoint=endpoint
    )
    seen = f"{row.state}.{row.attempts}"
    if request.htmx and request.GET.get("seen") == seen:
        return HttpResponse(status=204)
    message = row.message
    context = {
        "card": card_of(endpoint, now),
        "delivery": row,
        "seen": seen,
        "is_open": log.is_open(endpoint, row, now),
        "rests": log.rests(endpoint, now),
        "kind": words.kind(message.topic),
        "car": _car(request, message.product),
        "product": message.product,
        "opened": [_opened(one) for one in row.log.order_by("-pk")],
    }
    part = "webhooks/_delivery.html"
    return render(request, part if request.htmx else "webhooks/delivery.html", context)


@require_safe
@login_required
def attempt(request: UserRequest, pk: UUID, attempt_id: int) -> HttpResponse:
    """Show one request of telemetry, and what came back."""
    endpoint = found(request, pk)
    row = get_object_or_404(Attempt, pk=attempt_id, endpoint=endpoint)
    context = {
        "card": card_of(endpoint, timezone.now()),
        "kind": words.kind(row.topic),
        "car": _car(request, row.product),
        "product": row.product,
        "opened": [_opened(row)],
    }
    return render(request, "webhooks/attempt.html", context)


def _car(request: UserRequest, vin: str) -> str:
    names = {car.vin: car.name for car in garage.cars_of(request.user)}
    return names.get(vin, "")


def _opened(row: Attempt) -> Opened:
    head = "\n".join(f"{name}: {value}" for name, value in row.request_headers.items())
    why = words.failure(row.error_kind, row.http_status)
    return Opened(row, head, log.ending(row), why)
