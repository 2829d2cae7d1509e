"""Loads versions of geofences where a fix asks for them. Imported only where an environment has some: it is shapely."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any

import shapely

from ingest_lambda.presence.zone import Zone
from ingest_lambda.presence.zones import Versions, Zones
from ingest_lambda.steps import crossing_statements as statements

if TYPE_CHECKING:
    from ingest_lambda.steps.store import Store
    from ingest_lambda.steps.zones import Sets


def versions_from(sets: Sets, store: Store, from_us: int) -> Versions:
    """All versions in force at `from_us` or behind it: two round trips for those not loaded yet, or none."""
    first, last = max(0, bisect_right(sets.effective_us, from_us) - 1), len(sets.numbers)
    if sets.joined is not None and sets.joined[0] <= first and sets.joined[1] == last:
        return sets.joined[2]
    _load(sets, store, [number for number in sets.numbers[first:] if number not in sets.loaded])
    joined = Versions([sets.loaded[number] for number in sets.numbers[first:]])
    sets.joined = (first, last, joined)
    return joined


def _load(sets: Sets, store: Store, numbers: list[int]) -> None:
    if not numbers:
        return
    cursor = store.connection.cursor(binary=True)
    rows = cursor.execute(statements.MEMBERS, (sets.environment_id, numbers)).fetchall()
    missing = sorted({shape for _, shape in rows} - sets.shapes.keys())
    if missing:
        found = cursor.execute(statements.SHAPES, (sets.environment_id, missing)).fetchall()
        sets.shapes |= {row[0]: _zone(*row[1:]) for row in found}
    members: dict[int, list[Zone]] = {number: [] for number in numbers}
    for number, shape in rows:
        members[number].append(sets.shapes[shape])
    for number, zones in members.items():
        effective_us = sets.effective_us[sets.numbers.index(number)]
        sets.loaded[number] = Zones(number, effective_us, zones)


def _zone(
    geofence_id: int,
    uid: Any,
    external_id: str | None,
    name: str,
    geometry: bytes,
    margin_m: float | None,
    dwell_s: int | None,
) -> Zone:
    return Zone(geofence_id, uid.hex, external_id, name, shapely.from_wkb(bytes(geometry)), margin_m, dwell_s)
