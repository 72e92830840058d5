"""Look at the certificate for cars when Keyfob starts."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Warning as Caution
from django.db import DatabaseError
from django.utils import timezone

from telemetry import certificates


def certificate_for_cars(**_options: Any) -> list[CheckMessage]:
    """Warn of a public certificate that cars will not accept, now or soon."""
    if not settings.TELEMETRY_CERTIFICATE_FILE:
        return []
    return [
        Caution(words, hint="See TELEMETRY_CERTIFICATE_FILE.", id="telemetry.W001")
        for words in certificates.problems(timezone.now())
    ]


def authority_of_cars(**_options: Any) -> list[CheckMessage]:
    """Warn of our own authority, or its certificate, before it ends; asks the database.

    Whoever needs the database says by itself that it is away, or not migrated yet.
    """
    if settings.TELEMETRY_CERTIFICATE_FILE:
        return []
    try:
        found = certificates.problems(timezone.now())
    except DatabaseError:
        return []
    return [Caution(words, id="telemetry.W002") for words in found]
