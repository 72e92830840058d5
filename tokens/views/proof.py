"""Ask a person who signed in some time ago to show that it is still them.

Needed before anything that would let somebody in for good: an access token, another
Tesla account, another address or a first password.
"""

import time
from collections.abc import Callable
from functools import wraps
from urllib.parse import urlencode

from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate
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


def ask(request: HttpRequest, *, then: str, instead: str = "") -> HttpResponse:
    """Ask for the password, or for Tesla's sign-in where there is none; then go on.

    `then` is the path to go to; `instead` is where "Not now" leads, when not there too.
    """
    if _has_password(request):
        query = urlencode({"next": then})
        return redirect(f"{reverse('account_reauthenticate')}?{query}")
    context = {"next": then, "instead": instead or then}
    return render(request, "tokens/prove_it_is_you.html", context)


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
        if _has_password(request):
            is_open = request.method == "POST" or did_recently_reauthenticate(request)
        else:
            is_open = not request.user.is_authenticated or is_recent(request)
        if is_open:
            return view(request, *args, **kwargs)
        return ask(request, then=request.path, instead=reverse("console:account"))

    return guarded


def _has_password(request: HttpRequest) -> bool:
    return isinstance(request.user, User) and request.user.has_usable_password()
