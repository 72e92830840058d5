"""What a car streams: choose fields, see the cost, send, and watch the lights."""

import hashlib
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from accounts import audit
from accounts.http import UserRequest
from fleet.scopes import Scope
from tokens import bell
from tokens.models import TeslaGrant
from vehicles.cards import card
from vehicles.models import VehicleAccess
from vehicles.places import sees_location
from vehicles.services.telemetry import fields, wishes
from vehicles.services.telemetry.fields import Fields, Invalid
from vehicles.services.telemetry.refusals import Code, Reason, reason_of
from vehicles.streaming import cost, editor
from vehicles.streaming.lights import heard, lights, step_of
from vehicles.streaming.presets import BY_NAME, PRESETS
from vehicles.streaming.values import values
from vehicles.views.finding import found, units_for

_MOST_WORDS = 60
_FEW_VALUES = 60
_FEW_TICKED = 40
_LOCATION = Reason(
    "Places need the scope vehicle_location",
    "You have not granted it at Tesla. The Scopes page lets you grant it.",
)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def telemetry(request: UserRequest, vin: str) -> HttpResponse:
    """Show what a car streams; take the fields of a form, to reckon or to send them."""
    access = found(request, vin)
    if access.gone_at is not None:
        return _to_car(request, vin)
    if request.method == "POST":
        return _posted(request, access)
    row = wishes.find(access.vehicle.vin)
    chosen: Fields = row.fields if row else {}
    preset = BY_NAME.get(request.GET.get("preset", ""))
    if preset:
        chosen = {**preset.choose(editor.names_for(access)), **chosen}
    context = _page(request, access, chosen) | {"preset": preset}
    return render(request, "vehicles/telemetry.html", context)


@require_safe
@login_required
def telemetry_live(request: UserRequest, vin: str) -> HttpResponse:
    """Answer htmx lights and values; 204 while the browser has seen just those."""
    access = found(request, vin)
    if access.gone_at is not None:
        return _to_car(request, vin)
    if not request.htmx:
        return redirect("vehicles:telemetry", vin)
    live = _live(request, access)
    if request.GET.get("seen") == live["seen"]:
        return HttpResponse(status=204)
    context = {"card": card(access, units_for(request), timezone.now()), **live}
    return render(request, "vehicles/_telemetry_live.html", context)


@require_POST
@login_required
def telemetry_again(request: UserRequest, vin: str) -> HttpResponse:
    """Have the same settings sent once more."""
    access = found(request, vin)
    if access.gone_at is not None:
        return _to_car(request, vin)
    if why_not(access) is None and wishes.send_again(access):
        _ring(request, access, "sent again")
    return redirect("vehicles:telemetry", vin)


@require_POST
@login_required
def telemetry_remove(request: UserRequest, vin: str) -> HttpResponse:
    """Have a car stream nothing any more."""
    access = found(request, vin)
    if access.gone_at is not None:
        return _to_car(request, vin)
    reason = why_not(access)
    if reason is not None:
        messages.error(request, f"{reason.title}. {reason.words}")
        return redirect("vehicles:telemetry", vin)
    try:
        generation = wishes.remove(access)
    except wishes.NotYours as no:
        messages.error(request, str(no))
        return redirect("vehicles:telemetry", vin)
    if generation:
        _ring(request, access, "removed")
        messages.success(request, "Streaming is being taken away at Tesla.")
    return redirect("vehicles:telemetry", vin)


def why_not(
    access: VehicleAccess, wanted: Mapping[str, Any] | None = None
) -> Reason | None:
    """Return why this person cannot set what the car streams, None when they can."""
    if access.grant.state != TeslaGrant.State.ACTIVE:
        return reason_of(Code.RELINK)
    if not access.grant.has(Scope.VEHICLE_DEVICE_DATA):
        return reason_of(Code.MISSING_SCOPE)
    places = fields.located(wanted or {})
    if places and not access.grant.has(Scope.VEHICLE_LOCATION):
        return _LOCATION
    return None


def _to_car(request: UserRequest, vin: str) -> HttpResponse:
    """Go to the page of a gone car, which says so.

    What it streams now is its new owner's. Goes by htmx's own header where htmx asked.
    """
    address = reverse("vehicles:vehicle", args=[vin])
    if request.htmx:
        return HttpResponse(headers={"HX-Redirect": address})
    return redirect(address)


def _posted(request: UserRequest, access: VehicleAccess) -> HttpResponse:
    """Reckon or send what a form asks for; what is wrong is said above the form."""
    vin = access.vehicle.vin
    row = wishes.find(vin)
    kept: Fields = row.fields if row else {}
    try:
        wanted = editor.read(request.POST.getlist("on"), request.POST.dict(), kept)
    except Invalid as invalid:
        return _again(request, access, kept, invalid.messages.values())
    if request.POST.get("do") == "reckon":
        if request.htmx:
            context = {"count": len(wanted), **_cost(request, access, wanted)}
            return render(request, "vehicles/_telemetry_cost.html", context)
        return render(
            request, "vehicles/telemetry.html", _page(request, access, wanted)
        )
    reason = why_not(access, {name: None for name in wanted if name not in kept})
    if reason is not None:
        words = f"{reason.title}. {reason.words}"
        return _again(request, access, wanted, [words])
    try:
        wishes.replace(access, wanted)
    except wishes.NotYours as no:
        return _again(request, access, wanted, [str(no)])
    _ring(request, access, f"{len(wanted)} fields")
    return redirect("vehicles:telemetry", vin)


def _again(
    request: UserRequest, access: VehicleAccess, chosen: Fields, wrong: Any
) -> HttpResponse:
    if request.htmx:
        context = {"errors": list(wrong), **_cost(request, access, chosen)}
        return render(request, "vehicles/_telemetry_cost.html", context)
    context = _page(request, access, chosen) | {"errors": list(wrong)}
    return render(request, "vehicles/telemetry.html", context)


def _ring(request: UserRequest, access: VehicleAccess, what: str) -> None:
    vin = access.vehicle.vin
    audit.record(
        request.user, "telemetry.changed", detail={"what": what}, request=request
    )
    bell.ring_by_name(wishes.RECONCILE, vin)


def _page(
    request: UserRequest, access: VehicleAccess, chosen: Fields
) -> dict[str, Any]:
    """Return what the whole page shows; `chosen` fields are ticked."""
    asked = request.GET.get("q", "")[:_MOST_WORDS]
    shown = editor.categories(access, chosen, asked)
    rows = [row for category in shown for row in category.rows]
    return {
        "card": card(access, units_for(request), timezone.now()),
        "why_not": why_not(access),
        "presets": [
            (preset, *_price(preset.choose(editor.names_for(access))))
            for preset in PRESETS
        ],
        "categories": shown,
        "asked": asked,
        "was": ",".join(row.name for row in rows if row.is_on),
        "count": len(chosen),
        "are_few_ticked": len(chosen) <= _FEW_TICKED,
        "assumption": cost.ASSUMPTION,
        **_cost(request, access, chosen),
        **_live(request, access),
    }


def _price(chosen: Fields) -> tuple[int, str]:
    return len(chosen), cost.words(cost.total(chosen))


def _cost(
    request: UserRequest, access: VehicleAccess, chosen: Fields
) -> dict[str, Any]:
    count = cost.total(chosen)
    counted = cost.counted(request.user, access.vehicle.vin, timezone.now())
    return {
        "signals": count,
        "cost": cost.words(count),
        "counted": counted,
        "counted_cost": cost.words(counted),
    }


def _live(request: UserRequest, access: VehicleAccess) -> dict[str, Any]:
    """Return what changes by itself; `seen` changes with it."""
    vin, now = access.vehicle.vin, timezone.now()
    row = wishes.find(vin)
    told = heard(request.user.pk, vin, sees_location=sees_location(access))
    shown = lights(row, access.vehicle, told, now)
    known = values(told, row.fields if row else (), units_for(request))
    text = repr((shown, known))
    return {
        "row": row,
        "lights": shown,
        "lit": sum(light.state == "lit" for light in shown),
        "step": step_of(shown),
        "values": known,
        "are_few": sum(len(rows) for _, rows in known.told) <= _FEW_VALUES,
        "is_known": told.snapshot is not None,
        "seen": hashlib.sha256(text.encode()).hexdigest()[:16],
    }
