"""From quantities to lines of an invoice: pure arithmetic, exact until each line is rounded once.

Amounts are whole minor units (cents). A line is computed with fractions and rounded half up at its end. A month that
is cut by a change of plan is rated part by part: what a plan gives or asks by the month (free units, bounds of tiers,
flat fees) holds for each part in proportion to its time; free units and bounds are rounded up to whole units.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction

# currencies whose minor unit is not a hundredth
DECIMALS = {
    "JPY": 0,
    "KRW": 0,
    "CLP": 0,
    "VND": 0,
    "ISK": 0,
    "KWD": 3,
    "BHD": 3,
    "TND": 3,
    "JOD": 3,
    "OMR": 3,
}
WHOLE = Fraction(1)


@dataclass(frozen=True)
class Tier:
    """Units up to a bound (none: without end), each at a price in minor units."""

    up_to: int | None
    unit_minor: Decimal


@dataclass(frozen=True)
class Price:
    """What a meter costs; without a meter, a fee of the plan itself."""

    meter: str
    scheme: str  # per_unit, graduated, volume, flat
    currency: str
    unit_name: str = "units"
    free_quantity: int = 0
    unit_size: int = 1
    unit_minor: Decimal = Decimal(0)
    flat_minor: int = 0
    tiers: tuple[Tier, ...] = ()


@dataclass(frozen=True)
class Step:
    """One step of a line: so many units at this price."""

    quantity: int
    unit_minor: Decimal
    text: str


@dataclass(frozen=True)
class Line:
    """One line: what was counted, what it comes to, and how."""

    meter: str
    text: str
    quantity: int
    amount_minor: int
    steps: tuple[Step, ...] = ()
    exact_minor: Fraction = field(default=Fraction(0), compare=False)
    period: str = ""  # which part of a month that a change of plan cut
    corrects: str = ""  # the closed month this puts right
    unit_name: str = ""
    unit_size: int = 1


@dataclass(frozen=True)
class Part:
    """A part of a month on one plan, with its share of the month's time."""

    prices: tuple[Price, ...]
    usage: Mapping[str, int]
    share: Fraction = WHOLE
    period: str = ""


def rate(prices: Iterable[Price], usage: Mapping[str, int]) -> list[Line]:
    """The lines of a whole month on one plan. What was not used has no line; a plan's own fee has one always."""
    lines = (_line(price, usage.get(price.meter, 0)) for price in prices)
    return [line for line in lines if line is not None]


def amount(prices: Iterable[Price], usage: Mapping[str, int]) -> int:
    """What the lines of `rate` come to, in minor units. For who asks often and reads no lines."""
    return sum(_amount(price, usage.get(price.meter, 0)) for price in prices)


def rate_parts(parts: Sequence[Part]) -> list[Line]:
    """The lines of a month in parts; each part's use is rated with its own plan."""
    return [
        replace(line, period=part.period)
        for part in parts
        for line in rate((in_proportion(price, part.share) for price in part.prices), part.usage)
    ]


def in_proportion(price: Price, share: Fraction) -> Price:
    """What the price gives and asks by the month, for a share of the month."""
    if share == WHOLE:
        return price
    text = f"{price.unit_name}" if price.meter else f"{price.unit_name}, {percent(share)} of the month"
    return replace(
        price,
        unit_name=text,
        free_quantity=math.ceil(price.free_quantity * share),
        flat_minor=half_up(price.flat_minor * share),
        tiers=tuple(
            replace(tier, up_to=None if tier.up_to is None else math.ceil(tier.up_to * share))
            for tier in price.tiers
        ),
    )


def _amount(price: Price, quantity: int) -> int:
    if price.scheme == "flat":
        return 0 if price.meter and quantity <= price.free_quantity else price.flat_minor
    return half_up(_exact(price, _cut(price, quantity - price.free_quantity)))


def _line(price: Price, quantity: int) -> Line | None:
    if price.scheme == "flat":
        return _flat(price, quantity)
    if quantity <= 0:
        return None
    free = min(quantity, price.free_quantity)
    steps = _steps(price, quantity - free)
    exact = _exact(price, _cut(price, quantity - free))
    said = [f"{shown(free, price.unit_size)} free"] if free else []
    said += [step.text for step in steps]
    text = f"{shown(quantity, price.unit_size)} {price.unit_name}: {', '.join(said)}"
    return Line(
        price.meter, text, quantity, half_up(exact), tuple(steps), exact,
        unit_name=price.unit_name, unit_size=price.unit_size,
    )  # fmt: skip


def _flat(price: Price, quantity: int) -> Line | None:
    if price.meter and quantity <= price.free_quantity:
        return None
    amount = money(price.flat_minor, price.currency)
    text = f"{shown(quantity, price.unit_size)} {price.unit_name}: {amount} whatever the number"
    if not price.meter:
        text = f"{price.unit_name}: {amount}"
    return Line(
        price.meter, text, quantity if price.meter else 1, price.flat_minor, (), Fraction(price.flat_minor),
        unit_name=price.unit_name, unit_size=price.unit_size,
    )  # fmt: skip


def _steps(price: Price, quantity: int) -> list[Step]:
    """Units that are not free, by what each of them costs, in words."""
    return [_step(price, units, unit_minor) for units, unit_minor in _cut(price, quantity)]


def _cut(price: Price, quantity: int) -> list[tuple[int, Decimal]]:
    """Units that are not free, cut where their price changes: how many, and what each costs in minor units."""
    if quantity <= 0:
        return []
    if price.scheme == "per_unit":
        return [(quantity, price.unit_minor)]
    if price.scheme == "volume":
        tier = next(tier for tier in price.tiers if tier.up_to is None or quantity <= tier.up_to)
        return [(quantity, tier.unit_minor)]
    cut, before = [], 0
    for tier in price.tiers:
        upto = quantity if tier.up_to is None else min(quantity, tier.up_to)
        if upto > before:
            cut.append((upto - before, tier.unit_minor))
            before = upto
    return cut


def _exact(price: Price, cut: Iterable[tuple[int, Decimal]]) -> Fraction:
    """What cut units come to, in minor units, not yet rounded."""
    return sum((Fraction(unit_minor) * units for units, unit_minor in cut), Fraction(0)) / price.unit_size


def _step(price: Price, quantity: int, unit_minor: Decimal) -> Step:
    count = shown(quantity, price.unit_size)
    each = f"at {money_exact(unit_minor, price.currency)} each" if unit_minor else "included"
    return Step(quantity, unit_minor, f"{count} {each}")


def half_up(amount: Fraction | int) -> int:
    """To the nearest whole number; a half goes away from zero."""
    if amount < 0:
        return -half_up(-amount)
    return math.floor(amount + Fraction(1, 2))


def money(minor: int, currency: str) -> str:
    """`1,234.50 EUR`; the sign of what is owed back first."""
    places = DECIMALS.get(currency, 2)
    return f"{Decimal(minor).scaleb(-places):,.{places}f} {currency}"


def money_exact(minor: Decimal, currency: str) -> str:
    """A price with all its digits: `0.002 EUR`."""
    major = minor.scaleb(-DECIMALS.get(currency, 2)).normalize()
    return f"{major:,f} {currency}"


def shown(quantity: int, unit_size: int) -> str:
    """A quantity as a person reads it: whole units, or up to three decimals of larger ones."""
    if unit_size == 1:
        return f"{quantity:,}"
    thousandths = half_up(Fraction(quantity * 1000, unit_size))
    if quantity and not thousandths:
        return "less than 0.001"
    return f"{Decimal(thousandths) / 1000:,.3f}".rstrip("0").rstrip(".")


def percent(share: Fraction) -> str:
    """A share with one decimal at most."""
    return f"{float(share) * 100:.1f}".removesuffix(".0") + " %"
