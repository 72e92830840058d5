"""Lock endpoints, before anything of theirs is written or deleted.

Whoever touches deliveries and attempts locks their endpoints first, in the order of
their keys. So nobody waits in a circle, and nothing is added to what is being deleted.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from accounts.services.batches import SIZE
from webhooks.models import Endpoint


def locked(endpoint_ids: Iterable[UUID]) -> list[Endpoint]:
    """Lock endpoints and return those that are there; call it inside a transaction."""
    rows = Endpoint.objects.select_for_update(of=("self",))
    return list(rows.filter(pk__in=list(endpoint_ids)).order_by("pk"))


def delete(endpoint_id: UUID) -> int:
    """Delete an endpoint with all that hangs on it; return how many there were."""
    with transaction.atomic():
        found = locked([endpoint_id])
        for endpoint in found:
            endpoint.delete()
    return len(found)


def delete_of(endpoint_id: UUID, rows: QuerySet[Any]) -> int:
    """Delete rows of one endpoint, each batch in a transaction of its own."""
    deleted, count = 0, SIZE
    while count == SIZE:
        with transaction.atomic():
            locked([endpoint_id])
            keys = rows.order_by("pk").values_list("pk", flat=True)[:SIZE]
            count = len(keys)
            rows.filter(pk__in=list(keys)).delete()
        deleted += count
    return deleted
