"""What every page's answer carries, and what a person reads when the database is away."""

import logging
from collections.abc import Callable
from secrets import token_urlsafe
from urllib.parse import urlsplit

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string

from console.views.errors import csrf_failure

logger = logging.getLogger(__name__)

CSP_NONCE = "keyfob.csp_nonce"
"""Where a request's META holds the nonce of its page."""

_POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self';"
    " img-src 'self' data:; font-src 'self'; connect-src 'self';"
    " manifest-src 'self'; form-action 'self' {tesla}; base-uri 'none';"
    " object-src 'none'; frame-ancestors 'none'"
)
_FEATURES = (
    "accelerometer",
    "browsing-topics",
    "camera",
    "display-capture",
    "geolocation",
    "gyroscope",
    "hid",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "serial",
    "usb",
)
_PERMISSIONS = ", ".join(f"{feature}=()" for feature in _FEATURES)

_READING = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_NUMBERS = frozenset({"127.0.0.1", "::1"})

_Respond = Callable[[HttpRequest], HttpResponseBase]


def security_headers(get_response: _Respond) -> _Respond:
    """Add the headers that tell a browser what a page may do and who may keep it.

    What brings its own `Cache-Control` (static files) keeps it; all else is not to be
    stored. A logout also clears what the browser kept.
    """

    def respond(request: HttpRequest) -> HttpResponseBase:
        nonce = request.META[CSP_NONCE] = token_urlsafe(16)
        response = get_response(request)
        headers = response.headers
        headers["Content-Security-Policy"] = _POLICY.format(nonce=nonce, tesla=_tesla())
        headers["Permissions-Policy"] = _PERMISSIONS
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
        headers.setdefault("Cache-Control", "no-store, private")
        if _logs_out(request):
            headers["Clear-Site-Data"] = '"cache", "storage"'
        return response

    return respond


def _tesla() -> str:
    """Return the origins that a form of ours leads to by a redirect."""
    hosts = settings.TESLA_HOSTS
    addresses = (hosts.authorize_url, hosts.consent_url)
    parts = [urlsplit(address) for address in addresses]
    return " ".join(dict.fromkeys(f"{part.scheme}://{part.netloc}" for part in parts))


def _logs_out(request: HttpRequest) -> bool:
    match = request.resolver_match
    return (
        request.method == "POST"
        and match is not None
        and match.view_name == "account_logout"
    )


def own_forms_only(get_response: _Respond) -> _Respond:
    """Refuse a form that a browser says was sent by a page of another site.

    Beside Django's check of the form's secret and origin, which does the rest.
    """

    def respond(request: HttpRequest) -> HttpResponseBase:
        is_foreign = request.headers.get("Sec-Fetch-Site") == "cross-site"
        if is_foreign and request.method not in _READING:
            return csrf_failure(request)
        return get_response(request)

    return respond


def one_address(get_response: _Respond) -> _Respond:
    """Send a browser that came to this machine's number on to its name, `localhost`.

    Cookies and the way back from Tesla belong to the name in PUBLIC_URL; a sign-in
    begun under the number would be refused at its end.
    """

    def respond(request: HttpRequest) -> HttpResponseBase:
        host = urlsplit(f"//{request.get_host()}").hostname
        ours = urlsplit(settings.PUBLIC_URL).hostname
        if host in _NUMBERS and ours == "localhost" and request.method == "GET":
            return HttpResponseRedirect(settings.PUBLIC_URL + request.get_full_path())
        return get_response(request)

    return respond


def database_away(get_response: _Respond) -> _Respond:
    """Answer 503 in plain words while the database does not answer."""
    return _DatabaseAway(get_response)


class _DatabaseAway:
    """Wait for the errors of views, and for those of the middleware further in."""

    def __init__(self, get_response: _Respond) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self._get_response(request)
        # An error outside the views, such as in saving the session, comes as a 500.
        if response.status_code == 500 and _is_away():
            return _away_page(request)
        return response

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponse | None:
        """Answer a view's database error; None leaves any other to Django."""
        if not isinstance(exception, OperationalError | InterfaceError):
            return None
        logger.error("The database does not answer", exc_info=exception)
        return _away_page(request)


def _is_away() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (OperationalError, InterfaceError):
        return True
    return False


def _away_page(request: HttpRequest) -> HttpResponse:
    # Without the request no context processor runs, so nothing asks for the user.
    page = render_to_string("503.html", {"csp_nonce": request.META.get(CSP_NONCE, "")})
    return HttpResponse(page, status=503, headers={"Retry-After": "10"})
