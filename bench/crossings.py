"""What deciding crossings costs a fix: a fleet in a metro's zones, at 124 and at 10,000 of them, batch by batch.

The zones are made up: wards with ragged borders in a city, and cities side by side. Vehicles drive from place to
place at street speed, with a fix every 5 seconds and the noise of a receiver. Beside it stands the obvious way, an
index of rectangles asked fix by fix for the zones a place is in; it tells where a fix is, and no crossings.
"""

import argparse
import gc
import json
import random
import time
import tracemalloc
from collections.abc import Sequence
from math import cos, hypot, pi, radians, sin
from typing import Any

import shapely

from ingest_lambda.presence.batch import Batch
from ingest_lambda.presence.fold import fold_many
from ingest_lambda.presence.state import Fix, Presence
from ingest_lambda.presence.zone import Zone
from ingest_lambda.presence.zones import Versions, Zones

METRES = 111_195.0  # a degree of latitude
SOUTH, WEST = 18.4, 73.7
ACROSS, UP = 12, 10  # wards of a city: with four left out, 116 and 8 districts over them
WARD_M = 1_900.0
VERTICES_A_SIDE = 24
EVERY_S = 5
SECONDS = 5.0  # for each shape of batch; more tells no more
SHAPES = ((50, 4), (50, 100), (200, 1), (2_000, 1), (2_000, 3))  # devices and fixes of each in a batch

Item = tuple[Presence | None, Sequence[Fix]]


def run(seconds: float) -> dict[str, Any]:
    """Cost per fix in microseconds, index building in milliseconds and memory in MiB, at 124 and 10,000 zones."""
    figures: dict[str, Any] = {}
    for cities in (1, 81):
        zones = [zone for city in range(cities) for zone in _city(city)][:10_000]
        began = time.process_time()
        tracemalloc.start()
        versions = Versions([Zones(1, 0, zones)])
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        label = f"{len(zones):,} zones"
        figures[f"{label}: index, ms"] = round((time.process_time() - began) * 1000)
        figures[f"{label}: index tables, MiB"] = round(versions.all[0].grid.nbytes / 2**20, 1)
        figures[f"{label}: peak while made, MiB"] = round(peak / 2**20, 1)
        for devices, each in SHAPES:
            figures |= _batches(
                f"{label}, {devices:,} devices x {each}", versions, cities, devices, each, seconds
            )
    return figures


def _batches(
    label: str, versions: Versions, cities: int, devices: int, each: int, seconds: float
) -> dict[str, Any]:
    """Batch after batch of the same devices, as a consumer sees them."""
    rounds = max(3, min(40, 40_000 // (devices * each)))
    tracks = [_track(number, number % cities, rounds * each + 1) for number in range(devices)]
    batches = [
        [track[turn * each + 1 : turn * each + each + 1] for track in tracks] for turn in range(rounds)
    ]
    states = [state for state, _ in fold_many([(None, track[:1]) for track in tracks], versions)]
    # borders are made ready when first asked for; a consumer has met them
    fold_many([(None, track) for track in tracks], versions)
    told, fixes, spent, sieve = 0, 0, 0.0, 0.0
    gc.collect()
    for batch in batches:
        items: list[Item] = list(zip(states, batch, strict=True))
        began = time.process_time()
        folded = fold_many(items, versions)
        spent += time.process_time() - began
        began = time.process_time()
        Batch(items, versions)
        sieve += time.process_time() - began
        states = [state for state, _ in folded]
        told += sum(len(transitions) for _, transitions in folded)
        fixes += devices * each
        if spent > seconds:
            break
    plain = _obvious(versions.all[0], [fix for track in batches[0] for fix in track])
    return {
        f"{label}: µs a fix": round(spent / fixes * 1e6, 2),
        f"{label}: of it the sieve": round(sieve / fixes * 1e6, 2),
        f"{label}: crossings told in 1,000 fixes": round(told / fixes * 1000, 1),
        f"{label}: the obvious way, µs a fix": round(plain, 2),
    }


def _obvious(zones: Zones, fixes: Sequence[Fix]) -> float:
    """Microseconds a fix of asking a tree of rectangles, then each candidate."""
    geometries = [zone.geometry for zone in zones.zones]
    tree = shapely.STRtree(geometries)
    some = fixes[:2_000]
    began = time.process_time()
    for fix in some:
        place = shapely.Point(fix.longitude, fix.latitude)
        for candidate in tree.query(place):
            geometries[candidate].covers(place)
    return (time.process_time() - began) / len(some) * 1e6


def _city(number: int) -> list[Zone]:
    """124 zones: a lattice of wards that share ragged sides, and eight districts over them."""
    shapes = [_ward(number, column, row) for row in range(UP) for column in range(ACROSS)][:116]
    shapes += [_district(number, part) for part in range(8)]
    first = number * 1_000
    return [
        Zone(first + at, f"{first + at:032x}", None, f"zone {first + at}", shapely.MultiPolygon([shape]))
        for at, shape in enumerate(shapes)
    ]


def _ward(city: int, column: int, row: int) -> Any:
    sides = [
        _side(city, column, row, False),
        _side(city, column + 1, row, True),
        _side(city, column, row + 1, False)[::-1],
        _side(city, column, row, True)[::-1],
    ]
    return shapely.Polygon([place for side in sides for place in side[:-1]])


def _side(city: int, column: int, row: int, upward: bool) -> list[tuple[float, float]]:
    """One side between two corners of the lattice; the two wards beside it have the same."""
    # a seed for each side: neighbours must draw the same line
    chance = random.Random((city * 64 + column) * 64 + row + 0.5 * upward)
    places = []
    for step in range(VERTICES_A_SIDE + 1):
        along = step / VERTICES_A_SIDE
        off = chance.uniform(-0.02, 0.02) if 0 < step < VERTICES_A_SIDE else 0.0
        x, y = (column + off, row + along) if upward else (column + along, row + off)
        places.append(_place(city, x * WARD_M, y * WARD_M))
    return places


def _district(city: int, part: int) -> Any:
    """A rounded area over several wards."""
    x, y = (part % 4 + 0.5) * WARD_M * 3, (part // 4 + 0.5) * WARD_M * 5
    turns = [2 * pi * step / 96 for step in range(96)]
    return shapely.Polygon(
        [_place(city, x + cos(a) * WARD_M * 1.4, y + sin(a) * WARD_M * 2.3) for a in turns]
    )


def _place(city: int, x: float, y: float) -> tuple[float, float]:
    """Metres in a city's own frame, as longitude and latitude; nine cities in a row."""
    x, y = x + city % 9 * WARD_M * ACROSS, y + city // 9 * WARD_M * UP
    return WEST + x / (METRES * cos(radians(SOUTH))), SOUTH + y / METRES


def _track(number: int, city: int, count: int) -> list[Fix]:
    """A vehicle's fixes: from place to place in its city, standing for a while at each."""
    chance = random.Random(number)
    x, y = chance.uniform(0, WARD_M * ACROSS), chance.uniform(0, WARD_M * UP)
    fixes: list[Fix] = []
    while len(fixes) < count:
        to_x, to_y = x + chance.gauss(0, 2_500), y + chance.gauss(0, 2_500)
        to_x, to_y = min(max(to_x, 0), WARD_M * ACROSS), min(max(to_y, 0), WARD_M * UP)
        steps = max(1, round(hypot(to_x - x, to_y - y) / (chance.uniform(4, 14) * EVERY_S)))
        stands = chance.randrange(0, 40)
        for step in range(1, steps + stands):
            part = min(1.0, step / steps)
            at_us = len(fixes) * EVERY_S * 1_000_000
            place = _place(
                city, x + (to_x - x) * part + chance.gauss(0, 4), y + (to_y - y) * part + chance.gauss(0, 4)
            )
            fixes.append(Fix(at_us, *place, 8.0, None, at_us))
        x, y = to_x, to_y
    return fixes[:count]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.crossings", description=__doc__)
    parser.add_argument("--seconds", type=float, default=2.0, help="for each shape of batch")
    figures = run(parser.parse_args().seconds)
    for what, value in figures.items():
        print(f"  {what:<70} {value:>12}")
    print("\n" + json.dumps(figures))


if __name__ == "__main__":
    main()
