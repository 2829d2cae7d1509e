"""Overrides in words: what was moved where, and which rules it breaks, with names instead of ids."""

from collections.abc import Sequence
from typing import Any

from dispatch.manifests.desk import Desk
from dispatch.manifests.moves import Move
from dispatch.optimiser.verification import Violation
from dispatch.planning.words import Names, amount

RULES = {
    "slot": "{stop} is outside its slot by {by}",
    "capacity": "{who} has {by} too much on board",
    "shift": "{who} works {by} beyond the shift",
    "now": "{who} would have had to leave {by} ago",
    "skill": "{who} lacks what {stop} asks for",
    "vehicle": "{who} may not serve {stop}",
    "depot": "{who} does not load where {stop} waits",
    "break": "{who} cannot take the break in time",
    "duration": "{who} is out {by} longer than allowed",
    "distance": "{who} drives {by} more than allowed",
    "loading": "{who} is at the depot {by} after it closes",
    "together": "{stop} goes apart from what it must go with",
    "apart": "{stop} goes with what it must be kept apart from",
}
REASONS = {
    "customer_asked": "The customer asked for it",
    "knows_the_place": "The driver knows the place",
    "vehicle_unfit": "The vehicle does not fit the place or the goods",
    "driver_late": "The driver is late",
    "driver_away": "The driver is away",
    "address": "The address is wrong or doubtful",
    "load": "To share the work out",
    "traffic": "Traffic, weather or a closed road",
    "undo": "To take an override back",
    "other": "Something else",
}
Broken = dict[str, Any]


def broken(desk: Desk, before: Sequence[Violation], after: Sequence[Violation]) -> list[Broken]:
    """The rules broken afterwards, in words; `new` says that it was not so, or not as bad, before."""
    names = Names(desk.assembled)
    worst = {(one.rule, one.vehicle, one.stop): one.by for one in before}
    return [
        {
            "rule": one.rule,
            "driver": one.vehicle,
            "shipment": one.stop if one.stop in desk.assembled.parcels else None,
            "by": one.by,
            "unit": one.unit,
            "text": _text(names, one),
            "new": one.by > worst.get((one.rule, one.vehicle, one.stop), -1),
        }
        for one in after
    ]


def _text(names: Names, one: Violation) -> str:
    if one.rule not in RULES:
        return f"{names.driver(one.vehicle)}: {one.says}"
    text = RULES[one.rule].format(
        who=names.driver(one.vehicle), stop=names.parcel(one.stop), by=amount(one.by, one.unit)
    )
    return text[:1].upper() + text[1:]


def says(desk: Desk, moves: Sequence[Move]) -> str:
    """What the moves do, in one sentence."""
    names = Names(desk.assembled)
    if len(moves) > 1:
        takers = sorted({names.driver(move.to) if move.to else "nobody" for move in moves})
        return f"{len(moves)} stops to {', '.join(takers[:3])}{' and others' if len(takers) > 3 else ''}"
    [move] = moves
    if move.to is None:
        return f"{names.parcel(move.shipment)} off the plan"
    where = f"before {names.parcel(move.before)}" if move.before else "at the end"
    return f"{names.parcel(move.shipment)} to {names.driver(move.to)}, {where}"
