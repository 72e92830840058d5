"""What a page may load, and where its forms may lead."""

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest  # noqa: TID251 - a policy is that of one request

from accounts.http import FORM_TARGET

CSP_NONCE = "keyfob.csp_nonce"
"""Where a request's META holds the nonce of its page."""

_POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self';"
    " img-src 'self' data:; font-src 'self'; connect-src 'self';"
    " manifest-src 'self'; form-action 'self' {targets}; base-uri 'none';"
    " object-src 'none'; frame-ancestors 'none'"
)


def policy(request: HttpRequest) -> str:
    """Return what a page may load and where its forms may lead."""
    targets = " ".join(filter(None, (_tesla(), request.META.get(FORM_TARGET))))
    return _POLICY.format(nonce=request.META[CSP_NONCE], targets=targets)


def _tesla() -> str:
    """Return the origins that a form of ours leads to by a redirect."""
    hosts = settings.TESLA_HOSTS
    addresses = (hosts.authorize_url, hosts.consent_url)
    parts = [urlsplit(address) for address in addresses]
    return " ".join(dict.fromkeys(f"{part.scheme}://{part.netloc}" for part in parts))
