"""Leaving: what will happen, the way out, and the proof that it was done."""

from uuid import UUID

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import audit, proofs
from accounts.http import UserRequest
from console import tasks
from console.forms import DeleteForm
from console.models import Deletion
from console.services import deletions, export_jobs, receipts
from energy.models import SiteAccess
from tokens import bell
from tokens.models import AccessToken, TeslaGrant
from vehicles.models import VehicleAccess
from vehicles.services import telemetry


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def delete(request: UserRequest) -> HttpResponse:
    """Explain what deletion does and does not; then do it, proven and confirmed."""
    here = reverse("console:delete")
    if request.method != "POST":
        if "prove" in request.GET and not proofs.is_recent(request):
            return proofs.ask(f"{here}#confirm")
        return _page(request, DeleteForm())
    form = DeleteForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    if not proofs.is_recent(request):
        return proofs.ask(f"{here}#confirm")
    deletion = deletions.ask(request.user, Deletion.Kind.ACCOUNT)
    # Before a worker hears of it, who may be quick enough to delete the account first.
    audit.record(request.user, "deletion.asked", request=request)
    logout(request)
    bell.ring(tasks.delete, str(deletion.pk))
    return redirect("console:goodbye", deletion.pk)


@require_safe
@never_cache
def goodbye(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show how far the deletion of an account is, to whoever has its address.

    The page names nobody; htmx gets the steps alone.
    """
    deletion = get_object_or_404(Deletion, pk=pk, kind=Deletion.Kind.ACCOUNT)
    here = f"{settings.PUBLIC_URL}{reverse('console:goodbye', args=[pk])}"
    context = {
        "deletion": deletion,
        "lines": receipts.nameless(deletion.steps.order_by("position")),
        "is_waiting": deletion.failures > 0 and deletion.done_at is None,
        "consent_url": receipts.consent_url(here),
        "domain": settings.TESLA_DOMAIN,
        "now": timezone.now(),
    }
    is_fragment = request.headers.get("HX-Request") == "true"
    page = "console/_goodbye.html" if is_fragment else "console/goodbye.html"
    return render(request, page, context)


def _page(request: UserRequest, form: DeleteForm, status: int = 200) -> HttpResponse:
    user = request.user
    grants = list(TeslaGrant.objects.filter(user=user).order_by("linked_at", "pk"))
    seen = VehicleAccess.objects.filter(grant__in=grants)
    cars = dict(
        seen.order_by("vehicle__name").values_list("vehicle__vin", "vehicle__name")
    )
    kept = telemetry.used_by_others(cars, [grant.pk for grant in grants])
    sites = SiteAccess.objects.filter(grant__in=grants).order_by("site__name")
    context = {
        "form": form,
        "is_proven": proofs.is_recent(request),
        "grants": grants,
        "cars": [
            {"name": name or vin, "is_kept": vin in kept} for vin, name in cars.items()
        ],
        "sites": list(dict.fromkeys(sites.values_list("site__name", flat=True))),
        "access_tokens": AccessToken.objects.filter(user=user).count(),
        "export": export_jobs.newest(user),
        "domain": settings.TESLA_DOMAIN,
        "deletions_kept_days": settings.DELETIONS_KEPT_DAYS,
    }
    return render(request, "console/delete.html", context, status=status)
