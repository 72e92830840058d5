"""Write an export: one ZIP with each sheet as CSV and JSON, streamed row by row."""

import csv
import io
import json
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from shutil import copyfileobj
from typing import IO, Any
from uuid import UUID
from zipfile import ZIP_DEFLATED, ZipFile

import orjson
from django.template.loader import render_to_string

from accounts.services.exporting import Sheet

# What a spreadsheet takes for the beginning of a formula, once blanks are skipped.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_AT_FIRST = frozenset({" ", *_FORMULA})
_NESTED = "(in the JSON file)"
# The fastest: texts like these become a tenth as large all the same.
_LEVEL = 1
# Half a sign, as Tesla's JSON may hold one, stays readable and is good JSON.
_ODD = "backslashreplace"
_IN_MEMORY = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Contents:
    """Count what went into one sheet, for the README."""

    name: str
    about: str
    rows: int


def write(
    file: IO[bytes], sheets: Iterable[Sheet], *, whose: str, at: datetime, spool: Path
) -> int:
    """Write the ZIP to an open file; return how many rows it holds.

    No more than a few rows are in memory at a time; `spool` is the folder in which
    what is larger grows, unnamed.
    """
    with ZipFile(file, "w", ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
        written = [
            Contents(sheet.name, sheet.about, _write(archive, sheet, spool))
            for sheet in sheets
        ]
        context = {"contents": written, "whose": whose, "at": at}
        readme = render_to_string("console/email/export_readme.txt", context)
        archive.writestr("README.txt", readme)
    return sum(contents.rows for contents in written)


def folder(data: Path) -> Path:
    """Return where the files of exports are; it may not exist yet."""
    return data / "exports"


def cell(value: Any) -> str | int | float:
    """Return a value for CSV: a text that no spreadsheet takes for a formula.

    What is nested stands in the JSON file alone; its cell says so.
    """
    return _CELLS.get(type(value), _other)(value)


def _text(text: str) -> str:
    if text[:1] in _AT_FIRST and text.lstrip(" ").startswith(_FORMULA):
        return f"'{text}"
    return text


def _list(items: list[Any]) -> str:
    if all(isinstance(item, str) for item in items):
        return _text(" ".join(items))
    return _NESTED


def _other(value: object) -> str | int | float:
    """Return what is of a type of its own, such as a `TextChoices`."""
    return value if isinstance(value, int | float) else _text(_plain(value))


def _write(archive: ZipFile, sheet: Sheet, spool: Path) -> int:
    """Write a sheet as CSV into the archive, as JSON beside it; return its rows.

    A ZIP takes one file at a time, so the second grows in a temporary file.
    """
    rows = 0
    with tempfile.SpooledTemporaryFile(
        _IN_MEMORY, mode="w+b", dir=str(spool)
    ) as beside:
        with (
            archive.open(f"csv/{sheet.name}.csv", "w", force_zip64=True) as entry,
            io.TextIOWrapper(
                entry, encoding="utf-8-sig", errors=_ODD, newline=""
            ) as text,
        ):
            table = csv.writer(text)
            table.writerow(sheet.columns)
            beside.write(b"[")
            for row in sheet.rows:
                table.writerow(map(cell, row))
                beside.write(b"%b\n%b" % (b"," if rows else b"", _line(sheet, row)))
                rows += 1
            beside.write(b"\n]\n")
        beside.seek(0)
        with archive.open(f"json/{sheet.name}.json", "w", force_zip64=True) as entry:
            copyfileobj(beside, entry, 256 * 1024)
    return rows


def _line(sheet: Sheet, row: tuple[Any, ...]) -> bytes:
    """Return a row as JSON; what only Python's own encoder takes goes through that."""
    named = dict(zip(sheet.columns, row, strict=True))
    try:
        return orjson.dumps(named, default=_plain)
    except orjson.JSONEncodeError:
        return _ENCODE(named).encode(errors=_ODD)


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, str | UUID | date):
        return str(value)
    raise TypeError(f"an export cannot hold a {type(value).__name__}")


# By type, as there are many cells: a chain of questions takes three times as long.
_CELLS: Mapping[type, Callable[[Any], str | int | float]] = {
    type(None): lambda _: "",
    bool: lambda value: "true" if value else "false",
    int: lambda value: value,
    float: lambda value: value,
    str: _text,
    UUID: str,
    datetime: _plain,
    date: str,
    list: _list,
    dict: lambda value: _NESTED if value else "",
}
_ENCODE = json.JSONEncoder(ensure_ascii=False, default=_plain).encode
