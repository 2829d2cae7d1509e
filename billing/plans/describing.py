"""What a plan says of itself: a sentence a price, and what another plan would change. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from billing.plans.rating import Price, money, money_exact, shown

LIMIT_WORDS = {
    "reports_per_second": "Reports a second",
    "key_reports_per_second": "Reports a second by one key",
    "registrations_per_second": "Device registrations a second",
}


@dataclass(frozen=True)
class Said:
    """One thing a plan says, such as what fixes cost."""

    what: str
    text: str


@dataclass(frozen=True)
class Change:
    """One thing that is another in another plan."""

    what: str
    now: str
    then: str

    @property
    def differs(self) -> bool:
        return self.now != self.then


def described(prices: Sequence[Price], limits: Mapping[str, int]) -> list[Said]:
    """All prices, then all limits."""
    said = [Said(_heading(price), _sentence(price)) for price in prices]
    return said + [Said(LIMIT_WORDS.get(name, name), f"{value:,}") for name, value in limits.items()]


def changes(now: Sequence[Said], then: Sequence[Said]) -> list[Change]:
    """Both plans beside each other."""
    one, other = ({said.what: said.text for said in plan} for plan in (now, then))
    return [Change(what, one.get(what, "nothing"), other.get(what, "nothing")) for what in {**other, **one}]


def _heading(price: Price) -> str:
    if not price.meter:
        return "Each month"
    return price.unit_name[:1].upper() + price.unit_name[1:]


def _sentence(price: Price) -> str:
    free = f"{shown(price.free_quantity, price.unit_size)} free" if price.free_quantity else ""
    return ", then ".join(part for part in (free, _paid(price)) if part)


def _paid(price: Price) -> str:
    if price.scheme == "flat":
        return money(price.flat_minor, price.currency)
    if price.scheme == "per_unit":
        return f"{money_exact(price.unit_minor, price.currency)} each" if price.unit_minor else "included"
    steps = []
    for tier in price.tiers:
        amount = f"{money_exact(tier.unit_minor, price.currency)} each"
        bound = "" if tier.up_to is None else f" up to {shown(tier.up_to, price.unit_size)}"
        steps.append(amount + (bound or " beyond"))
    text = "; ".join(steps)
    return f"{text} (all at the price the total reaches)" if price.scheme == "volume" else text
