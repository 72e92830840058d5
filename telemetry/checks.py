"""Look at the settings of the receiver when Keyfob starts."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Warning as Caution
from django.utils import timezone

from telemetry import public


def certificate_for_cars(**_options: Any) -> list[CheckMessage]:
    """Warn of a public certificate that cars will not accept, now or soon."""
    if not settings.TELEMETRY_CERTIFICATE_FILE:
        return []
    return [
        Caution(words, hint="See TELEMETRY_CERTIFICATE_FILE.", id="telemetry.W001")
        for words in public.problems(timezone.now())
    ]
