"""What a month comes to: use is rated by the plans of its parts, closed months are put right, credit is used up."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from billing.invoices.models import ClosedMonth
from billing.invoices.months import before, span
from billing.ledger.selectors import credit_left
from billing.meters.selectors import billed_usage
from billing.plans.rating import Line, Part, Step, rate_parts, shown
from billing.plans.selectors import Tariff, prices_of, tariff_of

CORRECTED_MONTHS = 3  # how far back late data is looked for


@dataclass(frozen=True)
class Draft:
    """A month as an invoice would have it."""

    month: date
    currency: str
    lines: list[Line]
    credits_minor: int = 0

    @property
    def subtotal_minor(self) -> int:
        return sum(line.amount_minor for line in self.lines)

    @property
    def total_minor(self) -> int:
        """What is asked for; below zero nothing is, and the customer gets it as credit."""
        return max(0, self.subtotal_minor) - self.credits_minor


def draft(tenant_id: int, month: date, tariff: Tariff | None = None) -> Draft:
    """The month with all that is known now. Who has read the tenant's tariff already hands it in."""
    tariff = tariff or tariff_of(tenant_id)
    lines = rated(tenant_id, month, tariff) + corrections(tenant_id, month, tariff)
    subtotal = sum(line.amount_minor for line in lines)
    credits_minor = min(max(0, credit_left(tenant_id)), max(0, subtotal))
    return Draft(month, tariff.currency, lines, credits_minor)


def rated(tenant_id: int, month: date, tariff: Tariff) -> list[Line]:
    """The month's own lines, part by part where the plan changed."""
    first, last = span(month)
    found = tariff.parts(first, last)
    return rate_parts(
        [
            Part(
                prices_of(part.plan),
                billed_usage(tenant_id, part.first, part.last),
                Fraction(_seconds(part.first, part.last), _seconds(first, last)),
                _period(part.first, part.last, part.plan.name) if len(found) > 1 else "",
            )
            for part in found
        ]
    )


def corrections(tenant_id: int, month: date, tariff: Tariff) -> list[Line]:
    """What months that are closed would come to now, less what was asked for them already."""
    closed = {row.month: row for row in ClosedMonth.objects.for_tenant(tenant_id).order_by("month")}
    lines, past = [], month
    for _ in range(CORRECTED_MONTHS):
        past = before(past)
        if past in closed:
            lines += _correction(past, rated(tenant_id, past, tariff), closed.values())
    return lines


def _correction(month: date, now: Iterable[Line], closed: Iterable[ClosedMonth]) -> list[Line]:
    name = f"{month:%Y-%m}"
    told = [
        line
        for row in closed
        for line in map(line_from, row.lines)
        if (row.month == month and not line.corrects) or line.corrects == name
    ]
    wanted, asked = _by_meter(now), _by_meter(told)
    lines = []
    for meter in {**wanted, **asked}:
        quantity = wanted.get(meter, NONE)[0] - asked.get(meter, NONE)[0]
        amount = wanted.get(meter, NONE)[1] - asked.get(meter, NONE)[1]
        if amount:
            like = (wanted.get(meter) or asked[meter])[2]
            what = f"{shown(abs(quantity), like.unit_size)} {like.unit_name}"
            text = f"Correction for {month:%B %Y}: {what} {'more' if quantity >= 0 else 'fewer'} than were billed"
            lines.append(
                Line(
                    meter, text, quantity, amount, corrects=name,
                    unit_name=like.unit_name, unit_size=like.unit_size,
                )
            )  # fmt: skip
    return lines


NONE: tuple[int, int, Line] = (0, 0, Line("", "", 0, 0))


def _by_meter(lines: Iterable[Line]) -> dict[str, tuple[int, int, Line]]:
    sums: dict[str, tuple[int, int, Line]] = {}
    for line in lines:
        quantity, amount, like = sums.get(line.meter, (0, 0, line))
        sums[line.meter] = (quantity + line.quantity, amount + line.amount_minor, like)
    return sums


def line_to(line: Line) -> dict[str, Any]:
    """As it is stored."""
    return {
        "meter": line.meter,
        "text": line.text,
        "quantity": line.quantity,
        "amount_minor": line.amount_minor,
        "period": line.period,
        "corrects": line.corrects,
        "unit_name": line.unit_name,
        "unit_size": line.unit_size,
        "steps": [
            {"quantity": step.quantity, "unit_minor": str(step.unit_minor), "text": step.text}
            for step in line.steps
        ],
    }


def line_from(stored: Mapping[str, Any]) -> Line:
    """As it was stored."""
    steps = (Step(s["quantity"], Decimal(s["unit_minor"]), s["text"]) for s in stored["steps"])
    return Line(
        stored["meter"], stored["text"], stored["quantity"], stored["amount_minor"], tuple(steps),
        period=stored["period"], corrects=stored["corrects"],
        unit_name=stored["unit_name"], unit_size=stored["unit_size"],
    )  # fmt: skip


def _period(first: datetime, last: datetime, name: str) -> str:
    return f"{name}, {first:%d %b %H:%M} to {last:%d %b %H:%M} UTC"


def _seconds(first: datetime, last: datetime) -> int:
    return int((last - first).total_seconds())
