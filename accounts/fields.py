"""Columns that hold what others sent."""

from collections.abc import Sequence
from typing import Any

from django.db import models

from events.plain import plain


class LenientJSONField(models.JSONField):
    """A JSON column that takes any JSON, and keeps it as `plain` makes it."""

    def get_prep_value(self, value: Any) -> Any:
        """Return what the database takes."""
        return super().get_prep_value(plain(value))

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        """Name Django's own field to migrations: the column is the same."""
        name, _, arguments, keywords = super().deconstruct()
        return name, "django.db.models.JSONField", arguments, keywords
