"""Put a command once, however often the form that holds its button is sent."""

from collections.abc import Mapping
from typing import Any

from django.core.cache import cache
from django.db import transaction

from accounts.models import User
from vehicles.models import Command
from vehicles.services import commands

# So long a page can stand open, or come back from the browser's history.
_KEPT_S = 24 * 3600


def press(
    user: User, vin: str, name: str, parameters: Mapping[str, Any], *, form_id: str
) -> Command | None:
    """Put a command and return its row, None when this form has put it before.

    Of two that come at once, the second waits for the first. Raises what
    `commands.ask` raises; the form can then be sent again.
    """
    key = f"vehicles:press:{user.pk}:{form_id}"
    with transaction.atomic():
        if not cache.add(key, name, _KEPT_S):
            return None
        return commands.ask(user, vin, name, parameters)
