"""What every template may read."""

from django.conf import settings
from django.http import HttpRequest

from console.middleware import CSP_NONCE


def site(request: HttpRequest) -> dict[str, object]:
    """Return `simulated_tesla`, `signup_open` and `csp_nonce` for every page."""
    return {
        "simulated_tesla": settings.SIMULATED_TESLA,
        "signup_open": settings.SIGNUP_OPEN,
        "csp_nonce": request.META.get(CSP_NONCE, ""),
    }
