"""Take one Tesla account, car or site out of the console: a small deletion each."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from accounts import audit, proofs
from accounts.http import UserRequest
from console import tasks
from console.models import Deletion
from console.services import deletions
from energy.services import sites
from fleet.vin import is_vin
from tokens import bell
from tokens.models import TeslaGrant
from tokens.services import grants
from vehicles.services import vehicles

_STILL_LISTED = (
    "{} is still listed by Tesla and would come back. Remove it in the Tesla app first."
)

_ACTIONS: dict[str, str] = {
    Deletion.Kind.GRANT: "grant.unlinked",
    Deletion.Kind.VEHICLE: "vehicle.removed",
    Deletion.Kind.ENERGY_SITE: "energy_site.removed",
}


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def grant_unlink(request: UserRequest, pk: UUID) -> HttpResponse:
    """Ask once, then unlink a Tesla account and delete what was read with it.

    Somebody who signed in some time ago is asked who they are.
    """
    grant = get_object_or_404(TeslaGrant, pk=pk, user=request.user)
    if request.method != "POST":
        return render(request, "console/grant_unlink.html", {"grant": grant})
    if not proofs.is_recent(request):
        return proofs.ask(reverse("console:grant_unlink", args=[pk]))
    try:
        _begin(request, Deletion.Kind.GRANT, str(pk), str(grant))
    except grants.OnlyWayIn:
        messages.error(
            request,
            "This Tesla account is your only way to sign in. Add a passkey, or an e-mail"
            " address and a password, on the Account page first.",
        )
    return redirect("tokens:scopes")


@require_POST
@login_required
def vehicle_remove(request: UserRequest, vin: str) -> HttpResponse:
    """Forget a car that Tesla no longer lists."""
    access = vehicles.best_access(request.user, vin) if is_vin(vin) else None
    if access is None:
        raise Http404
    if access.gone_at is None:
        messages.error(request, _STILL_LISTED.format(access.vehicle))
    else:
        _begin(request, Deletion.Kind.VEHICLE, vin, str(access.vehicle))
    return redirect(settings.LOGIN_REDIRECT_URL)


@require_POST
@login_required
def energy_site_remove(request: UserRequest, site_id: int) -> HttpResponse:
    """Forget a site that Tesla no longer lists."""
    access = sites.best_access(request.user, site_id)
    if access is None:
        raise Http404
    if access.gone_at is None:
        messages.error(request, _STILL_LISTED.format(access.site))
    else:
        kind = Deletion.Kind.ENERGY_SITE
        _begin(request, kind, str(site_id), str(access.site))
    return redirect(settings.LOGIN_REDIRECT_URL)


def _begin(request: UserRequest, kind: str, subject: str, name: str) -> None:
    """Put the deletion and ring for a worker. Raises `grants.OnlyWayIn`."""
    deletion = deletions.ask(request.user, kind, subject)
    audit.record(request.user, _ACTIONS[kind], request=request)
    bell.ring(tasks.delete, str(deletion.pk))
    messages.success(request, f"{name} is being removed; it is gone in a moment.")
