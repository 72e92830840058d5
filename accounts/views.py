"""The owner's first visit, and the letters that wait for the owner."""

from allauth.account.internal.flows.login import record_authentication
from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts.forms import WelcomeForm
from accounts.http import UserRequest
from accounts.models import Letter
from accounts.services import owner as owners
from accounts.services.letters import body_of

_WRONG_CODE = (
    "This is not the newest code, or 10 wrong ones were tried. To have a new one"
    " printed, run: manage.py owner_code"
)
_WORDS = {
    owners.OwnerExists: (None, "The owner exists already. Sign in instead."),
    owners.WrongCode: ("code", _WRONG_CODE),
    owners.AddressTaken: ("email", "An account with this address exists already."),
}
_LETTERS_SHOWN = 100


@require_http_methods(["GET", "POST"])
@never_cache
@sensitive_post_parameters()
def welcome(request: HttpRequest) -> HttpResponse:
    """Let whoever has the one-time code become the owner."""
    if owners.owner() is not None:
        return redirect(settings.LOGIN_URL)
    form = WelcomeForm(request.POST or None)
    if form.is_valid():
        try:
            user = owners.make_owner(
                form.cleaned_data["code"],
                form.cleaned_data["email"],
                form.cleaned_data["password1"],
            )
        except owners.OwnerError as error:
            form.add_error(*_WORDS[type(error)])
        else:
            login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
            record_authentication(request, user, method="password")
            return redirect(settings.LOGIN_REDIRECT_URL)
    return render(request, "accounts/welcome.html", {"form": form})


@require_safe
@login_required
def letters(request: UserRequest) -> HttpResponse:
    """Show the owner the newest letters that no mail server took."""
    if not request.user.is_staff:
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
