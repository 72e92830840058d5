"""The lists that Tesla gives for a grant, of cars and of sites: read, failed, due."""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.db.models import Q

import fleet
from fleet import errors as fleet_errors
from tokens.models import TeslaGrant

_EVERY = timedelta(minutes=10)
_AGAIN_AFTER = timedelta(minutes=2)
_LONGEST = 400


class Of(StrEnum):
    """What a list is of; the names of a grant's columns are made of it."""

    VEHICLES = "vehicles"
    ENERGY = "energy"


def note_read(grant: TeslaGrant, of: Of, at: datetime) -> None:
    """Note that the list was read, which ends what failed before."""
    TeslaGrant.objects.filter(pk=grant.pk).update(
        **{f"synced_{of}_at": at, f"{of}_failed_at": None, f"{of}_failure": ""}
    )


def note_failure(
    grant: TeslaGrant, of: Of, error: fleet.FleetError, at: datetime
) -> None:
    """Note why the list could not be read, in words for its person.

    When it was read last stays as it is, since a page tells its age. A token that
    Tesla refused is renewed by the timer, which finds out whether the link has ended.
    """
    explanation = fleet_errors.explain(error)
    words = f"{explanation.title}. {explanation.words}"
    if error.status:
        words += f" Tesla's status: {error.status}."
    columns: dict[str, object] = {
        f"{of}_failed_at": at,
        f"{of}_failure": words[:_LONGEST],
    }
    mine = TeslaGrant.objects.filter(pk=grant.pk)
    mine.update(**columns)
    if isinstance(error, fleet.Unauthorized):
        mine.filter(generation=grant.generation).update(next_refresh_at=at)


def due(of: Of, now: datetime) -> list[UUID]:
    """Return the usable grants whose list is missing, old, or failed a while ago."""
    read, failed = f"synced_{of}_at", f"{of}_failed_at"
    is_missing = Q(**{read: None})
    is_old = Q(**{f"{read}__lte": now - _EVERY}) | Q(**{f"{failed}__isnull": False})
    has_rested = Q(**{failed: None}) | Q(**{f"{failed}__lte": now - _AGAIN_AFTER})
    return list(
        TeslaGrant.objects.usable()
        .filter(is_missing | (is_old & has_rested))
        .order_by(read, "pk")
        .values_list("pk", flat=True)
    )
