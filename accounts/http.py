"""The request as a view behind `login_required` sees it, and where it came from."""

from allauth.core.internal.httpkit import clean_client_ip
from django.conf import settings
from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from accounts.models import User

FORM_TARGET = "keyfob.form_target"
"""Where a request's META holds the origin to which its page's form leads in the end."""

# What stands for the address of a client behind a Unix socket, which has none.
LOCAL = "local"


class UserRequest(HttpRequest):
    """A request of somebody who is signed in, read by the htmx middleware."""

    user: User
    htmx: HtmxDetails


def client_address(request: HttpRequest) -> str:
    """Return the client's IP address, or `LOCAL` when nobody trusted tells one."""
    return address_behind_proxies(
        request.META.get("REMOTE_ADDR", ""),
        request.META.get("HTTP_X_FORWARDED_FOR", ""),
        proxies=settings.TRUSTED_PROXY_COUNT,
    )


def address_behind_proxies(peer: str, forwarded_for: str, *, proxies: int) -> str:
    """Return the address that the outermost trusted proxy saw, else the peer's own.

    Each trusted proxy appends one address to `forwarded_for`; what stands further left
    was written by the client and is never read. Without proxies the header is ignored.
    """
    hops = forwarded_for.split(",") if forwarded_for else []
    seen = hops[-proxies] if 0 < proxies <= len(hops) else ""
    return clean_client_ip(seen) or clean_client_ip(peer or "") or LOCAL
