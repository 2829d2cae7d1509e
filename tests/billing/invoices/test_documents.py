"""An invoice as CSV and PDF: all lines and sums, the same bytes each time, and names stay text."""

import csv
import io
import re
import zlib
from datetime import UTC, date, datetime

import pytest

from billing.invoices.documents import as_csv, as_pdf
from billing.invoices.models import Invoice
from tracker.tenants.models import Tenant

LINE = {
    "meter": "fixes_accepted", "text": "312,000 fixes: 100,000 free, 212,000 at 0.002 EUR each", "quantity": 312_000,
    "amount_minor": 42_400, "period": "", "corrects": "", "unit_name": "fixes", "unit_size": 1, "steps": [],
}  # fmt: skip


def an_invoice(name: str = "Vans & Co", lines: int = 1) -> Invoice:
    total = 42_400 * lines
    return Invoice(
        tenant=Tenant(name=name), tenant_name=name, number="2026-000007", month=date(2026, 11, 1), currency="EUR",
        lines=[LINE] * lines, subtotal_minor=total, credits_minor=400, total_minor=total - 400,
        finalised_at=datetime(2026, 12, 1, 6, tzinfo=UTC),
    )  # fmt: skip


def text_of(pdf: bytes) -> str:
    """What is written on the pages, run by run."""
    # a stream may itself end in a carriage return
    streams = re.findall(rb"stream\r?\n(.*?)\nendstream", pdf, re.S)
    pages = b"".join(_inflated(stream) for stream in streams)
    runs = re.findall(rb"\(((?:\\.|[^\\)])*)\) Tj", pages)
    return " ".join(re.sub(rb"\\(.)", rb"\1", run).decode("latin-1") for run in runs)


def _inflated(stream: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(stream)  # whatever stands behind its end
    except zlib.error:
        return b""


def test_the_pdf_holds_number_name_lines_and_sums():
    text = text_of(as_pdf(an_invoice()))
    for words in ("Invoice 2026-000007", "Vans & Co", "November 2026", "312,000 fixes: 100,000 free",
                  "424.00 EUR", "-4.00 EUR", "420.00 EUR", "Total"):  # fmt: skip
        assert words in text, words


def test_the_same_invoice_is_the_same_bytes():
    invoice = an_invoice()
    assert as_pdf(invoice) == as_pdf(invoice)
    assert as_csv(invoice) == as_csv(invoice)


def test_a_long_invoice_goes_on_over_pages():
    pdf = as_pdf(an_invoice(lines=90))
    assert text_of(pdf).count("312,000 fixes") == 90
    assert len(re.findall(rb"/Type /Page\b", pdf)) >= 3


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("Łódź Żuraw", "?ódz Zuraw"),
        ("東京運送", "????"),
        ("a) Tj ET (b", "a) Tj ET (b"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("x\x00\n\u202eevil", "x"),
        ("y" * 200, "y" * 40),
    ],
)  # fmt: skip
def test_naughty_names_stay_text_on_paper(name, seen):
    invoice = an_invoice(name)
    text = text_of(as_pdf(invoice))
    assert seen in text
    assert invoice.tenant.public_id in text


def test_a_font_of_the_operators_writes_every_name(settings, tmp_path):
    settings.INVOICE_FONT = str(tmp_path / "none.ttf")
    with pytest.raises(FileNotFoundError):
        as_pdf(an_invoice())


@pytest.mark.parametrize("name", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", 'a "b", c\nd', "東京"])
def test_the_csv_has_a_row_a_line_and_no_formula(name):
    rows = list(csv.DictReader(io.StringIO(as_csv(an_invoice(name)).decode("utf-8-sig"), newline="")))
    assert [row["amount"] for row in rows] == ["424.00", "424.00", "-4.00", "420.00"]
    assert rows[0]["line"] == LINE["text"]
    assert rows[0]["organisation"].removeprefix("'") == name
    assert not rows[0]["organisation"].startswith(("=", "+", "-", "@"))
