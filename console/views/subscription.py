"""The subscription: add one, see it, change it, restart it."""

from collections.abc import Callable
from functools import partial, wraps
from typing import Concatenate, Final, ParamSpec

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts import audit
from accounts.http import UserRequest
from accounts.models import User
from billing.errors import BeingDone, BillingError, UnknownPlan
from billing.models import Alert, Invoice, Subscription
from billing.plans import Catalog, Line, Selection
from billing.policy import Capability
from billing.services import (
    acting,
    alerts,
    catalog as catalogs,
    checkouts,
    moving,
    providers,
)
from billing.services.entitlements import Entitlement
from console import countries, selection
from console.refusals import words_of

_P = ParamSpec("_P")
_View = Callable[Concatenate[UserRequest, _P], HttpResponse]


def with_provider(view: _View[_P]) -> _View[_P]:
    """Answer 404 where no provider is set, before anybody is asked to sign in."""
    for_members = login_required(view)

    @wraps(view)
    def respond(
        request: UserRequest, /, *args: _P.args, **kwargs: _P.kwargs
    ) -> HttpResponse:
        if not providers.is_on():
            raise Http404
        return for_members(request, *args, **kwargs)

    return respond


def own(user: User) -> Subscription | None:
    """Return the user's newest subscription at the provider of new ones."""
    name = providers.names()[0]
    mine = Subscription.objects.of(user).filter(provider=name)
    return mine.running().first() or mine.first()


def note(request: UserRequest, what: str, verb: str) -> None:
    """Put into the trail what a person did to their subscription."""
    detail = {"verb": verb}
    audit.record(request.user, f"subscription.{what}", detail=detail, request=request)


def status_of(user: User) -> dict[str, object]:
    """Return what the page of the status reads; nothing where no provider is set."""
    if not providers.is_on():
        return {}
    newest = own(user)
    mine = _at_stripe(user, newest) or newest
    return _status(mine) if mine is not None else {}


def _at_stripe(user: User, mine: Subscription | None) -> Subscription | None:
    """Return what runs at Stripe where nothing runs at the provider of new ones."""
    if mine is not None and mine.status != Subscription.Status.CANCELED:
        return None
    legacy = moving.legacy(user)
    runs = legacy and legacy[0].status != Subscription.Status.CANCELED
    return legacy[0] if runs else None


def _status(mine: Subscription) -> dict[str, object]:
    standing = mine.standing(timezone.now())
    return {"subscription": mine, "works": _works(mine), "standing": standing}


@require_http_methods(["GET", "HEAD", "POST"])
@with_provider
def subscription(request: UserRequest) -> HttpResponse:
    """Show the subscription; where there is none that runs, offer and begin one."""
    mine = own(request.user)
    runs = mine is not None and mine.status != Subscription.Status.CANCELED
    if request.method == "POST":
        return _begin(request, mine)
    if _at_stripe(request.user, mine) or (
        mine and runs and mine.provider == providers.STRIPE
    ):
        return redirect("console:subscription_stripe")
    if runs and mine is not None:
        return _show(request, mine)
    country = _country(request, request.GET.get("country", ""))
    return _offer(request, mine, country, _form(request, mine, country))


def _country(request: HttpRequest, asked: str) -> str:
    if asked in countries.NAMES:
        return asked
    return countries.of_languages(request.headers.get("Accept-Language", ""))


def _form(
    request: UserRequest, mine: Subscription | None, country: str
) -> selection.SelectionForm:
    """Return the form, filled in with what was subscribed to before or is owned."""
    owned = selection.owned_by(request.user)
    known = catalogs.read(providers.names()[0])
    initial = {
        "country": country,
        "currency": known.local_currency(country),
        "cycle": mine.cycle if mine else "month",
        "vehicles": mine.vehicles if mine else len(owned.vehicles),
        "sites": mine.sites if mine else len(owned.sites),
        "products": mine.products if mine else [*owned.vehicles, *owned.sites],
    }
    return selection.SelectionForm(owned, known, country, initial=initial)


def _offer(
    request: UserRequest,
    mine: Subscription | None,
    country: str,
    form: selection.SelectionForm,
    status: int = 200,
) -> HttpResponse:
    known = catalogs.read(providers.names()[0])
    context = {
        "subscription": mine,
        "works": _works(mine),
        "form": form,
        "country_form": selection.CountryForm(initial={"country": country}),
        "prices": _prices(known, known.local_currency(country)),
        "checkout": checkouts.current(request.user),
        "names_products": selection.names_products(),
        "invoices": _invoices(request),
    }
    return render(request, "console/subscription_add.html", context, status=status)


def _prices(known: Catalog, local: str) -> list[Line]:
    """Return what one of each kind costs, in the local currency and in US dollars."""
    return [
        Line(price, 1)
        for currency in dict.fromkeys((local, "USD"))
        for price in known.sold
        if price.each.currency == currency
    ]


def _works(mine: Subscription | None) -> bool:
    """Tell whether the subscription still opens the API."""
    if mine is None:
        return False
    return Entitlement(is_free=False, subscriptions=(mine,)).allows(Capability.API)


def _invoices(request: UserRequest) -> list[Invoice]:
    return list(Invoice.objects.filter(user=request.user)[:24])


def _show(request: UserRequest, mine: Subscription) -> HttpResponse:
    context = {
        **_status(mine),
        "total": total_of(mine.provider, mine.selection),
        "invoices": _invoices(request),
        "legacy": moving.legacy(request.user),
    }
    return render(request, "console/subscription.html", context)


def total_of(provider_name: str, chosen: Selection) -> object:
    """Return what a selection costs per cycle; None where the catalog cannot say."""
    try:
        return catalogs.read(provider_name).total(chosen)
    except UnknownPlan:
        return None


def _begin(request: UserRequest, mine: Subscription | None) -> HttpResponse:
    """Open the checkout of what the form says, and go there."""
    country = _country(request, request.POST.get("country", ""))
    name = providers.names()[0]
    owned = selection.owned_by(request.user)
    form = selection.SelectionForm(owned, catalogs.read(name), country, request.POST)
    if not form.is_valid():
        return _offer(request, mine, country, form, status=400)
    try:
        checkouts.begin(request.user, name, form.chosen())
    except BeingDone:
        return redirect("console:subscription_checkout")
    except BillingError as error:
        messages.error(request, words_of(error))
        return redirect("console:subscription")
    note(request, "asked", "checkout")
    return redirect("console:subscription_checkout")


@require_http_methods(["GET", "HEAD", "POST"])
@with_provider
def subscription_change(request: UserRequest) -> HttpResponse:
    """Ask for other numbers, show what they cost, and change them when approved."""
    mine = own(request.user)
    if mine is None:
        raise Http404
    owned = selection.owned_by(request.user)
    if request.method != "POST":
        initial = {
            "vehicles": mine.vehicles,
            "sites": mine.sites,
            "products": mine.products,
        }
        form = selection.NumbersForm(owned, initial=initial)
        return _change_page(request, mine, form)
    form = selection.NumbersForm(owned, request.POST)
    if not form.is_valid():
        return _change_page(request, mine, form, status=400)
    chosen = form.selection(mine.currency, mine.cycle)
    try:
        if request.POST.get("step") == "approve":
            acting.change(mine, chosen)
            note(request, "changed", "numbers")
            messages.success(request, "Your subscription is changed.")
            return redirect("console:subscription")
        cost = acting.preview(mine, chosen)
    except BillingError as error:
        messages.error(request, words_of(error))
        return redirect("console:subscription")
    context = {"subscription": mine, "chosen": chosen, "cost": cost}
    return render(request, "console/subscription_approve.html", context)


def _change_page(
    request: UserRequest,
    mine: Subscription,
    form: selection.NumbersForm,
    status: int = 200,
) -> HttpResponse:
    context = {"subscription": mine, "form": form}
    return render(request, "console/subscription_change.html", context, status=status)


_VERBS: Final[dict[str, tuple[Callable[[Subscription], None], str]]] = {
    "pause": (acting.pause, "Your subscription pauses when the paid time is over."),
    "pause-now": (
        partial(acting.pause, at_once=True),
        "Your subscription is paused. Resuming costs nothing in the time already paid.",
    ),
    "resume": (acting.resume, "Your subscription runs again."),
    "cancel": (acting.cancel, "Your subscription is canceled."),
    "undo": (acting.undo, "What was scheduled is undone. Your subscription goes on."),
}


@require_POST
@with_provider
def subscription_act(request: UserRequest, verb: str) -> HttpResponse:
    """Pause, resume, cancel, undo, or open the checkout for new payment details."""
    mine = own(request.user)
    if mine is None or verb not in {*_VERBS, "payment"}:
        raise Http404
    try:
        if verb == "payment":
            checkout = acting.payment_method(mine)
            address = redirect("console:subscription_checkout")
            address["Location"] += f"?_ptxn={checkout.transaction_id}"
            return address
        act, words = _VERBS[verb]
        act(mine)
        note(request, "changed", verb)
        messages.success(request, words)
    except BillingError as error:
        messages.error(request, words_of(error))
    return redirect("console:subscription")


@require_POST
@with_provider
def alert_settle(request: UserRequest, pk: int) -> HttpResponse:
    """Note that the owner has seen to an alert."""
    if not request.user.is_superuser:
        raise Http404
    alert = get_object_or_404(Alert, pk=pk)
    alerts.settle(alert.pk)
    return redirect("console:subscription")
