"""The checkout: the one page that loads the payment provider's script, and the way back."""

from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.http import UserRequest
from billing import tasks
from billing.errors import BillingError, UnknownPlan
from billing.models import Checkout
from billing.services import catalog as catalogs, checkouts, providers
from console.policy import policy
from console.refusals import words_of
from console.views.subscription import with_provider

_WINDOWS = ("https://buy.paddle.com", "https://sandbox-buy.paddle.com")
_STYLES = ("https://cdn.paddle.com", "https://sandbox-cdn.paddle.com")
_ASKED_AGAIN_AFTER = timedelta(seconds=5)


@require_safe
@with_provider
def subscription_checkout(request: UserRequest) -> HttpResponse:
    """Show what is to be paid, and open the provider's window over it.

    Without `_ptxn` it is the open checkout; while that is being opened the page waits.
    """
    transaction_id = request.GET.get("_ptxn", "")
    if not transaction_id:
        return _the_open_one(request)
    mine = Checkout.objects.filter(user=request.user)
    checkout = get_object_or_404(mine, transaction_id=transaction_id)
    if checkout.state != Checkout.State.OPEN:
        return redirect("console:subscription")
    back = reverse("console:subscription_confirm", args=[checkout.pk])
    if checkout.is_paid:
        return redirect(back)
    if checkout.provider != providers.PADDLE:
        return _elsewhere(request, checkout, back)
    context = {
        "checkout": checkout,
        "total": _total(checkout),
        "success_url": f"{settings.PUBLIC_URL}{back}",
        "paddle_js_url": settings.PADDLE_JS_URL,
        "client_token": settings.PADDLE_CLIENT_TOKEN,
        "is_sandbox": settings.PADDLE_CLIENT_TOKEN.startswith("test_"),
    }
    page = render(request, "console/subscription_checkout.html", context)
    return _with_window(request, page)


def _elsewhere(request: UserRequest, checkout: Checkout, back: str) -> HttpResponse:
    """Show what is to be paid, with the way to the provider's own page."""
    try:
        pay_url = checkouts.page_of(checkout)
    except BillingError as error:
        messages.error(request, words_of(error))
        return redirect("console:subscription")
    if not pay_url:
        return redirect(back)
    context = {"checkout": checkout, "total": _total(checkout), "pay_url": pay_url}
    return render(request, "console/subscription_checkout_stripe.html", context)


def _the_open_one(request: UserRequest) -> HttpResponse:
    checkout = checkouts.current(request.user)
    if checkout is None:
        return redirect("console:subscription")
    if checkout.transaction_id:
        address = reverse("console:subscription_checkout")
        return redirect(f"{address}?_ptxn={checkout.transaction_id}")
    if checkout.lease_until is None or checkout.lease_until < timezone.now():
        messages.error(request, "The checkout could not be opened. Try again.")
        return redirect("console:subscription")
    return render(request, "console/subscription_wait.html", {"checkout": checkout})


def _total(checkout: Checkout) -> object:
    try:
        return catalogs.read(checkout.provider).total(checkout.selection)
    except UnknownPlan:
        return None


def _with_window(request: UserRequest, page: HttpResponse) -> HttpResponse:
    """Allow this one page the provider's script and window, and its pop-ups."""
    parts = urlsplit(settings.PADDLE_JS_URL)
    origin = f"{parts.scheme}://{parts.netloc}"
    windows = " ".join({origin: None} | dict.fromkeys(_WINDOWS))
    styles = " ".join({origin: None} | dict.fromkeys(_STYLES))
    strict = policy(request)
    page.headers["Content-Security-Policy"] = (
        strict.replace("script-src 'self'", f"script-src 'self' {origin}")
        .replace("style-src 'self'", f"style-src 'self' {styles}")
        .replace("connect-src 'self'", f"connect-src 'self' {origin}")
        + f"; frame-src {windows}"
    )
    page.headers["Permissions-Policy"] = f"payment=(self {_quoted(windows)})"
    page.headers["Cross-Origin-Opener-Policy"] = "same-origin-allow-popups"
    return page


def _quoted(origins: str) -> str:
    return " ".join(f'"{origin}"' for origin in origins.split())


@require_safe
@with_provider
def subscription_confirm(request: UserRequest, pk: UUID) -> HttpResponse:
    """Wait until the payment is confirmed; coming here proves nothing by itself."""
    checkout = get_object_or_404(Checkout, pk=pk, user=request.user)
    if checkout.state == Checkout.State.COMPLETED:
        if checkout.purpose == Checkout.Purpose.PAYMENT_METHOD:
            messages.success(request, "Your payment details are updated.")
        elif checkout.purpose == Checkout.Purpose.MOVE:
            messages.success(
                request, "Thank you. Your subscription is moving to Paddle."
            )
        else:
            messages.success(request, "Thank you. Your subscription is active.")
        return _leave(request)
    if not checkout.transaction_id:
        raise Http404
    now = timezone.now()
    if checkout.looked_at is None or checkout.looked_at < now - _ASKED_AGAIN_AFTER:
        Checkout.objects.filter(pk=pk).update(looked_at=now)
        tasks.ring(tasks.confirm_checkout, str(pk))
    template = "_subscription_wait" if request.htmx else "subscription_confirm"
    return render(request, f"console/{template}.html", {"checkout": checkout})


def _leave(request: UserRequest) -> HttpResponse:
    """Go to the subscription: by htmx's own header where htmx has asked."""
    address = reverse("console:subscription")
    if request.htmx:
        return HttpResponse(headers={"HX-Redirect": address})
    return redirect(address)
