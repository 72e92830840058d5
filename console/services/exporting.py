"""What an export holds of the console itself, and the sheets of all apps in order."""

from collections.abc import Iterator

import accounts.services.exporting
import billing.services.exporting
import energy.services.exporting
import tokens.services.exporting
import vehicles.services.exporting
import webhooks.services.exporting
from accounts.models import User
from accounts.services.exporting import Sheet, sheet
from console.models import Deletion, Export


def exports(user: User) -> Iterator[Sheet]:
    """Yield what this app keeps of a user."""
    yield sheet(
        "exports",
        "the exports that you asked for",
        Export.objects.filter(user=user).order_by("asked_at"),
        {
            "asked_at": "asked_at",
            "state": "state",
            "ready_at": "ready_at",
            "expires_at": "expires_at",
        },
    )
    yield sheet(
        "deletions",
        "deletions that you asked for and that are under way",
        Deletion.objects.filter(user=user).order_by("asked_at"),
        {"asked_at": "asked_at", "what": "kind", "which": "subject"},
    )


def sheets(user: User) -> Iterator[Sheet]:
    """Yield all that is kept of a user, from the foundation up; each app its own."""
    for app in (
        accounts.services.exporting,
        tokens.services.exporting,
        billing.services.exporting,
        webhooks.services.exporting,
        vehicles.services.exporting,
        energy.services.exporting,
    ):
        yield from app.exports(user)
    yield from exports(user)
