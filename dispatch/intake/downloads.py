"""Files to download: the template of an upload, and what was wrong with the rows of one."""

import csv
import io
from collections.abc import Iterator, Sequence

import openpyxl
from openpyxl.styles import Font

from dispatch.intake.columns import BY_NAME, TEMPLATE
from dispatch.intake.models import ShipmentUpload
from dispatch.intake.selectors import every_fault

BYTE_ORDER_MARK = "\ufeff"  # by it spreadsheets read UTF-8 for what it is
FAULT_HEADING = ("Row", "Cell", "Column", "Value", "Reason", "Taken", "Shipment")
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def harmless(text: str) -> str:
    """A text no spreadsheet runs as a formula: what could be one gets an apostrophe before it."""
    return f"'{text}" if text.startswith(FORMULA) else text


def template_csv() -> bytes:
    """The heading and one example."""
    return b"".join(line.encode() for line in _lines([_heading(), _example()]))


def template_workbook() -> bytes:
    """The same as a workbook, with a sheet that explains the columns. Cells are text, so that nothing is rounded."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Shipments"
    for row in (_heading(), _example()):
        sheet.append(row)
    for column in sheet.iter_cols(min_row=1, max_row=500, max_col=len(TEMPLATE)):
        for cell in column:
            cell.number_format = "@"
        sheet.column_dimensions[column[0].column_letter].width = max(12, len(str(column[1].value or "")) + 2)
    _bold(sheet)
    about = book.create_sheet("Columns")
    about.append(["Column", "Meaning", "Also known as"])
    for name in TEMPLATE:
        column = BY_NAME[name]
        about.append([name, f"{column.label}. {column.help}".strip(), ", ".join(column.spellings[1:9])])
    for letter, width in zip("ABC", (18, 60, 90), strict=True):
        about.column_dimensions[letter].width = width
    _bold(about)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def faults_csv(upload: ShipmentUpload) -> Iterator[bytes]:
    """Every fault of an upload as a line; nothing in it runs in a spreadsheet."""
    rows = (
        (
            str(row.number),
            fault["cell"],
            harmless(fault["column"]),
            harmless(fault["value"]),
            harmless(fault["reason"]),
            "no" if row.shipment_id is None else "yes",
            row.shipment.public_id if row.shipment else "",
        )
        for row, fault in every_fault(upload)
    )
    yield from (line.encode() for line in _lines([FAULT_HEADING]))
    for listed in rows:
        yield "".join(_lines([listed], first=False)).encode()


def _heading() -> list[str]:
    return list(TEMPLATE)


def _example() -> list[str]:
    return [BY_NAME[name].example for name in TEMPLATE]


def _lines(rows: Sequence[Sequence[str]], *, first: bool = True) -> Iterator[str]:
    for row in rows:
        text = io.StringIO()
        csv.writer(text).writerow(row)
        yield (BYTE_ORDER_MARK if first else "") + text.getvalue()
        first = False


def _bold(sheet: openpyxl.worksheet.worksheet.Worksheet) -> None:
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    sheet.freeze_panes = "A2"
