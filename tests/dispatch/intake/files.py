"""Files of shipments for tests: CSV and workbooks, made of rows."""

import csv
import io
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime

import openpyxl

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
HEADING = ("Order", "Name", "Phone", "Address", "Lat", "Lng", "Slot", "Weight", "COD", "Currency", "Remarks")
GOOD = (
    "A-1", "Asha", "+91 98220 12345", "12 Tilak Road, Pune 411030", "18.5089", "73.8478", "2026-11-23T09:00/12:00",
    "2.5", "450.00", "INR", "",
)  # fmt: skip


def a_row(**changes: str) -> list[str]:
    """The good row, with some of its cells changed, by heading."""
    values = dict(zip(HEADING, GOOD, strict=True)) | changes
    return [values[name] for name in HEADING]


def as_csv(rows: Sequence[Sequence[str]], *, delimiter: str = ",", encoding: str = "utf-8") -> bytes:
    """The rows as a spreadsheet would save them."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode(encoding)


def as_workbook(rows: Sequence[Sequence[object]]) -> bytes:
    """The rows in the first sheet of an .xlsx."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(list(row))
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def repacked(content: bytes, part: str, data: bytes) -> bytes:
    """A workbook with one of its parts replaced."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, data if name == part else old.read(name))
    return made.getvalue()
