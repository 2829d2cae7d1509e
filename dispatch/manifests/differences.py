"""What changed between two documents of a manifest, in as few words as will do. Pure."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

RETIMED_S = 300  # less is within what a day's traffic does to any plan


def difference(old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> dict[str, Any]:
    """`{"added", "removed", "moved", "retimed"}`: of stops, each named by its shipment and place.

    Moved are the fewest stops that, taken out and put elsewhere, turn the old order into the new one: a stop put in
    at the front moves nobody. Without an older document everything is added.
    """
    before = {stop["shipment"]: stop for stop in old["stops"]} if old else {}
    after = {stop["shipment"]: stop for stop in new["stops"]}
    common = [shipment for shipment in after if shipment in before]
    old_rank = {shipment: rank for rank, shipment in enumerate(s for s in before if s in after)}
    keep = _longest_rising([old_rank[shipment] for shipment in common])
    moved = [shipment for rank, shipment in enumerate(common) if rank not in keep]
    return {
        "added": [_named(after[s]) for s in after if s not in before],
        "removed": [_named(before[s]) for s in before if s not in after],
        "moved": [{**_named(after[s]), "from_place": before[s]["place"]} for s in moved],
        "retimed": [
            {
                **_named(after[s]),
                "from_arrival": before[s]["planned_arrival"],
                "arrival": after[s]["planned_arrival"],
            }
            for s in common
            if abs(_seconds_between(before[s]["planned_arrival"], after[s]["planned_arrival"])) >= RETIMED_S
        ],
    }


def is_empty(found: Mapping[str, Any]) -> bool:
    """Whether nothing changed that a driver would notice."""
    return not any(found.get(kind) for kind in ("added", "removed", "moved", "retimed"))


def _named(stop: Mapping[str, Any]) -> dict[str, Any]:
    return {name: stop[name] for name in ("shipment", "external_id", "address", "place")}


def _seconds_between(earlier: str, later: str) -> float:
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()


def _longest_rising(numbers: Sequence[int]) -> set[int]:
    """Positions of a longest rising run within `numbers` (patience sorting)."""
    ends: list[int] = []  # the smallest number that ends a run of each length
    at: list[int] = []  # its position
    before: list[int] = []
    for position, number in enumerate(numbers):
        length = bisect_left(ends, number)
        before.append(at[length - 1] if length else -1)
        if length == len(ends):
            ends.append(number)
            at.append(position)
        else:
            ends[length], at[length] = number, position
    keep, position = set(), at[-1] if at else -1
    while position >= 0:
        keep.add(position)
        position = before[position]
    return keep
