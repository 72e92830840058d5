"""Let a program in by a sign-in: the address that programs know, and the question."""

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from accounts import audit, notices, proofs
from accounts.http import FORM_TARGET, UserRequest
from tokens.models import MOST_ACCESS_TOKENS, AccessToken
from tokens.services import access_tokens, connections, programs


@require_safe
@never_cache
def connect(request: HttpRequest) -> HttpResponse:
    """Send the browser on to the question, under this Keyfob's own name.

    Programs send people to this path under a name that may not be ours; cookies,
    sign-in and forms belong to the name in PUBLIC_URL.
    """
    address = f"{settings.PUBLIC_URL}{reverse('tokens:program_connect')}"
    return HttpResponseRedirect(f"{address}?{request.META['QUERY_STRING']}")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def program_connect(request: UserRequest) -> HttpResponse:
    """Ask whether a program may act in the user's name; take the answer to it."""
    try:
        wish = programs.read(dict(request.GET.lists()))
    except programs.Unknown as unknown:
        return _failed(request, unknown.words)
    except programs.Refused as refused:
        return _refused(request, refused)
    if request.method == "POST" and "cancel" in request.POST:
        return HttpResponseRedirect(wish.denied)
    if not proofs.is_recent(request):
        return proofs.ask(request.get_full_path())
    return (_allow if request.method == "POST" else _page)(request, wish)


@sensitive_variables("code")
def _allow(request: UserRequest, wish: programs.Wish) -> HttpResponse:
    try:
        code = connections.allow(request.user, wish)
    except access_tokens.TooManyAccessTokens:
        return _page(request, wish)
    audit.record(
        request.user,
        "program.allowed",
        subject=wish.program.name,
        request=request,
    )
    notices.write(
        request,
        request.user,
        "account/email/program_connected",
        program=wish.program.name,
        title=wish.title,
        host=wish.host,
    )
    return HttpResponseRedirect(wish.back(code=code))


def _page(request: UserRequest, wish: programs.Wish) -> HttpResponse:
    # The form ends, by way of a redirect, at the program.
    request.META[FORM_TARGET] = wish.origin
    is_full = connections.is_full(request.user)
    same = AccessToken.objects.filter(
        user=request.user, client_id=wish.program.client_id, name=wish.title
    )
    context = {
        "wish": wish,
        "is_full": is_full,
        "most": MOST_ACCESS_TOKENS,
        "same": same.order_by("-created_at").first(),
        "here": request.get_full_path(),
    }
    status = 409 if is_full else 200
    return render(request, "tokens/program_connect.html", context, status=status)


def _refused(request: HttpRequest, refused: programs.Refused) -> HttpResponse:
    """Tell the program; where only a person can know its address, by the person."""
    if not refused.wish.is_at_home:
        return HttpResponseRedirect(refused.address)
    return _failed(request, refused.words, refused)


def _failed(
    request: HttpRequest, words: str, refused: programs.Refused | None = None
) -> HttpResponse:
    context = {"words": words, "refused": refused}
    return render(request, "tokens/program_refused.html", context, status=400)
