"""A file of any kind we read as one table: its rows with their numbers, whichever way it was saved. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from dispatch.intake.delimited import DELIMITERS, count_rows, read_delimited
from dispatch.intake.encodings import decode
from dispatch.intake.faults import Unreadable
from dispatch.intake.workbooks import looks_zipped, read_workbook

LARGEST_FILE = 32 * 1024 * 1024
MOST_ROWS = 100_000
CSV, XLSX = "csv", "xlsx"
# the first bytes of what people upload by mistake, and what helps
MISTAKEN = (
    (
        b"\xd0\xcf\x11\xe0",
        "This is an old Excel file (.xls), or one with a password. Save it as .xlsx or CSV (UTF-8).",
    ),
    (b"%PDF", "This is a PDF. Upload the table it was made from, as .xlsx or CSV."),
    (b"\x1f\x8b", "This is packed with gzip. Unpack it and upload the table itself."),
    (b"7z\xbc\xaf", "This is a 7z archive. Unpack it and upload the table itself."),
    (b"Rar!", "This is a RAR archive. Unpack it and upload the table itself."),
    (b"\x89PNG", "This is a picture. Upload the table itself, as .xlsx or CSV."),
    (b"\xff\xd8\xff", "This is a picture. Upload the table itself, as .xlsx or CSV."),
    (b"{\\rtf", "This is a text document (RTF). Upload a table, as .xlsx or CSV."),
)


@dataclass(frozen=True, slots=True)
class Table:
    """A file taken apart as far as its rows."""

    kind: str  # csv or xlsx
    rows: Iterator[tuple[int, list[str]]]
    total: int | None  # rows with something in them, the heading included; None: not known
    encoding: str = ""
    delimiter: str = ""
    guessed: bool = False  # the encoding was guessed


def open_table(content: bytes, *, encoding: str = "", delimiter: str = "") -> Table:
    """The table in a file; its kind is told by its bytes, not by its name. Raises Unreadable."""
    if not content.strip():
        raise Unreadable("The file is empty.")
    if len(content) > LARGEST_FILE:
        raise Unreadable(f"The file is larger than {LARGEST_FILE // 2**20} MiB. Cut it into several.")
    for first, why in MISTAKEN:
        if content.startswith(first):
            raise Unreadable(why)
    if looks_zipped(content):
        said, rows = read_workbook(content)
        return Table(XLSX, rows, said)
    decoded = decode(content, encoding)
    start = decoded.text.lstrip()[:64].lower()
    if start.startswith(("<!doctype", "<html", "<?xml", "<table", "<meta")):
        raise Unreadable(
            "This is a web page or XML, whatever its name says. Open it in a spreadsheet and save it as .xlsx or CSV."
        )
    if start.startswith(("{", "[")):
        raise Unreadable("This is JSON. Send it to the API (POST /api/v1/shipments), or upload a table.")
    if delimiter and delimiter not in DELIMITERS:
        raise Unreadable(
            f"{delimiter!r} cannot divide columns. Possible are comma, semicolon, tab and vertical bar."
        )
    found, rows = read_delimited(decoded.text, delimiter)
    total = count_rows(decoded.text, found)
    if total > MOST_ROWS + 1:
        raise Unreadable(
            f"The file has {total - 1:,} rows; at most {MOST_ROWS:,} are read. Cut it into several."
        )
    return Table(CSV, rows, total, decoded.encoding, found, decoded.guessed)
