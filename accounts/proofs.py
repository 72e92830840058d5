"""Is it still you? Before a dangerous act, a proof of identity not older than 5 minutes.

A proof is a sign-in, the password, a code, a passkey, or Tesla's sign-in for those who
have nothing else. allauth's own pages ask through its decorator; the adapter makes that
decorator ask those who only have Tesla, too.
"""

import time
from collections.abc import Callable
from functools import wraps
from urllib.parse import urlencode

from allauth.account import app_settings
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate
from allauth.mfa.models import Authenticator
from django.http import HttpRequest, HttpResponse  # it guards views
from django.http.response import HttpResponseBase  # same
from django.shortcuts import redirect  # same
from django.urls import reverse

from accounts.models import User


def is_recent(request: HttpRequest, *, within_s: float | None = None) -> bool:
    """Tell whether this session proved who it is within the last five minutes.

    `within_s` is another span, in seconds.
    """
    if not request.user.is_authenticated:
        return False
    records = get_authentication_records(request, request.user)
    newest = max((record["at"] for record in records), default=0.0)
    span_s = app_settings.REAUTHENTICATION_TIMEOUT if within_s is None else within_s
    return bool(0 <= time.time() - newest < span_s)


def ask(next_path: str) -> HttpResponse:
    """Send the person to prove who they are, and then to a path of this site.

    allauth forwards to what the person has: password, code, passkey or Tesla.
    """
    query = urlencode({"next": next_path})
    return redirect(f"{reverse('account_reauthenticate')}?{query}")


def ask_factor(user: User, next_path: str) -> HttpResponse:
    """Send the person to give a second factor, and then to a path of this site."""
    query = urlencode({"next": next_path})
    has_app = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP)
    page = "mfa_reauthenticate" if has_app.exists() else "mfa_reauthenticate_webauthn"
    return redirect(f"{reverse(page)}?{query}")


def before(
    view: Callable[..., HttpResponseBase],
) -> Callable[..., HttpResponseBase]:
    """Guard a page of allauth's: show who you are first, then fill in its form.

    On opening it, so that nothing is typed in vain. When its form is sent, allauth asks
    for a password itself, and keeps the form; it asks nobody who has none.
    """

    @wraps(view)
    def guarded(
        request: HttpRequest, *args: object, **kwargs: object
    ) -> HttpResponseBase:
        user = request.user
        if user.is_authenticated and user.has_usable_password():
            is_open = request.method == "POST" or did_recently_reauthenticate(request)
        else:
            is_open = not user.is_authenticated or is_recent(request)
        return view(request, *args, **kwargs) if is_open else ask(request.path)

    return guarded
