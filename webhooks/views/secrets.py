"""What shows a secret, this one time: a new webhook's, and one that was rolled."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods

from accounts import proofs
from accounts.http import UserRequest
from webhooks.cards import card_of
from webhooks.models import Endpoint
from webhooks.services import endpoints as service, sealing
from webhooks.snippets import snippets
from webhooks.views.finding import found


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def secret_roll(request: UserRequest, pk: UUID) -> HttpResponse:
    """Ask once, then make a new secret and show it; the old one signs for 24 h more.

    One that can no longer be decrypted signs nothing more. Loading the answer again
    sends the same form again, which rolls nothing.
    """
    endpoint, now = found(request, pk), timezone.now()
    if not proofs.is_recent(request):
        return proofs.ask(request.path)
    if request.method != "POST":
        until = endpoint.old_secret_until
        context = {
            "card": card_of(endpoint, now),
            "is_overlapping": until is not None and now < until,
            "is_readable": "secret_sealed" not in sealing.unreadable(endpoint),
            "stand": _stand(endpoint),
        }
        return render(request, "webhooks/secret_roll.html", context)
    if request.POST.get("stand") != _stand(endpoint):
        messages.info(request, "The secret was rolled already; the new one was shown.")
        return redirect("webhooks:endpoint", pk)
    return show(request, endpoint, service.roll_secret(endpoint), is_new=False)


@sensitive_variables("secret")
def show(
    request: UserRequest, endpoint: Endpoint, secret: str, *, is_new: bool
) -> HttpResponse:
    """Answer with a secret, which is in this answer alone."""
    context = {
        "card": card_of(endpoint, timezone.now()),
        "secret": secret,
        "is_new": is_new,
        "snippets": snippets(endpoint.url),
    }
    return render(request, "webhooks/secret.html", context)


def _stand(endpoint: Endpoint) -> str:
    """Return what changes with each roll, so that a form sent twice rolls once."""
    at = endpoint.old_secret_until
    return at.isoformat() if at is not None else "first"
