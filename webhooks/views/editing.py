"""Say where to and about what: the form of a new webhook, and of one that is there."""

import uuid
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from accounts import proofs
from accounts.crypto import Undecryptable
from accounts.http import UserRequest
from webhooks import garage, words
from webhooks.cards import card_of
from webhooks.errors import TooManyEndpoints, Unusable
from webhooks.forms import EndpointForm
from webhooks.models import MOST_ENDPOINTS, Endpoint
from webhooks.services import endpoints as service, sealing
from webhooks.views.finding import found
from webhooks.views.secrets import show

# Who opened the form with a fresh proof has this long to fill it in.
FILLED_IN_WITHIN_S: Final = 3600
_MADE: Final = "webhook_forms"
_MOST_REMEMBERED: Final = 20
_PLAIN = ("name", "format", "kinds", "vins", "verify_tls")
_NUMBERS = ("max_rate", "batch_ms", "batch_max")


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def endpoint_add(request: UserRequest) -> HttpResponse:
    """Ask where to and about what, add the webhook, and show its secret once.

    Who it is, is asked on opening, so that nothing is typed in vain. Loading the answer
    again sends the same form again, which adds no second webhook.
    """
    cars = garage.cars_of(request.user)
    if not _is_proved(request):
        return proofs.ask(request.path)
    if request.method != "POST":
        blank = {"kinds": list(words.KINDS), "form_id": uuid.uuid4().hex}
        wanted = request.GET.get("vin", "")
        if any(car.vin == wanted for car in cars):
            blank |= {"which_cars": "some", "vins": [wanted]}
        return _page(request, EndpointForm(cars=cars, initial=blank))
    form = EndpointForm(request.POST, cars=cars)
    if not form.is_valid():
        return _page(request, form, status=400)
    if form.cleaned_data["form_id"] in request.session.get(_MADE, []):
        messages.info(request, "This webhook was added already; its secret was shown.")
        return redirect("webhooks:endpoints")
    return _add(request, form)


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def endpoint_change(request: UserRequest, pk: UUID) -> HttpResponse:
    """Change what a webhook is; what waits goes to the new address.

    A proof is wanted as for a new one: it decides who learns where cars are.
    """
    endpoint = found(request, pk)
    if not _is_proved(request):
        return proofs.ask(request.path)
    if request.method != "POST":
        form = EndpointForm(**_kept(request, endpoint), initial=_initial(endpoint))
        return _page(request, form, endpoint)
    form = EndpointForm(request.POST, **_kept(request, endpoint))
    if form.is_valid() and _is_changed(endpoint, form):
        messages.success(request, "Changed. The next request goes by it.")
        return redirect("webhooks:endpoint", pk)
    return _page(request, form, endpoint, status=400)


@sensitive_variables("secret", "wishes")
def _add(request: UserRequest, form: EndpointForm) -> HttpResponse:
    try:
        wishes = _wishes(form, {})
        url = form.cleaned_data["url"]
        endpoint, secret = service.add(request.user, url, **wishes)
    except Unusable as error:
        form.refuse(error)
        return _page(request, form, status=400)
    except TooManyEndpoints:
        return _page(request, form, status=409)
    made = [*request.session.get(_MADE, []), form.cleaned_data["form_id"]]
    request.session[_MADE] = made[-_MOST_REMEMBERED:]
    return show(request, endpoint, secret, is_new=True)


@sensitive_variables("wishes")
def _is_changed(endpoint: Endpoint, form: EndpointForm) -> bool:
    try:
        wishes = _wishes(form, _headers(endpoint))
        service.change(endpoint, url=form.cleaned_data["url"], **wishes)
    except Unusable as error:
        form.refuse(error)
        return False
    return True


def _is_proved(request: UserRequest) -> bool:
    within_s = FILLED_IN_WITHIN_S if request.method == "POST" else None
    return proofs.is_recent(request, within_s=within_s)


@sensitive_variables("kept", "wishes", "typed")
def _wishes(form: EndpointForm, kept: dict[str, str]) -> service.Wishes:
    """Return what the form says; a header without a value keeps that of `kept`."""
    given = form.cleaned_data
    wishes = service.Wishes(
        name=given["name"],
        format=given["format"],
        kinds=given["kinds"],
        vins=given["vins"],
        verify_tls=given["verify_tls"],
        max_rate=given["max_rate"],
        batch_ms=given["batch_ms"],
        batch_max=given["batch_max"],
        headers={
            name: kept[name] if typed is None else typed
            for name, typed in form.headers().items()
        },
    )
    if given["authorization"] or given["forget_authorization"]:
        wishes["authorization"] = given["authorization"]
    return wishes


@sensitive_variables()
def _headers(endpoint: Endpoint) -> dict[str, str]:
    """Return the headers of a webhook; those that no key opens must be typed anew."""
    try:
        return sealing.headers(endpoint)
    except Undecryptable:
        return {}


def _kept(request: UserRequest, endpoint: Endpoint) -> dict[str, Any]:
    """Return what the form must know of a webhook that is there: no secret value."""
    return {
        "cars": garage.cars_of(request.user),
        "header_names": list(_headers(endpoint)),
        "has_authorization": bool(endpoint.authorization_sealed),
    }


def _initial(endpoint: Endpoint) -> dict[str, Any]:
    columns = ("url", *_PLAIN, *_NUMBERS)
    initial = {name: getattr(endpoint, name) for name in columns}
    return initial | {"which_cars": "some" if endpoint.vins else "all"}


def _page(
    request: UserRequest,
    form: EndpointForm,
    endpoint: Endpoint | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    count = Endpoint.objects.filter(user=request.user).count()
    list_ = reverse("webhooks:endpoints")
    context: dict[str, Any] = {
        "form": form,
        "title": "Add webhook",
        "back": list_,
        "most": MOST_ENDPOINTS,
        "is_full": endpoint is None and count >= MOST_ENDPOINTS,
        "private_networks": settings.WEBHOOKS_PRIVATE_NETWORKS,
        "formats": list(zip(form["format"], words.FORMATS.values(), strict=True)),
        "kinds": list(zip(form["kinds"], words.KINDS.values(), strict=True)),
        "car_choices": list(zip(form["vins"], form.cars, strict=True)),
    }
    if endpoint is not None:
        card = card_of(endpoint, timezone.now())
        back = reverse("webhooks:endpoint", args=[endpoint.pk])
        context |= {"title": f"Change {card.title}", "card": card, "back": back}
        context["endpoint"] = endpoint
    return render(request, "webhooks/endpoint_form.html", context, status=status)
