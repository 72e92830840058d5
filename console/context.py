"""What every template may read."""

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from console import health
from console.middleware import CSP_NONCE


def site(request: HttpRequest) -> dict[str, object]:
    """Return `simulated_tesla`, `signup_open`, `csp_nonce` and `health`.

    `health` is what is not running; nothing is asked before a page reads it.
    """
    return {
        "simulated_tesla": settings.SIMULATED_TESLA,
        "signup_open": settings.SIGNUP_OPEN,
        "csp_nonce": request.META.get(CSP_NONCE, ""),
        "health": SimpleLazyObject(lambda: health.troubles(timezone.now())),
    }
