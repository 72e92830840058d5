"""What every template may read."""

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from billing.models import Alert
from billing.services import providers
from console import health
from console.policy import CSP_NONCE


def site(request: HttpRequest) -> dict[str, object]:
    """Return `simulated_tesla`, `signup_open`, `csp_nonce` and what is told on each page.

    `health` is what is not running, `billing_alerts` what the owner must see to where
    `subscriptions_on`; nothing is asked before a page reads it.
    """
    return {
        "simulated_tesla": settings.SIMULATED_TESLA,
        "signup_open": settings.SIGNUP_OPEN,
        "csp_nonce": request.META.get(CSP_NONCE, ""),
        "subscriptions_on": providers.is_on(),
        "billing_alerts": SimpleLazyObject(lambda: _alerts(request)),
        "health": SimpleLazyObject(lambda: health.troubles(timezone.now())),
    }


def _alerts(request: HttpRequest) -> list[Alert]:
    is_owner = (
        providers.is_on()
        and request.user.is_authenticated
        and request.user.is_superuser
    )
    return list(Alert.objects.filter(settled_at=None)[:20]) if is_owner else []
