"""Letters about an endpoint that accepts nothing."""

from django.conf import settings
from django.template.loader import render_to_string

from accounts.services import letters
from webhooks.models import Endpoint


def write(endpoint: Endpoint) -> None:
    """Tell its user that an endpoint fails, or that it was disabled.

    Nothing is written to who has no address.
    """
    if not endpoint.user.email:
        return
    is_disabled = endpoint.disabled_at is not None
    words = {
        "endpoint": endpoint,
        "host": endpoint.url.partition("://")[2].partition("/")[0],
        "public_url": settings.PUBLIC_URL,
    }
    template = "disabled" if is_disabled else "failing"
    letters.send(
        endpoint.user.email,
        "a webhook was disabled" if is_disabled else "a webhook accepts nothing",
        render_to_string(f"webhooks/email/{template}.txt", words),
    )
