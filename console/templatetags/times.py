"""Write ages and moments the way every page shows them; `times.js` keeps them fresh."""

from datetime import UTC, datetime

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tokens import readings

register = template.Library()

_UNKNOWN = format_html(
    '<span class="unknown" title="{}">{}</span>', "Not known yet", readings.UNKNOWN
)


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
        readings.age(at),
    )


@register.filter
def moment(at: datetime | None) -> SafeString:
    """Return a date and time as a `<time>` that the browser shows in its own zone.

    None becomes an em dash with its reason.
    """
    if at is None:
        return _UNKNOWN
    return format_html(
        '<time datetime="{}" data-moment>{}</time>',
        at.astimezone(UTC).isoformat(timespec="seconds"),
        _written(at),
    )


def _written(at: datetime) -> str:
    return f"{at.astimezone(UTC):%-d %b %Y, %H:%M} UTC"
