"""Write ages and moments the way every page shows them; `times.js` keeps them fresh."""

from datetime import UTC, datetime

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

_MINUTE_S = 60
_HOUR_S = 3600
_DAY_S = 86400


@register.filter
def age(at: datetime | None) -> SafeString:
    """Return how long ago a time was, as a `<time>` that the browser keeps counting.

    None becomes an em dash with its reason.
    """
    if at is None:
        return _UNKNOWN
    return format_html(
        '<time datetime="{}" data-age title="{}">{}</time>',
        at.astimezone(UTC).isoformat(timespec="seconds"),
        _written(at),
        words_of_age((timezone.now() - at).total_seconds()),
    )


@register.filter
def moment(at: datetime | None) -> SafeString:
    """Return a date and time as a `<time>` that the browser shows in its own zone."""
    if at is None:
        return _UNKNOWN
    return format_html(
        '<time datetime="{}" data-moment>{}</time>',
        at.astimezone(UTC).isoformat(timespec="seconds"),
        _written(at),
    )


def words_of_age(seconds: float) -> str:
    """Return an age in seconds as words: "just now", "12 s ago", "3 days ago"."""
    if seconds < 2:
        return "just now"
    if seconds < _MINUTE_S:
        return f"{int(seconds)} s ago"
    if seconds < _HOUR_S:
        return f"{int(seconds // _MINUTE_S)} min ago"
    if seconds < _DAY_S:
        return f"{int(seconds // _HOUR_S)} h ago"
    days = int(seconds // _DAY_S)
    return "1 day ago" if days == 1 else f"{days} days ago"


def _written(at: datetime) -> str:
    return f"{at.astimezone(UTC):%-d %b %Y, %H:%M} UTC"


_UNKNOWN = format_html('<span class="unknown" title="{}">—</span>', "Not known yet")
