"""An invoice on paper: as CSV for a spreadsheet, as PDF for people. The same invoice is the same bytes."""

import csv
import io
import unicodedata
from collections.abc import Iterator
from datetime import UTC

from django.conf import settings
from fpdf import FPDF

from billing.invoices.models import Invoice
from billing.plans.rating import money

BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")
MARGIN_MM, AMOUNT_MM = 18, 38
HEADINGS = ("invoice", "organisation", "month", "line", "meter", "period", "quantity", "amount", "currency")


def as_csv(invoice: Invoice) -> bytes:
    """One row a line, then subtotal, credit and total; what begins like a formula is marked as text."""
    out = io.StringIO(newline="")
    table = csv.writer(out)
    table.writerow(HEADINGS)
    head = (invoice.number, invoice.tenant_name, f"{invoice.month:%Y-%m}")
    for line in invoice.lines:
        table.writerow(
            [
                *map(_cell, (*head, line["text"], line["meter"] or "fee", line["period"])),
                line["quantity"],
                _decimal(line["amount_minor"], invoice.currency),
                invoice.currency,
            ]
        )
    for label, amount in _sums(invoice):
        row = [*map(_cell, (*head, label, "", "")), "", _decimal(amount, invoice.currency), invoice.currency]
        table.writerow(row)
    return out.getvalue().encode("utf-8-sig")


def as_pdf(invoice: Invoice) -> bytes:
    """Number, month, organisation, every line with its amount, and the sums."""
    page = _Paper(invoice)
    page.add_page()
    page.head()
    for line in invoice.lines:
        text = f"{line['text']} ({line['period']})" if line["period"] else line["text"]
        page.row(text, money(line["amount_minor"], invoice.currency))
    page.rule()
    for label, amount in _sums(invoice):
        page.row(label, money(amount, invoice.currency), bold=label == "Total")
    if invoice.status == Invoice.Status.VOID:
        page.row("This invoice is void: nothing is owed on it.", "", bold=True)
    return bytes(page.output())


class _Paper(FPDF):
    """A4, one column of text and one of amounts."""

    def __init__(self, invoice: Invoice) -> None:
        super().__init__(format="A4", unit="mm")
        self.invoice = invoice
        self.name = "Helvetica"
        if settings.INVOICE_FONT:
            self.name = "Ours"
            for style in ("", "B"):
                self.add_font(self.name, style, settings.INVOICE_FONT)
        self.set_margins(MARGIN_MM, MARGIN_MM, MARGIN_MM)
        self.set_auto_page_break(True, margin=22)
        self.set_title(self.readable(f"Invoice {invoice.number}"))
        self.set_creator("Milepost")
        self.set_producer("Milepost")
        self.set_lang("en")
        # of the invoice, not of the moment it is asked for
        self.set_creation_date(invoice.finalised_at.astimezone(UTC))
        self.set_font(self.name, size=10)

    def readable(self, text: str) -> str:
        """What the font can show: without a font of the operator's, letters beyond Latin-1 lose their accents, and
        others become question marks; the organisation's id beside the name tells whose invoice it is."""
        text = "".join(c if c.isprintable() else " " for c in text)
        return text if settings.INVOICE_FONT else "".join(map(_latin, text))

    def head(self) -> None:
        """Everything above the lines."""
        invoice = self.invoice
        self.set_font(self.name, "B", 18)
        self.cell(0, 10, self.readable(f"Invoice {invoice.number}"), new_x="LMARGIN", new_y="NEXT")
        self.set_font(self.name, size=10)
        for text in (
            invoice.tenant_name,
            invoice.tenant.public_id,
            f"For {invoice.month:%B %Y} (UTC)",
            f"Written on {invoice.finalised_at:%Y-%m-%d}",
        ):
            self.multi_cell(0, 5.5, self.readable(text), new_x="LMARGIN", new_y="NEXT")
        self.ln(6)
        self.rule()

    def row(self, text: str, amount: str, *, bold: bool = False) -> None:
        """A line of text, as many rows as it needs, and its amount beside the first."""
        self.set_font(self.name, "B" if bold else "", 10)
        if self.get_y() > self.h - 40:
            self.add_page()
        top = self.get_y()
        self.set_x(self.w - MARGIN_MM - AMOUNT_MM)
        self.cell(AMOUNT_MM, 6, self.readable(amount), align="R")
        self.set_xy(MARGIN_MM, top)
        width = self.w - 2 * MARGIN_MM - AMOUNT_MM
        self.multi_cell(width, 6, self.readable(text), align="L", new_x="LMARGIN", new_y="NEXT")

    def rule(self) -> None:
        """A thin line across."""
        y = self.get_y() + 1
        self.line(MARGIN_MM, y, self.w - MARGIN_MM, y)
        self.set_y(y + 2)

    def footer(self) -> None:
        """The number on every page."""
        self.set_y(-15)
        self.set_font(self.name, size=8)
        self.cell(0, 5, self.readable(f"{self.invoice.number}, page {self.page_no()}"), align="C")


def _sums(invoice: Invoice) -> Iterator[tuple[str, int]]:
    yield "Subtotal", invoice.subtotal_minor
    if invoice.credits_minor:
        yield "Credit used", -invoice.credits_minor
    yield "Total", invoice.total_minor


def _decimal(minor: int, currency: str) -> str:
    return money(minor, currency).removesuffix(f" {currency}").replace(",", "")


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(BEGINS_A_FORMULA) else text


def _latin(letter: str) -> str:
    if ord(letter) < 256:
        return letter
    plain = unicodedata.normalize("NFKD", letter).encode("latin-1", "ignore").decode("latin-1")
    return plain or ("" if unicodedata.combining(letter) else "?")
