"""The dashboard: is everything well, and if not, what to press."""

from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.http import UserRequest
from fleet.scopes import Opening
from tokens.models import TeslaGrant

_LONGEST_WAIT = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Consent:
    """What one linked Tesla account granted, and what it did not, of what we ask."""

    grant: TeslaGrant
    granted: tuple[Opening, ...]
    missing: tuple[Opening, ...]


@require_safe
@login_required
def dashboard(request: UserRequest) -> HttpResponse:
    """Show what needs the person, then what they own, handed out and granted.

    While the lists are being read at Tesla, htmx asks again each second and gets the
    part below the heading.
    """
    return render(request, "console/dashboard.html", {})


@require_POST
@login_required
def refresh(request: UserRequest) -> HttpResponse:
    """Have the lists of cars and sites read again at Tesla; wakes nothing."""
    return redirect("console:dashboard")
