"""Where the link of an invitation leads: join, by Tesla or with a password."""

from allauth.account.internal.flows.login import record_authentication
from allauth.core.internal import ratelimit
from django.conf import settings
from django.contrib.auth import login
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import (
    sensitive_post_parameters,
    sensitive_variables,
)
from django.views.decorators.http import require_http_methods

from accounts import audit
from accounts.forms import NewPasswordForm
from accounts.models import Invitation
from accounts.services import invitations

_GONE = 410


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@sensitive_post_parameters()
@sensitive_variables("secret")
@ratelimit.decorator(app="allauth.account", action="invitation", limit_get=True)  # type: ignore[untyped-decorator]  # allauth ships no types
def invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """Say who is invited; with a good password, make them a member and sign them in."""
    try:
        invited = invitations.find(secret)
    except invitations.Spent:
        return render(request, "accounts/invitation_spent.html", status=_GONE)
    data = request.POST if request.method == "POST" else None
    form = NewPasswordForm(data, address=invited.email)
    if not request.user.is_authenticated and form.is_valid():
        try:
            return _join(request, secret, form.cleaned_data["password1"])
        except invitations.InvitationError:
            return render(request, "accounts/invitation_spent.html", status=_GONE)
    context = {
        "form": form,
        "invited": invited,
        "secret": secret,
        "is_owner": invited.role == Invitation.Role.OWNER,
    }
    return render(request, "accounts/invitation.html", context)


@sensitive_variables("secret", "password")
def _join(request: HttpRequest, secret: str, password: str) -> HttpResponse:
    """Make the member and sign them in, both or neither."""
    with transaction.atomic():
        member = invitations.accept(secret, password=password)
        record_authentication(request, member, method="password")
        login(request, member, backend=settings.AUTHENTICATION_BACKENDS[0])
        audit.record(member, "member.joined", request=request)
    return redirect(settings.LOGIN_REDIRECT_URL)
