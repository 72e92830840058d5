"""The owner's first visit."""

from allauth.account.internal.flows.login import record_authentication
from allauth.core.internal import ratelimit
from django.conf import settings
from django.contrib.auth import login
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.forms import WelcomeForm
from accounts.services import owner as owners

_WRONG_CODE = (
    "This is not the newest code, or 10 wrong ones were tried. To have a new one"
    " printed, run: manage.py owner_code"
)
_WORDS = {
    owners.OwnerExists: (None, "The owner exists already. Sign in instead."),
    owners.WrongCode: ("code", _WRONG_CODE),
    owners.AddressTaken: ("email", "An account with this address exists already."),
}


@require_http_methods(["GET", "POST"])
@never_cache
@sensitive_post_parameters()
@ratelimit.decorator(app="allauth.account", action="welcome")  # type: ignore[untyped-decorator]  # allauth ships no types
def welcome(request: HttpRequest) -> HttpResponse:
    """Let whoever has the one-time code become the owner."""
    if owners.owner() is not None:
        return redirect(settings.LOGIN_URL)
    form = WelcomeForm(request.POST or None)
    if form.is_valid() and _made(request, form):
        return redirect(settings.LOGIN_REDIRECT_URL)
    return render(request, "accounts/welcome.html", {"form": form})


def _made(request: HttpRequest, form: WelcomeForm) -> bool:
    """Make the owner and sign them in, both or neither; say in the form why not.

    What is refused is no error of the transaction: the try that it counts must stay.
    """
    with transaction.atomic():
        try:
            user = owners.make_owner(
                form.cleaned_data["code"],
                form.cleaned_data["email"],
                form.cleaned_data["password1"],
            )
        except owners.OwnerError as error:
            form.add_error(*_WORDS[type(error)])
            return False
        login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
        record_authentication(request, user, method="password")
    return True
