"""The file of an export: cells that are no formulas, rows that are never all there."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID
from zipfile import ZipFile

import pytest

from accounts.services.exporting import Sheet
from console.services import archives

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def _written(tmp_path: Path, *sheets: Sheet) -> ZipFile:
    file = io.BytesIO()
    archives.write(file, sheets, whose="Alice", at=NOON, spool=tmp_path)
    return ZipFile(file)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("  =1", "'  =1"),
        ("plain = text", "plain = text"),
        (-1.5, -1.5),
        (7, 7),
        (True, "true"),
        (False, "false"),
        (None, ""),
        (["a", "b"], "a b"),
        (["=a"], "'=a"),
        ([1], "(in the JSON file)"),
        ({"a": 1}, "(in the JSON file)"),
        ({}, ""),
        (NOON, "2026-11-21T12:00:00+00:00"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    ],
)
def test_cell_is_text_that_no_spreadsheet_computes(
    value: object, shown: object
) -> None:
    assert archives.cell(value) == shown


def test_cell_refuses_what_it_does_not_know() -> None:
    with pytest.raises(TypeError):
        archives.cell(object())


def test_write_puts_each_sheet_there_twice_with_a_readme(tmp_path: Path) -> None:
    rows: list[tuple[Any, ...]] = [("Réd, 1", NOON, {"a": 1}), ('"x"', None, None)]
    sheet = Sheet("cars", "the cars", ("name", "at", "more"), rows)
    archive = _written(tmp_path, sheet, Sheet("none", "nothing", ("a",), ()))
    assert archive.namelist() == [
        "csv/cars.csv",
        "json/cars.json",
        "csv/none.csv",
        "json/none.json",
        "README.txt",
    ]
    text = archive.read("csv/cars.csv").decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(text))) == [
        ["name", "at", "more"],
        ["Réd, 1", "2026-11-21T12:00:00+00:00", "(in the JSON file)"],
        ['"x"', "", ""],
    ]
    assert json.loads(archive.read("json/cars.json")) == [
        {"name": "Réd, 1", "at": "2026-11-21T12:00:00+00:00", "more": {"a": 1}},
        {"name": '"x"', "at": None, "more": None},
    ]
    assert json.loads(archive.read("json/none.json")) == []
    readme = archive.read("README.txt").decode()
    assert "cars  2 rows\n    the cars" in readme
    assert "none  0 rows" in readme


def test_write_reads_each_row_once_as_it_comes(tmp_path: Path) -> None:
    read: list[int] = []

    def rows() -> Iterator[tuple[int, str]]:
        for number in range(30_000):
            read.append(number)
            yield number, "x" * 100

    archive = _written(tmp_path, Sheet("many", "many", ("n", "x"), rows()))
    assert len(read) == 30_000
    assert len(json.loads(archive.read("json/many.json"))) == 30_000
    assert list(tmp_path.iterdir()) == []


def test_write_takes_half_a_sign(tmp_path: Path) -> None:
    rows = [("half \ud83d", {"name": "\ud83d"})]
    archive = _written(tmp_path, Sheet("odd", "odd texts", ("text", "nested"), rows))
    assert "half \\ud83d" in archive.read("csv/odd.csv").decode()
    (row,) = json.loads(archive.read("json/odd.json"))
    assert row == {"text": "half \ud83d", "nested": {"name": "\ud83d"}}
