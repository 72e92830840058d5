"""The letters that wait for the owner."""

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.http import UserRequest
from accounts.models import Letter
from accounts.services.letters import body_of

_LETTERS_SHOWN = 100


@require_safe
@login_required
def letters(request: UserRequest) -> HttpResponse:
    """Show the owner the newest letters that no mail server took."""
    if not request.user.is_superuser:
        raise Http404
    newest = Letter.objects.all()[:_LETTERS_SHOWN]
    return render(
        request,
        "accounts/letters.html",
        {
            "letters": [(letter, body_of(letter)) for letter in newest],
            "kept_days": settings.LETTERS_KEPT_DAYS,
            "mail_server": settings.MAIL_SERVER,
        },
    )
