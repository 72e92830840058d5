"""The access tokens of a user: make one, see when it was used, remove it."""

from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods

from accounts import audit, notices, proofs
from accounts.http import UserRequest
from tokens import forms
from tokens.models import MOST_ACCESS_TOKENS, AccessToken
from tokens.services import access_tokens as service


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def access_tokens(request: UserRequest) -> HttpResponse:
    """List the access tokens; make one more and show its text this one time.

    The text is in this answer alone, not in the session. Loading the answer again
    sends the same form again, which makes no second token.
    """
    if request.method != "POST":
        return _page(request, forms.blank(request.GET.get("name", "")))
    form = forms.AccessTokenForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=400)
    if not proofs.is_recent(request):
        query = urlencode({"name": form.cleaned_data["name"]})
        return proofs.ask(f"{reverse('tokens:access_tokens')}?{query}")
    return _issue(request, form)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def access_token_remove(request: UserRequest, pk: UUID) -> HttpResponse:
    """Ask once, then remove an access token; its program is refused at once."""
    access_token = get_object_or_404(AccessToken, pk=pk, user=request.user)
    if request.method == "POST":
        service.remove(access_token)
        audit.record(
            request.user,
            "program.removed" if access_token.client_id else "token.removed",
            subject=access_token.hint,
            request=request,
        )
        messages.success(
            request, f"{access_token} is removed. Its program is refused from now on."
        )
        return redirect("tokens:access_tokens")
    connected = AccessToken.objects.filter(
        user=request.user, migrated_from=access_token.pk
    )
    context = {"access_token": access_token, "connected": connected}
    return render(request, "tokens/access_token_remove.html", context)


@sensitive_variables("text")
def _issue(request: UserRequest, form: forms.AccessTokenForm) -> HttpResponse:
    name, form_id = form.cleaned_data["name"], form.cleaned_data["form_id"]
    try:
        made, text = service.issue(request.user, name, form_id=form_id)
    except service.TooManyAccessTokens:
        words = f"You have {MOST_ACCESS_TOKENS} access tokens. Remove one first."
        form.add_error(None, words)
        return _page(request, form, status=409)
    except service.AlreadyIssued:
        messages.info(
            request,
            "This token was made already; its text was shown then. If you lost it,"
            " remove the token and make another.",
        )
        return redirect("tokens:access_tokens")
    audit.record(
        request.user,
        "token.issued",
        subject=made.hint,
        request=request,
    )
    notices.write(request, request.user, "account/email/token_made", token_name=name)
    return _page(request, forms.blank(), made=made, text=text)


def _page(
    request: UserRequest,
    form: forms.AccessTokenForm,
    *,
    status: int = 200,
    made: AccessToken | None = None,
    text: str = "",
) -> HttpResponse:
    owned = list(AccessToken.objects.filter(user=request.user))
    address = f"{settings.PUBLIC_URL}/api/1/products"
    context = {
        "form": form,
        "access_tokens": owned,
        "most": MOST_ACCESS_TOKENS,
        "is_full": len(owned) >= MOST_ACCESS_TOKENS,
        "made": made,
        "text": text,
        "curl_header": f'curl -H "Authorization: Bearer {text}" {address}',
        "curl_query": f'curl "{address}?token={text}"',
        "token_in_query": settings.TOKEN_IN_QUERY,
    }
    return render(request, "tokens/access_tokens.html", context, status=status)
