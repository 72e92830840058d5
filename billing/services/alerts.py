"""Tell the owner what needs a look, once for each thing."""

import logging
from datetime import datetime

from django.utils import timezone

from billing.models import Alert

_LOG = logging.getLogger(__name__)


def alert(code: Alert.Code, subject: str) -> None:
    """Raise an alert unless the same one is open already."""
    _, is_new = Alert.objects.get_or_create(
        code=code, subject=subject[:80], settled_at=None
    )
    if is_new:
        _LOG.error("Billing needs a look: %s %s", code.value, subject[:80])


def settle_all(code: Alert.Code, subject: str) -> None:
    """Note that what an alert told of has passed."""
    open_ones = Alert.objects.filter(code=code, subject=subject[:80], settled_at=None)
    open_ones.update(settled_at=timezone.now())


def settle(pk: int, now: datetime | None = None) -> bool:
    """Note that the owner has seen to an alert; False when there is none open."""
    at = now or timezone.now()
    return Alert.objects.filter(pk=pk, settled_at=None).update(settled_at=at) == 1
