"""Cuts a line whose longitudes run on past 180 into parts within -180 and 180 (RFC 7946, section 3.1.9). Pure."""

from collections.abc import Sequence
from math import floor

Point = tuple[float, float]


def cut(points: Sequence[Point]) -> list[list[Point]]:
    """The parts of a line in order, each within one turn of the globe; one part where it crosses nothing.

    A crossing ends one part at 180 and begins the next at -180, or the other way, at the latitude in between.
    """
    parts: list[list[Point]] = [[]]
    turn = _turn(points[0][0])
    for number, (longitude, latitude) in enumerate(points):
        while number and _turn(longitude) != turn and abs(longitude - 360 * turn) > 180:
            step = 1 if longitude > 360 * turn else -1
            edge = 360 * turn + 180 * step
            before_x, before_y = points[number - 1]
            share = (edge - before_x) / (longitude - before_x)
            at = before_y + share * (latitude - before_y)
            parts[-1].append((180.0 * step, at))
            parts.append([(-180.0 * step, at)])
            turn += step
        parts[-1].append((longitude - 360 * turn, latitude))
    return [part for part in parts if len(part) > 1]


def _turn(longitude: float) -> int:
    """How many times round the globe this longitude lies; -180 up to 180 is none."""
    return floor((longitude + 180) / 360) if longitude != 180 else 0
