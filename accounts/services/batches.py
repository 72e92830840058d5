"""Delete many rows so that nobody has to wait for the end of it."""

from typing import Any

from django.db.models import QuerySet

# As many rows as any database deletes well within a second, answers of Tesla's included.
SIZE = 500


def delete_in_batches(rows: QuerySet[Any], *, size: int = SIZE) -> int:
    """Delete rows, each batch in a transaction of its own; return how many there were.

    What was deleted before an interruption stays deleted: call it again to go on.
    """
    deleted = 0
    while keys := list(rows.order_by("pk").values_list("pk", flat=True)[:size]):
        rows.model._default_manager.filter(pk__in=keys).delete()  # noqa: SLF001  # Django's documented interface
        deleted += len(keys)
    return deleted
