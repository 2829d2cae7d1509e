"""The hard windows that stand for a stop's slots in the compact form, each with a surcharge."""

from collections.abc import Iterator
from dataclasses import dataclass

from dispatch.optimiser.core import FOREVER
from dispatch.optimiser.indexed import Indexed
from dispatch.optimiser.problem import Slot

# How far a soft slot is opened at most: what is later is left to the polish.
WIDEST_S = 4 * 3600
NARROW_S = 1800


@dataclass(frozen=True, slots=True)
class Choice:
    """One window for the begin of a service, and what taking it costs more."""

    early: int
    late: int
    surcharge: int = 0


def choices(ix: Indexed, stop: int) -> Iterator[Choice]:
    """The windows of a stop: one for each slot that can hold anything, then what soft slots add."""
    one = ix.stops[stop]
    if not one.slots:
        yield Choice(0, FOREVER)
        return
    open_slots = [slot for slot in one.slots if slot.earliest_s <= slot.latest_s]
    plain = [Choice(slot.earliest_s, slot.latest_s) for slot in open_slots]
    for choice in (*plain, *(softer for slot in open_slots for softer in _softer(slot, ix.price[stop]))):
        if choice.late >= 0:  # engines know no time before the epoch
            yield Choice(max(choice.early, 0), min(choice.late, FOREVER), choice.surcharge)


def _softer(slot: Slot, price: int) -> Iterator[Choice]:
    if slot.late_price is not None:
        widest = _worth(slot.late_price, price)
        if slot.late_limit_s is not None:
            widest = min(widest, slot.late_limit_s - slot.latest_s)
        for width in sorted({min(NARROW_S, widest), widest}):
            if width > 0:
                yield Choice(slot.earliest_s, slot.latest_s + width, slot.late_price * width // 2)
    if slot.early_price is not None:
        width = min(_worth(slot.early_price, price), NARROW_S)
        if width > 0:
            yield Choice(slot.earliest_s - width, slot.latest_s, slot.early_price * width // 2)


def _worth(price_s: int, price: int) -> int:
    """Seconds of lateness that cost as much as leaving the stop out."""
    return WIDEST_S if price_s <= 0 else min(WIDEST_S, price // price_s)
