"""Solomon's and Homberger's files of deliveries with time windows.

Costs as the DIMACS challenge counts them: distances times ten, truncated; windows and service times times ten.
"""

from collections.abc import Sequence

import numpy as np

from dispatch.optimiser.instances.fleet import euclidean, problem_of
from dispatch.optimiser.instances.lines import BadInstance, number, whole, words
from dispatch.optimiser.problem import Problem

SCALE = 10
COLUMNS = ("customer", "x", "y", "demand", "ready time", "due date", "service time")
SLIGHT = 1e-9  # what a square root may fall short of a whole number


def read_solomon(name: str, lines: Sequence[str]) -> Problem:
    """Raises BadInstance."""
    filled = [(at, line) for at, line in enumerate(lines, 1) if line.strip()]
    numbered = [(at, line) for at, line in filled if _numeric(line)]
    headed = {line.split()[0].upper() for _, line in filled}
    for heading in ("VEHICLE", "CUSTOMER"):
        if heading not in headed:
            raise BadInstance(name, 0, f"no {heading} section")
    if not numbered:
        raise BadInstance(name, 0, "no line with the number and capacity of vehicles")
    at, line = numbered[0]
    count, room = words(name, at, line, 2, "number and capacity of vehicles")
    vehicles = whole(name, at, count, "the number of vehicles", 1)
    capacity = whole(name, at, room, "the capacity")
    rows = _rows(name, [row for row in filled if row[0] > at])
    coordinates = np.array([row[1:3] for row in rows], np.float64)
    distances = np.floor(SCALE * euclidean(coordinates) + SLIGHT).astype(np.int64)
    return problem_of(
        coordinates, distances, [int(row[3]) for row in rows], capacity, vehicles,
        services=[round(row[6] * SCALE) for row in rows],
        windows=[(round(row[4] * SCALE), round(row[5] * SCALE)) for row in rows],
    )  # fmt: skip


def _numeric(line: str) -> bool:
    return line.split()[0].lstrip("+-").replace(".", "", 1).isdigit()


def _rows(name: str, lines: Sequence[tuple[int, str]]) -> list[list[float]]:
    """The customers' seven numbers, the depot's first, in order of their own numbers."""
    rows: list[list[float]] = []
    headings = 0
    for at, line in lines:
        if not rows and not _numeric(line):
            headings += 1
            if headings > 6:
                raise BadInstance(name, at, f"expected a customer's {len(COLUMNS)} numbers")
            continue
        found = words(name, at, line, len(COLUMNS), "a customer")
        row = [number(name, at, word, what) for word, what in zip(found, COLUMNS, strict=True)]
        if row[0] != len(rows):
            raise BadInstance(name, at, f"customer number {found[0]}, expected {len(rows)}")
        if row[3] < 0 or row[6] < 0:
            raise BadInstance(name, at, "a demand or service time is negative")
        whole(name, at, found[3], "the demand")
        if row[4] > row[5]:
            raise BadInstance(name, at, f"ready at {found[4]}, after the due date {found[5]}")
        rows.append(row)
    if len(rows) < 2:
        raise BadInstance(name, 0, f"{len(rows)} customers, not even a depot and one to visit")
    return rows
