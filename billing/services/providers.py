"""Which providers are on, by the settings."""

from django.conf import settings

from billing.provider.paddle.client import Client
from billing.provider.paddle.provider import Paddle
from billing.provider.shapes import Provider

NONE = "none"


def is_on() -> bool:
    """Tell whether subscriptions are sold here at all."""
    return bool(settings.BILLING_PROVIDER != NONE)


def names() -> tuple[str, ...]:
    """Return the providers that are on, that of new subscriptions first."""
    return (settings.BILLING_PROVIDER,) if is_on() else ()


def paddle() -> Paddle:
    """Return Paddle as the settings describe it."""
    return Paddle(
        Client(settings.PADDLE_API_URL, settings.PADDLE_API_KEY),
        settings.PADDLE_PRICES,
        tuple(settings.PADDLE_WEBHOOK_SECRETS),
    )


def of(name: str) -> Provider:
    """Return a provider that is on. Raises KeyError for any other."""
    if name not in names():
        raise KeyError(name)
    return paddle()
