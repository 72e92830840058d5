"""Letters that tell a person what was done to their account."""

from typing import Any

from allauth.account.adapter import get_adapter
from django.http import HttpRequest  # noqa: TID251  # the letter says where it came from

from accounts.models import User


def write(
    request: HttpRequest, user: User, template_prefix: str, **context: Any
) -> None:
    """Write to the person's proven address what a request did.

    Nothing is written to who has no address. The letter names time, address and
    program of the request.
    """
    adapter = get_adapter()
    adapter.request = request
    adapter.send_notification_mail(template_prefix, user, context)
