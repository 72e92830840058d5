"""What can be done with a webhook by one press: pause, resume, test, send again."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts import audit
from accounts.http import UserRequest
from webhooks import log
from webhooks.errors import NothingToResend, NotSending
from webhooks.forms import SinceForm, TestForm
from webhooks.models import Endpoint
from webhooks.services import deliveries, endpoints as service
from webhooks.views.finding import found

_DISABLED = "This webhook is disabled. Enable it again first."


@require_POST
@login_required
def pause(request: UserRequest, pk: UUID) -> HttpResponse:
    """Send nothing until it is resumed."""
    endpoint = found(request, pk)
    if endpoint.is_sending:
        service.pause(endpoint)
        key = str(endpoint.pk)
        audit.record(request.user, "webhook.paused", subject=key, request=request)
        messages.success(request, "Paused. Events wait; telemetry is left out.")
    return redirect("webhooks:endpoint", pk)


@require_POST
@login_required
def resume(request: UserRequest, pk: UUID) -> HttpResponse:
    """Send again, and on demand what was missed too; also what was disabled."""
    endpoint = found(request, pk)
    if not endpoint.is_sending:
        missed = log.missed(endpoint)
        service.resume(endpoint)
        words = "It is sent to again."
        if missed.first_at is not None and request.POST.get("missed") == "yes":
            count = deliveries.resend_since(request.user, endpoint, missed.first_at)
            words = f"It is sent to again, and so is what it missed: {count}."
        messages.success(request, words)
    return redirect("webhooks:endpoint", pk)


@require_POST
@login_required
def test(request: UserRequest, pk: UUID) -> HttpResponse:
    """Have a test event of one kind sent at once; its page shows what becomes of it."""
    endpoint, form = found(request, pk), TestForm(request.POST)
    if not form.is_valid():
        return render(request, "400.html", status=400)
    if log.tests_under_way(endpoint) >= log.MOST_TESTS:
        messages.warning(request, "Wait until the tests before this one are sent.")
        return redirect("webhooks:endpoint", pk)
    try:
        sent = service.test(endpoint, form.cleaned_data["kind"])
    except Endpoint.DoesNotExist as error:
        raise Http404 from error
    return redirect("webhooks:delivery", pk, sent.pk)


@require_POST
@login_required
def resend(request: UserRequest, pk: UUID, delivery_id: int) -> HttpResponse:
    """Send one delivery once more."""
    endpoint = found(request, pk)
    if not endpoint.deliveries.filter(pk=delivery_id).exists():
        raise Http404
    try:
        deliveries.resend(request.user, delivery_id)
    except NotSending:
        messages.error(request, _DISABLED)
    except NothingToResend as error:
        raise Http404 from error
    return redirect("webhooks:delivery", pk, delivery_id)


@require_POST
@login_required
def resend_since(request: UserRequest, pk: UUID) -> HttpResponse:
    """Send again all events that did not arrive since a time."""
    endpoint, form = found(request, pk), SinceForm(request.POST)
    if not form.is_valid():
        return render(request, "400.html", status=400)
    _resend_since(request, endpoint, form)
    return redirect("webhooks:endpoint", pk)


def _resend_since(request: UserRequest, endpoint: Endpoint, form: SinceForm) -> None:
    since = form.since(timezone.now())
    try:
        count = deliveries.resend_since(request.user, endpoint, since)
    except NotSending:
        messages.error(request, _DISABLED)
        return
    if count:
        plural = "event is" if count == 1 else "events are"
        messages.success(request, f"{count} {plural} sent again.")
    else:
        messages.info(request, "Nothing of that time was missed.")
