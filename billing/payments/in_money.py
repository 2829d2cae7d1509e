"""Months that are told in money: where the plan changed within one, or credit pays a part of it.

The provider prices a whole month by one plan and knows nothing of our credit, so it would ask for another sum than our
invoice does. Of such a month no units are told (those that were are set to nought) and the fee's meter has the total.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from billing.invoices.services import preview
from billing.ledger.selectors import credit_moves, credit_until
from billing.meters.selectors import revisions
from billing.payments import books
from billing.payments.folding import month_of, next_month
from billing.payments.hours import Used
from billing.plans import selectors

MOST_PARTS = 1000  # room for them, and for movements of credit, below each choice of a plan
MOST_REVISIONS = 10**8


class Mode(NamedTuple):
    """How a month is told. `step` grows with whatever may change that, so what was told otherwise is told again."""

    in_money: bool
    step: int


def mode(tenant_id: int, month: datetime) -> Mode:
    """Of the month that begins then; of one that is over it stays as it was at its end."""
    end = next_month(month)
    tariff = selectors.tariff_of(tenant_id)
    cuts = len(tariff.parts(month, end)) - 1
    # a choice replaces those after it and is a newer row, so the newest row tells two states apart
    begun = [one.pk for one in tariff.choices if month < one.starts_at < end]
    step = max(begun, default=0) * MOST_PARTS + cuts + credit_moves(tenant_id, month, end)
    return Mode(cuts > 0 or _has_credit(tenant_id, month, end), step)


def _has_credit(tenant_id: int, month: datetime, end: datetime) -> bool:
    closed = books.ours(tenant_id, month.date())
    return closed.credits_minor > 0 if closed else credit_until(tenant_id, end) > 0


def without_units(tenant_id: int, hours: Iterable[Used]) -> list[Used]:
    """The hours with no units where their month is told in money."""
    found, modes = [], dict[datetime, Mode]()
    for one in hours:
        month = month_of(one.hour)
        if month not in modes:
            modes[month] = mode(tenant_id, month)
        is_money, step = modes[month]
        found.append(Used(one.hour, 0 if is_money else one.quantity, one.revision + step))
    return found


def amount(tenant_id: int, month: datetime, fee: int) -> Used:
    """What the month's fee is told as: the plan's fee, or the whole of our invoice."""
    is_money, step = mode(tenant_id, month)
    if not is_money:
        return Used(month, fee, 1 + step * MOST_REVISIONS)
    end = next_month(month)
    total = preview(tenant_id, month.date(), end).total_minor
    return Used(month, total, 1 + step * MOST_REVISIONS + revisions(tenant_id, month, end))
