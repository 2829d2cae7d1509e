"""The first sheet of an .xlsx workbook as rows of text; a workbook that unpacks to a flood is refused before. Pure.

A workbook is a zip of XML. What it unpacks to is bounded by what its directory says, which the unpacker then holds
each part to; the XML parser (expat 2.4 and later) itself refuses entities that multiply.
"""

import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any
from xml.etree.ElementTree import ParseError

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from dispatch.intake.faults import Unreadable

MOST_PARTS = 2_000
LARGEST_PART = 256 * 1024 * 1024  # a sheet of 100,000 rows and 30 columns has about 150 MB of XML
LARGEST_TEXTS = 96 * 1024 * 1024  # the shared texts are held in memory
LARGEST_IN_ALL = 400 * 1024 * 1024
MOST_RATIO = 250  # XML of sheets packs 5 to 40 times
SMALL = 4 * 1024 * 1024  # a part below this may pack as it likes
MOST_COLUMNS = 300
EMPTY_ROWS = 2_000  # one after another end the sheet: formats reach to the last row there can be
BROKEN = (
    "The workbook is damaged and cannot be read. Open it in your spreadsheet, save it anew, and upload that."
)
RAISED = (zipfile.BadZipFile, InvalidFileException, ParseError, KeyError, ValueError, TypeError, OSError, EOFError,
          AttributeError, IndexError, NotImplementedError)  # fmt: skip  # all that openpyxl is known to end with


def looks_zipped(content: bytes) -> bool:
    """Whether these are the first bytes of a zip, as every .xlsx has them."""
    return content[:4] in {b"PK\x03\x04", b"PK\x05\x06"}


def read_workbook(content: bytes) -> tuple[int | None, Iterator[tuple[int, list[str]]]]:
    """How many rows the sheet says it has (None: it does not say), and each row with its number. Raises Unreadable."""
    _judge_zip(content)
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    except RAISED:
        raise Unreadable(BROKEN) from None
    if not sheets:
        raise Unreadable("The workbook has no visible sheet with cells.")
    sheet = sheets[0]
    said = sheet.max_row
    sheet.reset_dimensions()  # what the file says of itself is often wrong, and rows would be cut
    return said if isinstance(said, int) else None, _rows(sheet)


def _rows(sheet: Any) -> Iterator[tuple[int, list[str]]]:
    empty = 0
    rows = sheet.iter_rows(values_only=True)
    number = 0
    while True:
        try:
            values = next(rows, None)
        except RAISED:
            raise Unreadable(BROKEN) from None
        if values is None:
            return
        number += 1
        cells = _without_tail([as_text(value) for value in values[:MOST_COLUMNS]])
        if cells:
            empty = 0
            yield number, cells
        else:
            empty += 1
            if empty > EMPTY_ROWS:
                return


def _without_tail(cells: list[str]) -> list[str]:
    """Without the empty cells that formats leave behind the last one."""
    while cells and not cells[-1]:
        cells.pop()
    return cells


def as_text(value: Any) -> str:
    """A cell's value as a person would type it without a format: dates and times in ISO 8601."""
    match value:
        case None:
            return ""
        case str():
            return value.strip().replace("_x000D_", "")
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
        case datetime():
            return (
                value.date().isoformat() if value.time() == time(0) else value.isoformat(timespec="minutes")
            )
        case date():
            return value.isoformat()
        case time():
            return value.isoformat(timespec="minutes")
        case timedelta():
            minutes = round(value.total_seconds() / 60)
            return f"{minutes // 60:02d}:{minutes % 60:02d}"
        case _:
            return str(value)


def _judge_zip(content: bytes) -> None:
    """Refuse what is no workbook of this kind, and what would unpack to more than any honest one."""
    try:
        parts = zipfile.ZipFile(io.BytesIO(content)).infolist()
    except RAISED:
        raise Unreadable(BROKEN) from None
    names = {part.filename for part in parts}
    workbook = "[Content_Types].xml" in names and any(name.startswith("xl/") for name in names)
    if not workbook or "xl/workbook.bin" in names:
        raise Unreadable(_other_zip(content, names))
    if len(parts) > MOST_PARTS:
        raise Unreadable(f"The workbook has {len(parts):,} parts inside; at most {MOST_PARTS:,} are read.")
    if any(part.flag_bits & 1 for part in parts):
        raise Unreadable("The workbook is protected by a password. Save it without one.")
    for part in parts:
        texts = part.filename.endswith("sharedStrings.xml")
        if part.file_size > (LARGEST_TEXTS if texts else LARGEST_PART):
            raise Unreadable(_flood(part.filename, part.file_size))
        if part.file_size > SMALL and part.file_size > MOST_RATIO * max(1, part.compress_size):
            raise Unreadable(_flood(part.filename, part.file_size))
    if sum(part.file_size for part in parts) > LARGEST_IN_ALL:
        raise Unreadable(_flood("it", sum(part.file_size for part in parts)))


def _flood(name: str, size: int) -> str:
    return (
        f"The workbook unpacks to more than is read ({name[:60]} to {size // 2**20:,} MiB). Delete empty formatted "
        "rows and pictures, or save the sheet as CSV."
    )


def _other_zip(content: bytes, names: set[str]) -> str:
    if "mimetype" in names and b"opendocument.spreadsheet" in content[:200]:
        return "This is an OpenDocument spreadsheet (.ods). Save it as .xlsx or as CSV (UTF-8)."
    if any(name.endswith(".numbers") or name.startswith("Index/") for name in names):
        return "This is a Numbers document. Export it as Excel (.xlsx) or CSV."
    if "xl/workbook.bin" in names:
        return "This is a binary workbook (.xlsb). Save it as .xlsx or as CSV (UTF-8)."
    return "This is a zip, and no .xlsx workbook. Unpack it and upload the table itself."
