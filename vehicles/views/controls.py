"""Controls of a car: press one, see how far it has come, look at what was sent."""

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.http import UserRequest
from tokens import bell
from vehicles import tasks
from vehicles.cards import card, seen_online
from vehicles.controls.buttons import PRESSES, Control, Press, control_for, control_of
from vehicles.controls.panel import MOST_ENTRIES, older, page, panel
from vehicles.controls.refusals import why_not
from vehicles.controls.states import Sight
from vehicles.forms import OlderForm, PercentForm, PressForm
from vehicles.models import Command, VehicleAccess
from vehicles.services import latest, presses
from vehicles.views.finding import as_vin, found, units_for

_BAD_PERCENT = "The charge limit is a whole number from 50 to 100."


@require_POST
@login_required
def press(request: UserRequest, vin: str) -> HttpResponse:
    """Have a worker send a command; go where the car's answer will be."""
    access = found(request, vin)
    form = PressForm(request.POST)
    if not form.is_valid():
        return render(request, "400.html", status=400)
    pressed = PRESSES[form.cleaned_data["press"]]
    wrong = _send(request, access, pressed, form.cleaned_data["form_id"])
    control = control_of(pressed)
    if request.htmx:
        return _fragment(request, access, control, wrong)
    if wrong:
        messages.error(request, wrong)
    return redirect(f"{reverse('vehicles:vehicle', args=[vin])}#control-{control.name}")


@require_safe
@login_required
def controls(request: UserRequest, vin: str) -> HttpResponse:
    """Answer htmx all controls as they stand now."""
    access = found(request, vin)
    if not request.htmx:
        return redirect("vehicles:vehicle", vin)
    sight = _sight(request, access)
    context = {
        "card": card(access, sight.units, sight.now, sight.newest),
        "panel": panel(request.user, sight),
    }
    return render(request, "vehicles/_controls.html", context)


@require_safe
@login_required
def command(request: UserRequest, vin: str, command_id: uuid.UUID) -> HttpResponse:
    """Answer htmx how far a command has come; 204 while it has seen just that."""
    sent = get_object_or_404(
        Command.objects.of(request.user, as_vin(vin)), pk=command_id
    )
    access = found(request, vin)
    control = control_for(sent.name, sent.parameters)
    if not request.htmx or control is None:
        return redirect("vehicles:vehicle", vin)
    shown = panel(request.user, _sight(request, access))
    row = shown.row(control.name)
    if row.is_under_way and row.stand and request.GET.get("seen") == row.stand.phase:
        return HttpResponse(status=204)
    return _fragment(request, access, control)


@require_safe
@login_required
def commands(request: UserRequest, vin: str) -> HttpResponse:
    """Show what a person and their programs had a car do, a page at a time."""
    access = found(request, vin)
    form = OlderForm(request.GET)
    sent, now = Command.objects.of(request.user, vin), timezone.now()
    before = form.cleaned_data["before"] if form.is_valid() else None
    shown = older(sent, get_object_or_404(sent, pk=before)) if before else sent
    entries, older_than = page(list(shown[: MOST_ENTRIES + 1]), now)
    context = {
        "card": card(access, units_for(request), now),
        "entries": entries,
        "older_than": older_than,
        "is_first": before is None,
    }
    return render(request, "vehicles/commands.html", context)


def _send(
    request: UserRequest, access: VehicleAccess, pressed: Press, form_id: str
) -> str:
    """Put the command, unless it cannot be; return what is wrong, "" for nothing."""
    why = why_not(access, pressed.endpoint)
    if why is not None:
        return f"{why.short}. {why.words}"
    parameters = dict(pressed.parameters)
    if pressed.takes_percent:
        form = PercentForm(request.POST)
        if not form.is_valid():
            return _BAD_PERCENT
        parameters["percent"] = form.cleaned_data["percent"]
    vin = access.vehicle.vin
    sent = presses.press(
        request.user, vin, pressed.command, parameters, form_id=form_id
    )
    if sent is not None:
        bell.ring(tasks.command, str(sent.pk))
    return ""


def _sight(request: UserRequest, access: VehicleAccess) -> Sight:
    return Sight(access, latest.of(access), units_for(request), timezone.now())


def _fragment(
    request: UserRequest, access: VehicleAccess, control: Control, wrong: str = ""
) -> HttpResponse:
    """Answer one control as it stands now, with what changes beside it."""
    sight = _sight(request, access)
    shown = panel(request.user, sight, (control.name, wrong))
    seen = card(access, sight.units, sight.now, sight.newest)
    context = {
        "card": seen_online(seen, shown.online_at),
        "panel": shown,
        "row": shown.row(control.name),
        "wake_row": shown.row("wake"),
        "is_fragment": True,
    }
    return render(request, "vehicles/_control_fragment.html", context)
