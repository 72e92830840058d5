"""Remove a passkey, unless nobody could sign in to the account afterwards."""

from allauth.mfa.webauthn import views as allauth_views
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from accounts.http import UserRequest
from accounts.models import User
from tokens.services import grants


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def passkey_remove(request: UserRequest, pk: int) -> HttpResponseBase:
    """Ask once, then remove a passkey; refuse for the only way to sign in.

    Two removals at once, of a key and of a Tesla account, wait for each other.
    """
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=request.user.pk)
        try:
            grants.check_passkey(user, pk)
        except grants.OnlyWayIn:
            messages.error(
                request,
                "This passkey is your only way to sign in. Add another passkey, link a"
                " Tesla account, or set an e-mail address and a password first.",
            )
            return redirect("mfa_list_webauthn")
        removed: HttpResponseBase = allauth_views.remove_webauthn(request, pk=pk)
        return removed
