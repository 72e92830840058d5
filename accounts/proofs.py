"""Is it still you? Before a dangerous act, a proof of identity not older than 5 minutes.

A proof is a sign-in, the password, a code, a passkey, or Tesla's sign-in for those who
have nothing else. allauth's own pages ask through its decorator; the adapter makes that
decorator ask those who only have Tesla, too.
"""

import time
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec
from urllib.parse import urlencode

from allauth.account import app_settings
from allauth.account.internal.flows.login import get_authentication_records
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse  # noqa: TID251  # it guards views
from django.http.response import HttpResponseBase  # noqa: TID251  # same
from django.shortcuts import redirect  # noqa: TID251  # same
from django.urls import reverse

P = ParamSpec("P")


def is_recent(request: HttpRequest, *, within_s: float | None = None) -> bool:
    """Tell whether this session proved who it is within the last five minutes.

    `within_s` is another span, in seconds.
    """
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


def proof_required(
    view: Callable[Concatenate[HttpRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Let a view be seen or posted to only with a recent proof.

    What was posted without one is not kept: the person comes back to the page by GET.
    """

    @login_required
    @wraps(view)
    def guarded(
        request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponseBase:
        if is_recent(request):
            return view(request, *args, **kwargs)
        return ask(request.get_full_path())

    return guarded
