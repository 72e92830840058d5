"""The subscription that somebody still has at Stripe: manage it, or move it."""

from collections.abc import Callable
from typing import Final
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from accounts.http import UserRequest
from accounts.models import User
from billing.errors import BeingDone, BillingError, NotPossible
from billing.models import Subscription
from billing.policy import Capability
from billing.services import acting, catalog as catalogs, checkouts, moving, providers
from billing.services.entitlements import Entitlement
from console import selection
from console.refusals import words_of
from console.views.subscription import note, total_of, with_provider

_HERE = "console:subscription_stripe"


def _own(user: User, pk: UUID) -> Subscription:
    """Return one of the user's subscriptions at Stripe, or answer 404."""
    if providers.STRIPE not in providers.names():
        raise Http404
    mine = Subscription.objects.filter(user=user, provider=providers.STRIPE)
    return get_object_or_404(mine, pk=pk)


@require_safe
@with_provider
def subscription_stripe(request: UserRequest) -> HttpResponse:
    """Show what the person has at Stripe, and how a move to Paddle stands."""
    mine = moving.legacy(request.user)
    if not mine:
        raise Http404
    move = moving.current(request.user)
    context = {
        "rows": [_row(one) for one in mine],
        "move": move,
        "checkout": checkouts.current(request.user) if move else None,
        "can_move": moving.is_possible() and move is None,
    }
    return render(request, "console/subscription_stripe.html", context)


def _row(one: Subscription) -> dict[str, object]:
    """Return what the page reads of one subscription."""
    try:
        moving.check(one, timezone.now())
    except NotPossible as error:
        why_not = error.words
    else:
        why_not = ""
    standing = one.standing(timezone.now())
    works = Entitlement(is_free=False, subscriptions=(one,)).allows(Capability.API)
    return {
        "subscription": one,
        "standing": standing,
        "works": works,
        "why_not": why_not,
        "total": total_of(one.provider, one.selection),
        "runs": one.status != Subscription.Status.CANCELED,
    }


def _undo(subscription: Subscription) -> None:
    moving.check_undo(subscription)
    acting.undo(subscription)


_VERBS: Final[dict[str, tuple[Callable[[Subscription], None], str]]] = {
    "cancel": (acting.cancel, "Your subscription at Stripe is canceled."),
    "undo": (_undo, "Your subscription at Stripe goes on."),
    "resume": (acting.resume, "Your subscription at Stripe runs again."),
}


@require_POST
@with_provider
def subscription_stripe_act(request: UserRequest, pk: UUID, verb: str) -> HttpResponse:
    """Cancel, take that back, or resume."""
    mine = _own(request.user, pk)
    if verb not in _VERBS:
        raise Http404
    act, words = _VERBS[verb]
    try:
        act(mine)
        note(request, "changed", verb)
        messages.success(request, words)
    except BillingError as error:
        messages.error(request, words_of(error))
    return redirect(_HERE)


@never_cache
@require_safe
@with_provider
def subscription_stripe_portal(
    request: UserRequest, pk: UUID, what: str
) -> HttpResponse:
    """Go to Stripe's own page: for everything, or for payment details alone."""
    mine = _own(request.user, pk)
    if what not in {"portal", "card"}:
        raise Http404
    back = f"{settings.PUBLIC_URL}{reverse(_HERE)}"
    try:
        url = acting.portal(mine, back, card_only=what == "card")
    except BillingError as error:
        messages.error(request, words_of(error))
        return redirect(_HERE)
    return HttpResponseRedirect(url)


@require_http_methods(["GET", "HEAD", "POST"])
@with_provider
def subscription_stripe_move(request: UserRequest, pk: UUID) -> HttpResponse:
    """Choose what to have at Paddle, and open its checkout: nothing is paid now."""
    mine = _own(request.user, pk)
    if not moving.is_possible():
        raise Http404
    try:
        moving.check(mine, timezone.now())
    except NotPossible as error:
        messages.error(request, words_of(error))
        return redirect(_HERE)
    form = _form(request, mine)
    if request.method != "POST" or not form.is_valid():
        context = {"subscription": mine, "form": form}
        status = 400 if request.method == "POST" else 200
        template = "console/subscription_stripe_move.html"
        return render(request, template, context, status=status)
    try:
        moving.begin(mine, form.chosen())
    except BeingDone:
        return redirect("console:subscription_checkout")
    except BillingError as error:
        messages.error(request, words_of(error))
        return redirect(_HERE)
    note(request, "asked", "move")
    return redirect("console:subscription_checkout")


def _form(request: UserRequest, mine: Subscription) -> selection.SelectionForm:
    """Return the form, filled in with what the person has at Stripe."""
    known = catalogs.read(providers.PADDLE)
    countries = [
        one.countries for one in known.prices if one.each.currency == mine.currency
    ]
    country = next((codes[0] for codes in countries if codes), "US")
    owned = selection.owned_by(request.user)
    initial = {
        "country": country,
        "currency": known.local_currency(country),
        "cycle": mine.cycle,
        "vehicles": mine.vehicles,
        "sites": mine.sites,
        "products": mine.products or [*owned.vehicles, *owned.sites],
    }
    data = request.POST if request.method == "POST" else None
    return selection.SelectionForm(owned, known, country, data, initial=initial)


@require_POST
@with_provider
def subscription_stripe_undo(request: UserRequest) -> HttpResponse:
    """Undo a move: the new subscription ends, the one at Stripe goes on."""
    move = moving.current(request.user)
    if move is None:
        raise Http404
    try:
        moving.undo(move)
        note(request, "changed", "stay")
        messages.success(request, "The move is undone. You stay with Stripe.")
    except BillingError as error:
        messages.error(request, words_of(error))
    return redirect(_HERE)
