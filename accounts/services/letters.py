"""Letters that no mail server takes: kept, encrypted, for the owner to hand on."""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from accounts.crypto import Undecryptable, context_of, seal, unseal
from accounts.models import Letter

_BODY = "body_sealed"


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
