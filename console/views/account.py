"""The account page and the choices on it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.http import UserRequest
from console.forms import PreferencesForm


@require_safe
@login_required
def account(request: UserRequest) -> HttpResponse:
    """Show who is signed in, their preferences, and the way out."""
    form = PreferencesForm(initial={"units": request.user.units})
    return render(request, "console/account.html", {"form": form})


@require_POST
@login_required
def preferences(request: UserRequest) -> HttpResponse:
    """Store in which units the person reads."""
    form = PreferencesForm(request.POST)
    if not form.is_valid():
        return render(request, "console/account.html", {"form": form}, status=422)
    request.user.units = form.cleaned_data["units"]
    request.user.save(update_fields=["units"])
    messages.success(request, "Saved. Values are shown in these units from now on.")
    return redirect("console:account")
