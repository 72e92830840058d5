"""One car: what is known of it, what can be asked, and what was answered."""

import json
import uuid
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts import audit
from accounts.http import UserRequest
from fleet.endpoints import VEHICLE_DATA_GROUPS
from fleet.scopes import Scope
from tokens import bell
from tokens.models import Inquiry
from tokens.services import inquiries
from vehicles import places, tasks
from vehicles.cards import card, seen_online
from vehicles.controls.panel import panel
from vehicles.controls.states import Sight
from vehicles.forms import AskForm
from vehicles.live import REFRESHING, marked
from vehicles.models import VehicleAccess
from vehicles.places import sees_location
from vehicles.services import asking, latest
from vehicles.summary import shown_json, summary, why_no_place
from vehicles.views.finding import as_vin, found, units_for


@require_safe
@login_required
def vehicle(request: UserRequest, vin: str) -> HttpResponse:
    """Show a car with its last reading; htmx gets the reading, state and facts alone."""
    if request.htmx:
        context = _page(request, found(request, vin))
        return render(request, "vehicles/_reading_fragment.html", context)
    # Before the car is read: an answer that comes in between brings its reading along.
    asked = asking.latest(request.user, as_vin(vin))
    stand = asking.stand(asked, timezone.now()) if asked else None
    access = found(request, vin)
    # What ended earlier was read then; only what is under way belongs here.
    shown = stand if stand and stand.words else None
    context = _page(request, access) | {"stand": shown, "asked": asked}
    return render(request, "vehicles/vehicle.html", context)


@require_POST
@login_required
def ask(request: UserRequest, vin: str) -> HttpResponse:
    """Have a worker ask Tesla; go where the answer will be."""
    access = found(request, vin)
    form = AskForm(request.POST)
    if not form.is_valid():
        return render(request, "400.html", status=400)
    asked = inquiries.ask(
        request.user, access.grant, form.cleaned_data["endpoint"], vin
    )
    if asked.endpoint == "wake_up":
        audit.record(
            request.user, "command.sent", detail={"verb": "wake_up"}, request=request
        )
    bell.ring(tasks.ask, str(asked.pk))
    if request.htmx:
        return _fragment(request, vin, asked)
    return redirect("vehicles:inquiry", vin, asked.pk)


@require_safe
@login_required
def inquiry(request: UserRequest, vin: str, inquiry_id: uuid.UUID) -> HttpResponse:
    """Show how far a question has come, then its answer; htmx gets that alone."""
    asked = get_object_or_404(
        Inquiry.objects.select_related("grant"),
        pk=inquiry_id,
        user=request.user,
        subject=as_vin(vin),
        endpoint__in=asking.ENDPOINTS,
    )
    if request.htmx:
        return _fragment(request, vin, asked)
    stand = asking.stand(asked, timezone.now())
    context = _page(request, found(request, vin)) | {"stand": stand, "asked": asked}
    return render(request, "vehicles/vehicle.html", context)


def _fragment(request: UserRequest, vin: str, asked: Inquiry) -> HttpResponse:
    """Answer how far a question has come; 204 while the browser has seen just that.

    The car is looked up last, so that an answered question has its reading.
    """
    stand = asking.stand(asked, timezone.now())
    access = found(request, vin)
    if stand.words and request.GET.get("seen") == stand.phase:
        return HttpResponse(status=204)
    context = _page(request, access) | {"stand": stand, "asked": asked}
    return render(request, "vehicles/_inquiry.html", context | {"is_fragment": True})


def _page(request: UserRequest, access: VehicleAccess) -> dict[str, Any]:
    """Return what the page and its fragments show of the car."""
    units, now = units_for(request), timezone.now()
    newest = latest.of(access)
    shown = panel(request.user, Sight(access, newest, units, now))
    reading = access.vehicle_data
    as_json = request.GET.get("show") == "json" and reading is not None
    context: dict[str, Any] = {
        "card": seen_online(card(access, units, now, newest), shown.online_at),
        "panel": shown,
        "has_reading": newest.is_known,
        "refreshing": REFRESHING,
        "as_json": as_json,
        "vehicle_data_url": _api_url(access),
    }
    if reading is not None and as_json:
        seen = places.reading(reading, sees_location=sees_location(access))
        context["text"] = json.dumps(shown_json(seen), indent=2, ensure_ascii=False)
    elif newest.is_known:
        why = why_no_place(access)
        groups = summary(newest.document, units, why_no_place=why)
        context["groups"] = marked(groups, units, newest)
    return context


def _api_url(access: VehicleAccess) -> str:
    """Return where a program reads the same of the gateway: every group granted."""
    groups = [
        group
        for group in VEHICLE_DATA_GROUPS
        if group != "vehicle_data_combo"
        and (group != "location_data" or access.grant.has(Scope.VEHICLE_LOCATION))
    ]
    vin = access.vehicle.vin
    base = f"{settings.PUBLIC_URL}/api/1/vehicles/{vin}/vehicle_data"
    return f"{base}?endpoints={'%3B'.join(groups)}"
