"""From what an environment set, in its cost units, to the optimiser's whole numbers. Pure.

A cost unit is what a kilometre of an ordinary vehicle costs. The optimiser counts in whole thirty-six-thousandths of
it, so that a unit a kilometre is 36 a metre and a unit an hour is 10 a second.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from typing import Any

from dispatch.optimiser.problem import Weights

PRICE = 36_000
ORDINARY = 10  # an ordinary parcel's priority for the optimiser: ten steps below it, ten above

DEFAULTS: dict[str, float] = {
    "change_driver": 3.0,  # for a stop that another driver gets than people know of
    "change_order": 0.5,  # for a stop that comes at another place in its driver's order
    "fair_hours": 1.0,  # for each hour above the fair share
    "fair_km": 0.0,
    "late_per_minute": 0.0,  # above nought every slot is soft, at this price
    "late_aboard_per_minute": 5.0,  # for parcels that drivers have already: late, rather than not at all
    "overtime_per_hour": 0.0,  # above nought a driver may work two hours longer, at this price
    "loading_minutes": 0.0,
    "speed_kmh": 25.0,  # on a straight line, with the detour below, where no router is set
    "detour": 1.35,
    "foot_parcels": 10.0,  # what a driver without a vehicle carries
    "foot_kg": 15.0,
    "plan_announced": 1.0,  # whether parcels are planned that were announced and are not in our hands yet
}
OVERTIME_MOST_S = 7200


@dataclass(frozen=True, slots=True)
class Prices:
    """What an environment set, completed by the defaults."""

    set: Mapping[str, float]
    paces: tuple[tuple[int, float], ...] = ()  # by hour: (second of the local day, seconds for each second)

    @classmethod
    def of(cls, weights: Mapping[str, Any]) -> "Prices":
        """Numbers that are no numbers, or below nought, are as good as unset.

        "pace_by_hour" is a list such as [["08:00", 1.3], ["11:00", 1.0]]: from eight on, ways take 1.3 times as long.
        """
        given = {
            name: float(value)
            for name, value in weights.items()
            if name in DEFAULTS and isinstance(value, int | float) and value >= 0
        }
        return cls({**DEFAULTS, **given}, _paces(weights.get("pace_by_hour")))

    def __getitem__(self, name: str) -> float:
        return self.set[name]

    def weights(self) -> Weights:
        """The prices of the plan as a whole."""
        return Weights(
            change_driver_price=round(self["change_driver"] * PRICE),
            change_order_price=round(self["change_order"] * PRICE),
            fair_hours_price=per_second(self["fair_hours"]),
            fair_metres_price=per_metre(self["fair_km"]),
        )

    def on_foot(self) -> dict[str, float]:
        """What a driver without a vehicle carries, by unit."""
        return {"parcels": self["foot_parcels"], "kg": self["foot_kg"]}

    def late(self) -> int | None:
        """Per second after a slot of a parcel that nobody has yet; None: not a second."""
        return _per_minute(self["late_per_minute"]) or None

    def late_aboard(self) -> int:
        """Per second after a slot of a parcel that a driver has."""
        return _per_minute(max(self["late_aboard_per_minute"], self["late_per_minute"])) or 1


def _paces(given: Any) -> tuple[tuple[int, float], ...]:
    """Hours with their pace, in order, from midnight on; () where they cannot be read."""
    try:
        found = {_second_of_day(str(at)): float(pace) for at, pace in given or ()}
    except (TypeError, ValueError):
        return ()
    if not found or not all(0.1 <= pace <= 10 for pace in found.values()):
        return ()
    found.setdefault(0, found[max(found)])  # before the first hour the last one's pace goes on
    return tuple(sorted(found.items()))


def _second_of_day(text: str) -> int:
    at = time.fromisoformat(text)
    return at.hour * 3600 + at.minute * 60


def per_metre(units_per_km: float) -> int:
    """Whole price of a metre; what costs anything costs one at least."""
    return _whole(units_per_km * PRICE / 1000)


def per_second(units_per_hour: float) -> int:
    """Whole price of a second."""
    return _whole(units_per_hour * PRICE / 3600)


def units(price: float) -> float:
    """A price of the optimiser in cost units, to two places."""
    return round(price / PRICE, 2)


def in_units(terms: Mapping[str, float]) -> dict[str, float]:
    """Terms of a cost, each in cost units."""
    return {name: units(price) for name, price in terms.items()}


def _per_minute(price: float) -> int:
    return _whole(price * PRICE / 60)


def _whole(price: float) -> int:
    return 0 if price <= 0 else max(1, round(price))
