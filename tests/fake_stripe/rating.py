"""What a price makes of a quantity, to the minor unit: rounded half up, once a line."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any


def _amount(row: dict[str, Any], whole: str, fraction: str) -> Decimal:
    return Decimal(str(row.get(fraction) or row.get(whole) or 0))


def exact(price: dict[str, Any], quantity: Decimal) -> Decimal:
    """Minor units before rounding."""
    if price["billing_scheme"] == "per_unit":
        return Decimal(str(price["unit_amount_decimal"])) * quantity
    tiers = price["tiers"]
    if price["tiers_mode"] == "volume":
        chosen = next(t for t in tiers if t["up_to"] == "inf" or quantity <= Decimal(t["up_to"]))
        return _amount(chosen, "unit_amount", "unit_amount_decimal") * quantity + _amount(
            chosen, "flat_amount", "flat_amount_decimal"
        )
    total, below = Decimal(0), Decimal(0)
    for tier in tiers:
        top = quantity if tier["up_to"] == "inf" else min(quantity, Decimal(tier["up_to"]))
        if top > below:
            total += (top - below) * _amount(tier, "unit_amount", "unit_amount_decimal")
            total += _amount(tier, "flat_amount", "flat_amount_decimal")
            below = top
    return total


def minor(price: dict[str, Any], quantity: Decimal) -> int:
    """Minor units as they stand on an invoice."""
    return int(exact(price, quantity).quantize(Decimal(1), rounding=ROUND_HALF_UP))
