"""CSV text to rows: the delimiter found, quotes and breaks within cells honoured, rows counted as sheets do. Pure."""

import csv
import io
from collections.abc import Iterator
from itertools import islice
from typing import Protocol

from dispatch.intake.faults import Unreadable

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
LONGEST_CELL = 20_000  # characters; longer ones are a quote that never ends
LOOKED_AT = 40  # rows, to find the delimiter by
csv.field_size_limit(LONGEST_CELL)  # the module's own, for whole processes: nobody else in them reads CSV


class Lines(Protocol):
    """Rows as the csv module reads them, and how many lines of the file were taken for them."""

    @property
    def line_num(self) -> int: ...

    def __iter__(self) -> Iterator[list[str]]: ...


def read_delimited(text: str, delimiter: str = "") -> tuple[str, Iterator[tuple[int, list[str]]]]:
    """The delimiter, and each row with its number (the first is 1; empty rows count and are left out).

    Raises Unreadable at once where no delimiter fits, and while rows are taken where a quote never ends.
    """
    text, said = _without_excels_line(text)
    delimiter = delimiter or said or find_delimiter(text)
    return delimiter, _rows(text, delimiter)


def find_delimiter(text: str) -> str:
    """The one that cuts the first rows into the same number of cells most often. Raises Unreadable where none does."""
    best, score = "", 0.0
    for delimiter in DELIMITERS:
        widths = []
        try:
            for _, row in zip(range(LOOKED_AT), _parsed(_beginning(text), delimiter), strict=False):
                if any(cell.strip() for cell in row):
                    widths.append(len(row))
        except csv.Error:
            continue
        if not widths or widths[0] < 2:
            continue
        alike = sum(1 for width in widths if width == widths[0]) / len(widths)
        if alike * min(widths[0], 12) > score:
            best, score = delimiter, alike * min(widths[0], 12)
    if not best:
        raise Unreadable(
            "No columns were found: the first line holds no comma, semicolon, tab or vertical bar. "
            "Save the table as CSV with a heading in its first row."
        )
    return best


def count_rows(text: str, delimiter: str) -> int:
    """How many rows there are that hold something, the heading included."""
    return sum(1 for _ in read_delimited(text, delimiter)[1])


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    lines = _parsed(text, delimiter)
    row: list[str] = []
    first, following = 1, 1  # lines of the file at which this row and the next begin
    try:
        for number, row in enumerate(lines, 1):
            first, following = following, lines.line_num + 1
            if any(row) and any(not cell.isspace() for cell in row if cell):
                yield number, row
    except csv.Error as error:
        raise Unreadable(
            f"The file cannot be read as CSV from line {following:,} on ({error}). Often a quotation mark is opened "
            "there and never closed."
        ) from None
    if row and _unclosed(text, delimiter, first):
        line = lines.line_num - len(row[-1].rstrip("\r\n").splitlines()) + 1
        raise Unreadable(
            f"A quotation mark is opened in line {max(first, line):,} and never closed: all that follows it would be "
            "one cell. Close it, or write it twice where it belongs to the text."
        )


def _unclosed(text: str, delimiter: str, first: int) -> bool:
    """Whether the last row, which begins at line `first`, ends within quotes."""
    rest = islice(io.StringIO(text, newline=""), first - 1, None)
    try:
        list(csv.reader(rest, delimiter=delimiter, skipinitialspace=True, strict=True))
    except csv.Error as error:
        return "unexpected end of data" in str(error)
    return False


def _parsed(text: str, delimiter: str) -> Lines:
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)


def _beginning(text: str) -> str:
    """Enough to find a delimiter by; a cut cell at its end does no harm."""
    return text[:262_144]


def _without_excels_line(text: str) -> tuple[str, str]:
    """Excel's own first line `sep=;`, which it hides from the person who counts rows."""
    first, _, rest = text.partition("\n")
    line = first.strip().strip('"').lower()
    if line.startswith("sep=") and line[4:5] in DELIMITERS:
        return rest, line[4:5]
    if first.rstrip("\r").lower() == "sep=\t":
        return rest, "\t"
    return text, ""
