"""Care for all sealed texts at once: which keys they need, and their rotation.

Every text column of every app whose name ends in `_sealed` is looked after, and the
seeds of second factors, which allauth keeps inside a JSON column.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import F, Model, QuerySet, Value
from django.db.models.expressions import Combinable
from django.db.models.fields.json import KT
from django.db.models.functions import StrIndex, Substr

from accounts.crypto import Undecryptable, context_of, seal, unseal

_PREFIX = "v1:"
_SAMPLE = 20


@dataclass(frozen=True, slots=True)
class Column:
    """One sealed column of one table, or one sealed `entry` of a JSON column."""

    model: type[Model]
    name: str
    entry: str = ""

    def __str__(self) -> str:
        return f"{self.model._meta.db_table}.{self._lookup.replace('__', '.')}"  # noqa: SLF001  # Django's documented interface

    @property
    def _lookup(self) -> str:
        return f"{self.name}__{self.entry}" if self.entry else self.name

    def rows(self, *, key_id: str = "") -> QuerySet[Model]:
        """Return the rows that hold sealed text, all or those under one key."""
        beginning = f"{_PREFIX}{key_id}:" if key_id else _PREFIX
        rows = self.model._default_manager.all()  # noqa: SLF001  # Django's documented interface
        return rows.filter(**{f"{self._lookup}__startswith": beginning})

    def read(self, row: Model) -> str:
        """Return the sealed text of a row."""
        value = getattr(row, self.name)
        text: str = value[self.entry] if self.entry else value
        return text

    def context(self, row: Model) -> str:
        """Return the place that the text of a row was sealed for."""
        if self.entry:
            # allauth seals before there is a row (accounts/mfa.py).
            return f"{row._meta.db_table}|{self.name}"  # noqa: SLF001  # Django's documented interface
        return context_of(row, self.name)

    def write(self, row: Model, text: str) -> int:
        """Store another text where the row is as it was read; return how many rows."""
        before = getattr(row, self.name)
        after = {**before, self.entry: text} if self.entry else text
        same = self.model._default_manager.filter(pk=row.pk, **{self.name: before})  # noqa: SLF001  # Django's documented interface
        return same.update(**{self.name: after})

    def key_ids(self) -> set[str]:
        """Return the ids of the keys under which this column's texts are sealed."""
        text: Combinable = KT(self._lookup) if self.entry else F(self.name)
        rest = Substr(text, len(_PREFIX) + 1)
        key_id = Substr(rest, 1, StrIndex(rest, Value(":")) - 1)
        return set(self.rows().values_list(key_id, flat=True).distinct().order_by())


@dataclass(frozen=True, slots=True)
class Rotation:
    """What a rotation did: texts sealed anew, and texts that no key opens."""

    rotated: int
    left: int


def columns() -> Iterator[Column]:
    """Find every sealed column of the installed apps, and the seeds of second factors."""
    for entry in ("secret", "seed"):
        yield Column(apps.get_model("mfa", "Authenticator"), "data", entry)
    for model in apps.get_models():
        for field in model._meta.local_concrete_fields:  # noqa: SLF001  # Django's documented interface
            if field.name.endswith("_sealed"):
                yield Column(model, field.name)


def key_ids_in_use() -> set[str]:
    """Return the ids of all keys that some row still needs."""
    return {key_id for column in columns() for key_id in column.key_ids()}


def problems() -> list[str]:
    """Say in words which sealed columns the keys of the settings cannot open.

    Empty when all is well. Tables that do not exist yet are passed over.
    """
    tables = connection.introspection.table_names()
    found: list[str] = []
    for column in columns():
        if column.model._meta.db_table in tables:  # noqa: SLF001  # Django's documented interface
            found.extend(_problems_of(column))
    return found


def rotate() -> Rotation:
    """Seal every text under the newest key. Texts that no key opens stay as they are."""
    newest = next(iter(settings.ENCRYPTION_KEYS))
    rotated = left = 0
    for column in columns():
        for row in column.rows().order_by("pk").iterator(chunk_size=500):
            if column.read(row).startswith(f"{_PREFIX}{newest}:"):
                continue
            try:
                rotated += _sealed_anew(row, column)
            except Undecryptable:
                left += 1
    return Rotation(rotated, left)


def _sealed_anew(row: Model, column: Column) -> int:
    """Return 1, or 0 when somebody else wrote the row meanwhile, under the new key."""
    context = column.context(row)
    return column.write(
        row, seal(unseal(column.read(row), context=context), context=context)
    )


def _problems_of(column: Column) -> Iterator[str]:
    try:
        with transaction.atomic():
            key_ids = sorted(column.key_ids())
            for key_id in key_ids:
                if key_id not in settings.ENCRYPTION_KEYS:
                    yield (
                        f"{column.rows(key_id=key_id).count()} texts in {column} are"
                        f" sealed with key {key_id!r}, which is not set."
                    )
                elif not _any_opens(column, key_id):
                    yield f"Key {key_id!r} does not open the texts in {column}."
    except DatabaseError:
        # The column is not there before its migration.
        return


def _any_opens(column: Column, key_id: str) -> bool:
    """Tell whether a key opens at least one of the newest texts sealed with its id.

    One damaged text must not keep the whole instance from starting.
    """
    for row in column.rows(key_id=key_id).order_by("-pk")[:_SAMPLE]:
        try:
            unseal(column.read(row), context=column.context(row))
        except Undecryptable:
            continue
        return True
    return False
