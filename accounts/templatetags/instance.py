"""Questions about the instance that its sign-in pages ask."""

from django import template
from django.conf import settings

from accounts.services.owner import owner

register = template.Library()


@register.simple_tag
def mail_server() -> bool:
    """Tell whether letters are mailed; otherwise the owner hands them on."""
    return bool(settings.MAIL_SERVER)


@register.simple_tag
def owner_missing() -> bool:
    """Tell whether the owner is still to be made; costs one query."""
    return owner() is None
