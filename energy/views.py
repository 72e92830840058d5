"""One energy site: what it has, what can be asked, and what was answered."""

import json
import uuid
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.http import UserRequest
from energy import tasks
from energy.cards import card
from energy.forms import AskForm
from energy.models import SiteAccess
from energy.services import sites
from energy.summary import info, live
from tokens import bell
from tokens.models import Inquiry
from tokens.readings import is_unheard
from tokens.services import inquiries


@require_safe
@login_required
def energy_site(request: UserRequest, site_id: int) -> HttpResponse:
    """Show a site with its last readings; htmx gets the readings alone."""
    if request.htmx:
        context = _page(request, _found(request, site_id))
        return render(request, "energy/_reading.html", context)
    # Before the site is read: an answer that comes in between brings its reading along.
    latest = sites.latest(request.user, site_id)
    asked = latest if latest and not latest.is_done else None
    context = _page(request, _found(request, site_id)) | _stand(asked)
    return render(request, "energy/energy_site.html", context)


@require_POST
@login_required
def ask(request: UserRequest, site_id: int) -> HttpResponse:
    """Have a worker ask Tesla; go where the answer will be."""
    access = _found(request, site_id)
    form = AskForm(request.POST)
    if not form.is_valid():
        return render(request, "400.html", status=400)
    asked = inquiries.ask(
        request.user, access.grant, form.cleaned_data["endpoint"], str(site_id)
    )
    bell.ring(tasks.ask, str(asked.pk))
    if request.htmx:
        return _fragment(request, site_id, asked)
    return redirect("energy:inquiry", site_id, asked.pk)


@require_safe
@login_required
def inquiry(request: UserRequest, site_id: int, inquiry_id: uuid.UUID) -> HttpResponse:
    """Show how far a question has come, then its answer; htmx gets that alone."""
    asked = get_object_or_404(
        Inquiry,
        pk=inquiry_id,
        user=request.user,
        subject=str(site_id),
        endpoint__in=sites.ENDPOINTS,
    )
    if request.htmx:
        return _fragment(request, site_id, asked)
    access = _found(request, site_id)
    context = _page(request, access, asked.endpoint) | _stand(asked)
    return render(request, "energy/energy_site.html", context)


@require_POST
@login_required
def remove(request: UserRequest, site_id: int) -> HttpResponse:
    """Forget a site that Tesla no longer lists."""
    access = _found(request, site_id)
    if sites.remove(access):
        messages.success(request, f"{access.site} is removed.")
    else:
        messages.error(
            request, f"{access.site} is still listed by Tesla and would come back."
        )
    return redirect(settings.LOGIN_REDIRECT_URL)


def _found(request: UserRequest, site_id: int) -> SiteAccess:
    """Return the user's access to a site; a stranger's site is a 404 like no site."""
    access = sites.best_access(request.user, site_id)
    if access is None:
        raise Http404
    return access


def _fragment(request: UserRequest, site_id: int, asked: Inquiry) -> HttpResponse:
    """Answer how far a question has come; 204 while the browser has seen just that.

    The site is looked up last, so that an answered question has its reading.
    """
    stand = _stand(asked)
    access = _found(request, site_id)
    if not asked.is_done and request.GET.get("seen") == stand["phase"]:
        return HttpResponse(status=204)
    context = _page(request, access, asked.endpoint) | stand | {"is_fragment": True}
    return render(request, "energy/_inquiry.html", context)


def _stand(asked: Inquiry | None) -> dict[str, Any]:
    """Return the question and one word for how far it has come."""
    if asked is None:
        return {}
    phase = "unheard" if is_unheard(asked, timezone.now()) else "asking"
    return {"asked": asked, "phase": phase}


def _page(
    request: UserRequest, access: SiteAccess, endpoint: str = ""
) -> dict[str, Any]:
    """Return what the page and its fragments show of the site.

    `endpoint` is whose reading to show; the address may say, Live Status is first.
    """
    show = request.GET.get("show", "")
    about, _, form = show.partition("-")
    wants_info = endpoint == "site_info" or (not endpoint and about == "info")
    reading = access.site_info if wants_info else access.live_status
    shown = card(access, timezone.now())
    context: dict[str, Any] = {
        "card": shown,
        "is_old": shown.live_is_old and not wants_info,
        "about": "info" if wants_info else "live",
        "endpoint": "site_info" if wants_info else "live_status",
        "read_at": access.site_info_at if wants_info else access.live_status_at,
        "as_json": form == "json",
        "url": f"{settings.PUBLIC_URL}/api/1/energy_sites/{access.site.site_id}/"
        + ("site_info" if wants_info else "live_status"),
    }
    if form == "json":
        context["text"] = json.dumps(reading, indent=2, ensure_ascii=False)
    elif wants_info:
        context["groups"] = info(reading)
    else:
        context["groups"] = [live(reading, access.site)]
    return context
