"""Letters: sent, or kept, encrypted, for the owner to hand on."""

import logging
from datetime import datetime, timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail
from django.utils import timezone

from accounts.crypto import Undecryptable, context_of, seal, unseal
from accounts.models import Letter

_LOG = logging.getLogger(__name__)
_BODY = "body_sealed"


def send(to: str, subject: str, body: str) -> None:
    """Send a plain letter; one that the mail server refuses is kept for the owner."""
    try:
        send_mail(f"Keyfob: {subject}", body, None, [to])
    except (OSError, SMTPException):
        _LOG.exception("The mail server did not take a letter; it is kept")
        keep(to, f"Keyfob: {subject}", body)


def keep(to: str, subject: str, body: str) -> Letter:
    """Store one letter, and forget those that are too old."""
    letter = Letter(to=to, subject=subject[:200])
    letter.body_sealed = seal(body, context=context_of(letter, _BODY))
    letter.save()
    forget_old(timezone.now())
    return letter


def body_of(letter: Letter) -> str | None:
    """Return a letter's text, or None when it can no longer be decrypted."""
    try:
        return unseal(letter.body_sealed, context=context_of(letter, _BODY))
    except Undecryptable:
        return None


def forget_old(now: datetime) -> int:
    """Delete the letters older than `LETTERS_KEPT_DAYS`; return how many."""
    oldest = now - timedelta(days=settings.LETTERS_KEPT_DAYS)
    count, _ = Letter.objects.filter(written_at__lt=oldest).delete()
    return count
