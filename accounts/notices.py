"""Letters that tell a person what was done to their account."""

from typing import Any

from allauth.account.adapter import get_adapter

from accounts.models import User


def write(user: User, template_prefix: str, **context: Any) -> None:
    """Write to the person's proven address what the request of this moment did.

    Nothing is written to who has no address. The letter names time, address and
    program of the request.
    """
    get_adapter().send_notification_mail(template_prefix, user, context)
