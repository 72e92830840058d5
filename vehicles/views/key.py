"""The virtual key: which car has it, and how the others get it."""

from dataclasses import dataclass
from datetime import datetime

import segno
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.http import UserRequest
from fleet.oauth import pairing_url
from fleet.vin import is_vin, model_of
from tokens import bell
from tokens.services import fleet_app
from vehicles import tasks
from vehicles.cards import KeyWord, key_word
from vehicles.models import VehicleAccess
from vehicles.services import keys, vehicles


@dataclass(frozen=True, slots=True)
class Row:
    """Hold one car on the key page.

    `is_watched`: a worker asks Tesla about it now and then. `seen` changes with
    whatever the row shows. `qr` is a `data:` image of `link`. `failure` is the title
    of why the last check failed.
    """

    access: VehicleAccess
    name: str
    model: str
    vin: str
    key: KeyWord
    link: str
    qr: str
    is_watched: bool
    checked_at: datetime | None
    streaming_toggle: bool | None
    failure: str
    failure_words: str
    seen: str


@require_safe
@login_required
def key(request: UserRequest) -> HttpResponse:
    """Show for each car whether it has the key, and the way to pair it."""
    accesses = [
        access
        for access in vehicles.best_of(VehicleAccess.objects.of(request.user))
        if keys.may_see(access) and access.gone_at is None
    ]
    failures = vehicles.failed_checks(request.user)
    rows = [_row(access, failures) for access in accesses]
    context = {
        "rows": rows,
        "starts": True,
        "is_watched": any(row.is_watched for row in rows),
        "domain": settings.TESLA_DOMAIN,
    }
    return render(request, "vehicles/key.html", context)


@require_safe
@login_required
def key_vehicle(request: UserRequest, vin: str) -> HttpResponse:
    """Answer one car's row anew; 204 while it is as the browser has seen it."""
    row = _row(_found(request, vin), vehicles.failed_checks(request.user))
    if not request.htmx:
        return redirect("vehicles:key")
    if request.GET.get("seen") == row.seen:
        return HttpResponse(status=204)
    return render(request, "vehicles/_key.html", {"row": row})


@require_POST
@login_required
def key_check(request: UserRequest, vin: str) -> HttpResponse:
    """Have workers ask Tesla for some minutes whether the key is there."""
    access = _found(request, vin)
    now = timezone.now()
    # A check that comes before its moment would find nothing to do, and end the chain.
    wait = keys.watch(access.vehicle, now) - now
    countdown_s = max(wait.total_seconds(), 0)
    bell.ring(tasks.check_key, str(access.pk), countdown_s=countdown_s)
    if not request.htmx:
        return redirect("vehicles:key")
    row = _row(access, vehicles.failed_checks(request.user))
    return render(request, "vehicles/_key.html", {"row": row})


def _found(request: UserRequest, vin: str) -> VehicleAccess:
    access = vehicles.best_access(request.user, vin) if is_vin(vin) else None
    if access is None or access.gone_at is not None or not keys.may_see(access):
        raise Http404
    return access


def _row(access: VehicleAccess, failures: dict[str, tuple[str, str, datetime]]) -> Row:
    vehicle = access.vehicle
    word = key_word(vehicle)
    link = pairing_url(fleet_app.hosts(), settings.TESLA_DOMAIN, vehicle.vin)
    title, words, failed_at = failures.get(vehicle.vin, ("", "", None))
    checked_at = vehicle.fleet_status_at
    if failed_at and checked_at and failed_at < checked_at:
        title = words = ""
    is_watched = keys.is_watched(vehicle, timezone.now())
    return Row(
        access=access,
        name=vehicle.name or model_of(vehicle.vin),
        model=model_of(vehicle.vin),
        vin=vehicle.vin,
        key=word,
        link=link,
        qr=_qr(link) if word.state in _PAIRABLE else "",
        is_watched=is_watched,
        checked_at=checked_at,
        streaming_toggle=vehicle.safety_screen_streaming_toggle,
        failure=title,
        failure_words=words,
        seen=f"{word.state}-{is_watched}-{checked_at and checked_at.timestamp()}-{title}",
    )


_PAIRABLE = {keys.KeyState.MISSING, keys.KeyState.CANNOT_TELL}


def _qr(link: str) -> str:
    """Return the link as a QR code: an SVG image as a `data:` address."""
    code = segno.make(link, error="m")
    address: str = code.svg_data_uri(border=2, omitsize=True)
    return address
