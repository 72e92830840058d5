"""Ask a person who signed in some time ago to show that it is still them.

Needed before anything that would let somebody in for good: an access token, another
Tesla account, another address or a first password.
"""

import time
from collections.abc import Callable
from functools import wraps
from urllib.parse import urlencode

from allauth.account.internal.flows.login import get_authentication_records
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse

from accounts.models import User

# How long a sign-in proves that it is still the same person at the keys.
_RECENT_S = 300


def is_recent(request: HttpRequest) -> bool:
    """Tell whether this session proved who it is within the last five minutes."""
    if not request.user.is_authenticated:
        return False
    records = get_authentication_records(request, request.user)
    newest = max((record["at"] for record in records), default=0.0)
    return bool(0 <= time.time() - newest < _RECENT_S)


def ask(request: HttpRequest, *, then: str) -> HttpResponse:
    """Ask for the password, or for Tesla's sign-in where there is none; then go on.

    `then` is the path to go to.
    """
    if _has_password(request):
        query = urlencode({"next": then})
        return redirect(f"{reverse('account_reauthenticate')}?{query}")
    return render(request, "tokens/prove_it_is_you.html", {"next": then})


def without_password(
    view: Callable[..., HttpResponseBase],
) -> Callable[..., HttpResponseBase]:
    """Guard a page of allauth's, which asks nobody again who has no password."""

    @wraps(view)
    def guarded(
        request: HttpRequest, *args: object, **kwargs: object
    ) -> HttpResponseBase:
        user = request.user
        is_change = request.method == "POST" and user.is_authenticated
        if is_change and not _has_password(request) and not is_recent(request):
            return ask(request, then=request.path)
        return view(request, *args, **kwargs)

    return guarded


def _has_password(request: HttpRequest) -> bool:
    return isinstance(request.user, User) and request.user.has_usable_password()
