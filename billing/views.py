"""The door for providers' notifications."""

import logging

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from billing import tasks
from billing.services import events, providers

_LOG = logging.getLogger(__name__)
_LONGEST = 1024 * 1024


@csrf_exempt
@require_POST
def webhook(request: HttpRequest, provider_name: str) -> HttpResponse:
    """Keep a notification that its provider signed; a worker applies it.

    Answers 200 as soon as it is stored, whatever it tells; 404 where the provider is
    not on, 400 where the signature or the form is wrong.
    """
    if provider_name not in providers.names():
        raise Http404
    if int(request.headers.get("Content-Length") or 0) > _LONGEST:
        return HttpResponse(status=413)
    provider = providers.of(provider_name)
    if not provider.is_genuine(request.body, request.headers, timezone.now()):
        return HttpResponse(status=400)
    try:
        event = provider.read_event(request.body)
    except ValueError:
        _LOG.warning("A signed notification of %s cannot be read.", provider_name)
        return HttpResponse(status=400)
    if events.store(provider_name, event):
        tasks.ring(tasks.apply_events)
    return HttpResponse(status=200)
