"""Ask who sits at the keys before something that cannot be taken back."""

import time
from urllib.parse import urlencode

from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from accounts.http import UserRequest

RECENT_S = 300


def is_proven(request: UserRequest) -> bool:
    """Tell whether this session proved who it is within the last five minutes."""
    records = get_authentication_records(request, request.user)
    newest = max((record["at"] for record in records), default=0.0)
    return bool(0 <= time.time() - newest < RECENT_S)


def ask_for_proof(request: UserRequest, here: str) -> HttpResponse:
    """Ask for the password or what stands for it, else for Tesla's sign-in.

    `here` is the page to come back to.
    """
    if get_reauthentication_flows(request.user):
        query = urlencode({"next": here})
        return redirect(f"{reverse('account_reauthenticate')}?{query}")
    return render(request, "console/prove_it_is_you.html", {"next": here})
