"""What is wrong with a plan, in sentences that name the place; nothing here touches the database."""

import itertools
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

# what a card can be charged in almost everywhere; another one is a line more
CURRENCIES = frozenset(
    [
        "AED",
        "ARS",
        "AUD",
        "BHD",
        "BRL",
        "CAD",
        "CHF",
        "CLP",
        "CNY",
        "COP",
        "CZK",
        "DKK",
        "EGP",
        "EUR",
        "GBP",
        "HKD",
        "HUF",
        "IDR",
        "ILS",
        "INR",
        "ISK",
        "JOD",
        "JPY",
        "KES",
        "KRW",
        "KWD",
        "MAD",
        "MXN",
        "MYR",
        "NGN",
        "NOK",
        "NZD",
        "OMR",
        "PEN",
        "PHP",
        "PKR",
        "PLN",
        "QAR",
        "RON",
        "RSD",
        "SAR",
        "SEK",
        "SGD",
        "THB",
        "TND",
        "TRY",
        "TWD",
        "UAH",
        "USD",
        "VND",
        "ZAR",
    ]
)
SCHEMES = ("per_unit", "graduated", "volume", "flat")
MOST_DECIMALS = 10
LARGEST = Decimal(10) ** 10


class Span(NamedTuple):
    """When a version of a plan is in force."""

    first: datetime
    until: datetime | None


def faults_of_currency(currency: str) -> list[str]:
    """Whether anybody can pay in it."""
    if currency in CURRENCIES:
        return []
    return [f"Currency {currency!r} is not known: give three capital letters such as EUR or USD."]


def faults_of_price(price: Mapping[str, Any], meters: Collection[str]) -> list[str]:
    """Everything that is wrong with one price: its meter, scheme, amounts and tiers."""
    meter, scheme = price.get("meter") or "", price.get("scheme") or ""
    place = f"Price of {meter}" if meter else "The plan's fee"
    faults = []
    if meter and meter not in meters:
        faults.append(f"{place}: there is no such meter. Meters are {', '.join(sorted(meters))}.")
    if scheme not in SCHEMES:
        return [*faults, f"{place}: scheme {scheme!r} is not one of {', '.join(SCHEMES)}."]
    if not meter and scheme != "flat":
        faults.append(f"{place}: a fee without a meter is flat; choose a meter or the scheme flat.")
    if (price.get("free_quantity") or 0) < 0:
        faults.append(f"{place}: the free quantity {price['free_quantity']} is negative; give 0 or more.")
    if (price.get("unit_size") or 1) < 1:
        faults.append(f"{place}: the unit size {price['unit_size']} must be 1 or more.")
    return faults + _faults_of_amounts(place, scheme, price)


def _faults_of_amounts(place: str, scheme: str, price: Mapping[str, Any]) -> list[str]:
    unit, flat, tiers = price.get("unit_minor"), price.get("flat_minor"), price.get("tiers") or []
    faults = []
    if scheme == "per_unit":
        faults += [f"{place}: give the price of one unit."] if unit is None else _amount(place, unit)
    elif unit is not None:
        faults.append(f"{place}: a price of one unit stands beside the scheme {scheme}; leave it empty.")
    if scheme == "flat":
        if flat is None:
            faults.append(f"{place}: give the flat amount.")
        elif flat < 0:
            faults.append(f"{place}: the flat amount {flat} is negative; give 0 or more.")
    elif flat is not None:
        faults.append(f"{place}: a flat amount stands beside the scheme {scheme}; leave it empty.")
    if scheme in {"graduated", "volume"}:
        faults += faults_of_tiers(place, tiers)
    elif tiers:
        faults.append(f"{place}: tiers stand beside the scheme {scheme}; leave them empty.")
    return faults


def faults_of_tiers(place: str, tiers: Any) -> list[str]:
    """Bounds must rise and the last be open; a `from` that does not meet the bound before is a gap or an overlap."""
    if not isinstance(tiers, list) or not tiers or not all(isinstance(tier, dict) for tier in tiers):
        return [f'{place}: give its tiers as a list, the last with "up_to": null.']
    faults, before = [], 0
    for number, tier in enumerate(tiers, 1):
        where, bound, last = f"{place}, tier {number}", tier.get("up_to"), number == len(tiers)
        faults += _unknown(where, tier) + _amount(where, tier.get("unit_minor"))
        faults += _begin(where, tier, before)
        if last and bound is not None:
            faults.append(
                f"{where}: the last tier ends at {bound}, so more than that has no price; make up_to null."
            )
        elif not last and bound is None:
            faults.append(f"{where}: it has no end, so the tiers after it are never reached; give up_to.")
        elif bound is not None and (not isinstance(bound, int) or isinstance(bound, bool)):
            faults.append(f"{where}: up_to {bound!r} is not a whole number.")
        elif bound is not None and bound <= before:
            faults.append(
                f"{where}: it ends at {bound} and the one before at {before}, so they overlap; make it larger."
            )
        if isinstance(bound, int):
            before = max(before, bound)
    return faults


def _begin(where: str, tier: Mapping[str, Any], before: int) -> list[str]:
    """`from` is optional; given, it must be the unit after the tier before."""
    begin = tier.get("from", before + 1)
    if begin == before + 1:
        return []
    if not isinstance(begin, int):
        return [f"{where}: from {begin!r} is not a whole number."]
    kind = "a gap" if begin > before + 1 else "an overlap"
    return [
        f"{where}: it begins at {begin} and the one before ends at {before}: {kind}; begin at {before + 1}."
    ]


def _unknown(where: str, tier: Mapping[str, Any]) -> list[str]:
    extra = sorted(set(tier) - {"from", "up_to", "unit_minor"})
    return [
        f"{where}: {', '.join(map(repr, extra))} is not understood; a tier has up_to and unit_minor."
    ] * bool(extra)


def _amount(where: str, amount: Any) -> list[str]:
    """A price of one unit: a decimal number, written as text so that no digit is lost."""
    if isinstance(amount, bool | float) or amount is None:
        return [f'{where}: write the price of one unit as text with all its digits, such as "0.25".']
    try:
        value = Decimal(amount)
    except (InvalidOperation, TypeError, ValueError):
        return [f"{where}: the price {amount!r} is not a number."]
    if not value.is_finite():
        return [f"{where}: the price {amount!r} is not a number."]
    if value < 0:
        return [f"{where}: the price {amount} is negative; give 0 or more."]
    exponent = value.normalize().as_tuple().exponent
    if value >= LARGEST or (isinstance(exponent, int) and exponent < -MOST_DECIMALS):
        return [f"{where}: the price {amount} needs more than ten digits before or behind the point."]
    return []


def faults_of_limits(limits: Any) -> list[str]:
    """Limits are whole numbers by name."""
    if not isinstance(limits, dict):
        return ['Limits: give an object such as {"reports_per_second": 100}.']
    return [
        f"Limits: {name} is {value!r}; give a whole number of 1 or more."
        for name, value in limits.items()
        if isinstance(value, bool) or not isinstance(value, int) or value < 1
    ]


def faults_of_versions(spans: Sequence[Span]) -> list[str]:
    """The versions of one plan follow on each other: no gap, no overlap, at most the last without an end."""
    ordered, faults = sorted(spans, key=lambda span: span.first), []
    for span in ordered:
        if span.until is not None and span.until <= span.first:
            faults.append(f"The version from {_day(span.first)} ends before it begins.")
    for one, after in itertools.pairwise(ordered):
        if one.until is None:
            faults.append(
                f"The version from {_day(one.first)} has no end and overlaps the one from {_day(after.first)}; "
                f"end it at {_day(after.first)}."
            )
        elif one.until > after.first:
            faults.append(
                f"The version from {_day(one.first)} lasts until {_day(one.until)} and overlaps the one from "
                f"{_day(after.first)}; end it at {_day(after.first)}."
            )
        elif one.until < after.first:
            faults.append(
                f"Between {_day(one.until)} and {_day(after.first)} no version is in force: a gap; "
                f"end the first at {_day(after.first)}."
            )
    return faults


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
