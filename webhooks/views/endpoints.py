"""The webhooks of a user: how each does, one with its log, and its removal."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.http import UserRequest
from webhooks import garage, log, words
from webhooks.cards import card_of, cards_of, title
from webhooks.forms import LogForm, SinceForm
from webhooks.models import MOST_ENDPOINTS, Endpoint
from webhooks.services import endpoints as service
from webhooks.snippets import snippets
from webhooks.views.finding import found


@require_safe
@login_required
def endpoints(request: UserRequest) -> HttpResponse:
    """List the webhooks with their figures."""
    now = timezone.now()
    rows = Endpoint.objects.filter(user=request.user).order_by("created_at", "pk")
    cards = cards_of(list(rows), now)
    context = {
        "cards": cards,
        "most": MOST_ENDPOINTS,
        "is_full": len(cards) >= MOST_ENDPOINTS,
    }
    return render(request, "webhooks/endpoints.html", context)


@require_safe
@login_required
def endpoint(request: UserRequest, pk: UUID) -> HttpResponse:
    """Show one webhook with its log; htmx gets what changes, 204 for nothing."""
    row, now = found(request, pk), timezone.now()
    form = LogForm(request.GET)
    asked = form.cleaned_data if form.is_valid() else {}
    names = {car.vin: car.name for car in garage.cars_of(request.user)}
    outcome, before = asked.get("outcome", ""), asked.get("before")
    part = log.page(row, names, now, outcome=outcome, before=before)
    card = card_of(row, now)
    token = f"{part.token}.{card.word}.{card.health.attempts}"
    if request.htmx and request.GET.get("seen") == token:
        return HttpResponse(status=204)
    context: dict[str, Any] = {
        "card": card,
        "log": part,
        "outcome": outcome,
        "before": before,
        "outcomes": LogForm.OUTCOMES.items(),
        "token": token,
        "missed": log.missed(row),
        "spans": SinceForm.SPANS.items(),
    }
    if request.htmx:
        return render(request, "webhooks/_live.html", context)
    return render(request, "webhooks/endpoint.html", context | _still(row, names))


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def endpoint_remove(request: UserRequest, pk: UUID) -> HttpResponse:
    """Ask once, then remove a webhook with its log; nothing more is sent there."""
    row = found(request, pk)
    if request.method == "POST":
        service.remove(row)
        messages.success(
            request, f"{title(row)} is removed. Nothing is sent there now."
        )
        return redirect("webhooks:endpoints")
    context = {"card": card_of(row, timezone.now())}
    return render(request, "webhooks/endpoint_remove.html", context)


def _still(row: Endpoint, names: dict[str, str]) -> dict[str, Any]:
    """Return what a page shows that does not change by itself."""
    return {
        "tests": words.KINDS.items(),
        "told_of": [words.kind(kind) for kind in row.kinds],
        "cars": [
            (names.get(vin, "A car that you do not see"), vin) for vin in row.vins
        ],
        "format": words.FORMATS[row.format],
        "snippets": snippets(row.url),
    }
