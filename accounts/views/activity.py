"""What was done in the person's name: the audit trail, newest first."""

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts import audit
from accounts.activity import event_of
from accounts.http import UserRequest

_SHOWN = 50
_LONGEST_ID = 18


@require_safe
@login_required
def activity(request: UserRequest) -> HttpResponse:
    """Show what happened to the account, fifty entries at a time; `before` pages on."""
    entries = audit.entries_of(request.user).order_by("-pk")
    before = request.GET.get("before", "")
    if before.isdecimal() and len(before) <= _LONGEST_ID:
        entries = entries.filter(pk__lt=int(before))
    shown = list(entries[: _SHOWN + 1])
    context = {
        "events": [event_of(entry) for entry in shown[:_SHOWN]],
        "older_than": shown[_SHOWN - 1].pk if len(shown) > _SHOWN else None,
        "kept_days": settings.AUDIT_KEPT_DAYS,
    }
    return render(request, "accounts/activity.html", context)
