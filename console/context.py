"""What every template may read."""

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from accounts.models import User
from billing.models import Alert
from billing.policy import Capability
from billing.services import entitlements, providers
from console import health
from console.policy import CSP_NONCE


def site(request: HttpRequest) -> dict[str, object]:
    """Return `simulated_tesla`, `signup_open`, `csp_nonce` and what is told on each page.

    `health` is what is not running, `billing_alerts` what the owner must see to where
    `subscriptions_on`; `webhooks_closed` whether the person's subscription does not
    open webhooks. Nothing is asked before a page reads it.
    """
    return {
        "simulated_tesla": settings.SIMULATED_TESLA,
        "signup_open": settings.SIGNUP_OPEN,
        "csp_nonce": request.META.get(CSP_NONCE, ""),
        "subscriptions_on": providers.is_on(),
        "billing_alerts": SimpleLazyObject(lambda: _alerts(request)),
        "webhooks_closed": SimpleLazyObject(lambda: _is_closed(request)),
        "health": SimpleLazyObject(lambda: health.troubles(timezone.now())),
    }


def _alerts(request: HttpRequest) -> list[Alert]:
    is_owner = (
        providers.is_on()
        and request.user.is_authenticated
        and request.user.is_superuser
    )
    return list(Alert.objects.filter(settled_at=None)[:20]) if is_owner else []


def _is_closed(request: HttpRequest) -> bool:
    user = request.user
    if not isinstance(user, User):
        return False
    return not entitlements.allows(user.pk, Capability.WEBHOOKS)
