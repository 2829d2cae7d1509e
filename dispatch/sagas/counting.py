"""The form in which a person writes down what they counted at the end of a hub's day."""

from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from django.http import QueryDict

from dispatch.sagas.models import Saga
from dispatch.tracking.saying import NO_MINOR, THREE_MINOR, amount

MOST_MINOR = 10**15


@dataclass
class Counted:
    """What the form holds; `faults` names what cannot be."""

    handed_in: dict[str, int] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def count_form(saga: Saga) -> dict[str, Any] | None:
    """What is to be counted; None where the day is not waiting for it."""
    waits = saga.kind == "end_of_day" and saga.step == "await_count" and saga.ended_at is None
    if not waits or saga.data.get("counted"):
        return None
    cash = [
        {
            "field": _field(one),
            "name": one["name"],
            "currency": one["currency"],
            "expected": amount(one["expected_minor"], one["currency"]),
            "collected": amount(one["collected_minor"], one["currency"]),
            "differs": one["expected_minor"] != one["collected_minor"],
            "value": _plain(one["collected_minor"], one["currency"]),
        }
        for one in saga.data.get("cash", [])
    ]
    return {"cash": cash, "back": saga.data.get("back", [])}


def counted_in(posted: QueryDict, saga: Saga) -> Counted:
    """What a person wrote, in minor units."""
    found = Counted()
    for one in saga.data.get("cash", []):
        text = posted.get(_field(one), "").strip().replace(",", "")
        try:
            scaled = Decimal(text or "0").scaleb(_places(one["currency"]))
            whole = int(scaled)
        except (InvalidOperation, ValueError, OverflowError):
            found.faults.append(f"{one['name']}: {text[:20]!r} is no amount.")
            continue
        if scaled != whole or not 0 <= whole < MOST_MINOR:
            found.faults.append(f"{one['name']}: {text[:20]!r} is no amount of {one['currency'] or 'money'}.")
            continue
        found.handed_in[f"{one['driver']} {one['currency']}"] = whole
    back = {one["shipment"] for one in saga.data.get("back", [])}
    there = set(posted.getlist("there"))
    found.missing = sorted(back - there)
    return found


def _field(one: dict[str, Any]) -> str:
    return f"cash-{one['driver']}-{one['currency']}"


def _places(currency: str) -> int:
    return 0 if currency in NO_MINOR else 3 if currency in THREE_MINOR else 2


def _plain(minor: int, currency: str) -> str:
    places = _places(currency)
    return f"{Decimal(minor).scaleb(-places):.{places}f}"
