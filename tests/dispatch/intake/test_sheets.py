"""Files of every kind as one table; what is none is refused with what would help."""

import gzip
import io
import zipfile
from datetime import date, datetime, time

import openpyxl
import pytest

from dispatch.intake import sheets, workbooks
from dispatch.intake.faults import Unreadable
from dispatch.intake.sheets import open_table
from tests.dispatch.intake.files import as_workbook, repacked

NINE = datetime(2026, 11, 23, 9, 30)  # noqa: DTZ001  a workbook's times have no zone
ROWS = [["id", "address"], ["1", "Tilak Road"], ["2", "Line one\nline two, Pune"]]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_and_rows_are_counted_as_a_spreadsheet_does(delimiter):
    text = f'id{delimiter}address\n\n1{delimiter}"Line one\nline two"\n2{delimiter}Tilak Road\n'
    table = open_table(text.encode())
    assert table.delimiter == delimiter
    assert [number for number, _ in table.rows] == [1, 3, 4]  # the empty row is row 2, the break makes no row
    assert table.total == 3


def test_excels_own_first_line_is_no_row():
    table = open_table(b"sep=;\r\nid;address\r\n1;Tilak Road\r\n")
    assert list(table.rows) == [(1, ["id", "address"]), (2, ["1", "Tilak Road"])]


def test_a_quote_that_never_ends_is_told_and_does_not_swallow_the_file():
    rows = "id,address\n" + '1,"Tilak Road\n' + "2,Main Street and some more\n" * 2_000
    with pytest.raises(Unreadable, match="quotation mark"):
        list(open_table(rows.encode(), delimiter=",").rows)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('id,address\n1,Main Street\n2,"Tilak Road\n3,Camp\n', 3),
        ('id,address\r\n1,"Line one\r\nline two"\r\n2,"Tilak Road', 4),
        ('id,address\n"1,Tilak Road\n', 2),
    ],
)
def test_a_quote_that_is_not_closed_is_named_by_its_line(text, line):
    with pytest.raises(Unreadable, match=f"opened in line {line} and never closed"):
        open_table(text.encode(), delimiter=",")


@pytest.mark.parametrize(
    "last", ['2,"Tilak ""Road"""', '2,12" pipe', '2,"Tilak" Road', '2,"Tilak\nRoad"\n\n']
)
def test_quotes_that_are_closed_or_within_a_cell_are_left_alone(last):
    assert len(list(open_table(f"id,address\n1,Camp\n{last}".encode(), delimiter=",").rows)) == 3


def test_a_workbook_gives_dates_in_iso_and_whole_numbers_without_a_point():
    content = as_workbook(
        [
            ["a", "b", "c", "d", "e"],
            [date(2026, 11, 23), NINE, time(9, 5), 411001.0, 2.5],
        ]
    )
    assert list(open_table(content).rows)[1] == (
        2,
        ["2026-11-23", "2026-11-23T09:30", "09:05", "411001", "2.5"],
    )


def test_a_hidden_sheet_is_passed_over_and_empty_rows_are_counted():
    book = openpyxl.Workbook()
    book.active.append(["secret"])
    book.active.sheet_state = "hidden"
    shown = book.create_sheet("Orders")
    shown.append(["id", "address"])
    shown["A4"] = "1"
    content = io.BytesIO()
    book.save(content)
    assert list(open_table(content.getvalue()).rows) == [(1, ["id", "address"]), (4, ["1"])]


def test_a_zip_bomb_is_refused_before_it_is_unpacked():
    bomb = repacked(as_workbook(ROWS), "xl/worksheets/sheet1.xml", b"<worksheet>" + b" " * 60_000_000)
    assert len(bomb) < 100_000
    with pytest.raises(Unreadable, match="unpacks to more"):
        open_table(bomb)


def test_entities_that_multiply_end_in_a_refusal():
    laughs = (
        b'<!DOCTYPE s [<!ENTITY a "'
        + b"ha" * 1_000
        + b'">'
        + b"".join(b'<!ENTITY %c "%s">' % (n, b"&%c;" % (n - 1) * 100) for n in range(ord("b"), ord("h")))
        + b"]><worksheet>&g;</worksheet>"
    )
    with pytest.raises(Unreadable, match="damaged"):
        list(open_table(repacked(as_workbook(ROWS), "xl/worksheets/sheet1.xml", laughs)).rows)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b"  \n ", "empty"),
        (b"\xd0\xcf\x11\xe0 rest", "old Excel file"),
        (b"%PDF-1.7", "PDF"),
        (gzip.compress(b"a,b\n", mtime=0), "gzip"),
        (b"<html><table><tr><td>a</td></tr></table>", "web page"),
        (b'{"shipments": []}', "JSON"),
        (b"one column only\nand no other\n", "No columns"),
        (b"PK\x03\x04 and then nothing", "damaged"),
    ],
)
def test_what_is_no_table_is_refused_with_what_would_help(content, why):
    with pytest.raises(Unreadable, match=why):
        open_table(content)


@pytest.mark.parametrize(
    ("names", "why"),
    [
        ({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet"}, "ods"),
        ({"a.csv": b"a,b"}, "no .xlsx workbook"),
        ({"[Content_Types].xml": b"", "xl/workbook.bin": b""}, "xlsb"),
    ],
)
def test_other_zips_are_told_apart(names, why):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as made:
        for name, data in names.items():
            made.writestr(name, data)
    with pytest.raises(Unreadable, match=why):
        open_table(content.getvalue())


def test_more_rows_than_are_read_are_refused_before_the_first_is_taken(monkeypatch):
    monkeypatch.setattr(sheets, "MOST_ROWS", 2)
    with pytest.raises(Unreadable, match="3 rows"):
        open_table(b"a,b\n1,2\n3,4\n5,6\n")


@pytest.mark.parametrize("cut", [50, 500, -30])
def test_a_workbook_that_was_cut_off_is_damaged_and_nothing_worse(cut):
    with pytest.raises(Unreadable):
        list(open_table(as_workbook(ROWS)[:cut]).rows)


def test_values_a_sheet_may_hold_become_what_a_person_would_type():
    assert workbooks.as_text(True) == "true"
    assert workbooks.as_text(9.19822012345e11) == "919822012345"
