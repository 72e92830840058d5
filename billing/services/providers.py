"""Which providers are on, by the settings."""

from django.conf import settings

from billing.provider.paddle.client import Client as PaddleClient
from billing.provider.paddle.provider import Paddle
from billing.provider.shapes import Provider
from billing.provider.stripe.client import Client as StripeClient
from billing.provider.stripe.provider import Stripe

NONE = "none"
PADDLE = "paddle"
STRIPE = "stripe"


def is_on() -> bool:
    """Tell whether subscriptions are sold here at all."""
    return bool(settings.BILLING_PROVIDER != NONE)


def names() -> tuple[str, ...]:
    """Return the providers that are on, that of new subscriptions first.

    Stripe stays on beside another one while its key is set, for who is still there.
    """
    if not is_on():
        return ()
    first = (settings.BILLING_PROVIDER,)
    beside = settings.STRIPE_API_KEY and settings.BILLING_PROVIDER != STRIPE
    return (*first, STRIPE) if beside else first


def paddle() -> Paddle:
    """Return Paddle as the settings describe it."""
    return Paddle(
        PaddleClient(settings.PADDLE_API_URL, settings.PADDLE_API_KEY),
        settings.PADDLE_PRICES,
        tuple(settings.PADDLE_WEBHOOK_SECRETS),
    )


def stripe() -> Stripe:
    """Return Stripe as the settings describe it."""
    return Stripe(
        StripeClient(settings.STRIPE_API_URL, settings.STRIPE_API_KEY),
        settings.STRIPE_PRICES,
        tuple(settings.STRIPE_WEBHOOK_SECRETS),
        settings.PUBLIC_URL,
    )


def of(name: str) -> Provider:
    """Return a provider that is on. Raises KeyError for any other."""
    if name not in names():
        raise KeyError(name)
    return stripe() if name == STRIPE else paddle()
