"""Positions, lines and rings of GeoJSON: numbers where numbers belong, on the globe, closed. Pure."""

from typing import Any

import numpy as np

from tracker.geofences.faults import Faults, Where
from tracker.geofences.globe import Coordinates

NUMBERS = (int, float)  # by type and not by isinstance: True is no longitude
FARTHEST = 360.0  # longitudes that run on past 180 are a way to cross it
MOST_TOLD = 5  # wrong positions listed of one ring


def position_of(value: Any, where: Where, faults: Faults) -> tuple[float, float] | None:
    """(longitude, latitude); None with a fault."""
    if _is_position(value):
        return float(value[0]), float(value[1])
    _tell(value, where, faults)
    return None


def line_of(value: Any, where: Where, faults: Faults) -> Coordinates | None:
    """At least two different places."""
    line = _positions(value, where, faults)
    if line is not None and (len(line) < 2 or (line == line[0]).all()):
        place = tuple(line[0]) if len(line) else None
        faults.add(where, "too_few_positions", "A line needs two different positions.", place)
        return None
    return line


def ring_of(value: Any, where: Where, faults: Faults) -> Coordinates | None:
    """A closed ring of four positions or more, three of them different."""
    ring = _positions(value, where, faults)
    if ring is None:
        return None
    if not len(ring):
        faults.add(where, "no_area", "The ring is empty.")
        return None
    last = len(ring) - 1
    if last and (ring[0] != ring[last]).any():
        sentence = (
            f"The ring is not closed: vertex {last} must be the same as vertex 0 "
            f"({ring[0][0]:.10g}, {ring[0][1]:.10g})."
        )
        faults.add(where.at_vertex(last), "ring_not_closed", sentence, tuple(ring[last]))
        return None
    if len(ring) < 4:
        sentence = f"A ring needs four positions or more, the last equal to the first; this has {len(ring)}."
        faults.add(where, "too_few_positions", sentence, tuple(ring[0]))
        return None
    if _places(ring) < 3:
        sentence = "The ring has fewer than three different vertices, so it encloses nothing."
        faults.add(where, "no_area", sentence, tuple(ring[0]))
        return None
    return ring


def _places(ring: Coordinates) -> int:
    """How many different places, counted no further than three."""
    others = ring[(ring != ring[0]).any(axis=1)]
    if not len(others):
        return 1
    return 3 if (others != others[0]).any() else 2


def _positions(value: Any, where: Where, faults: Faults) -> Coordinates | None:
    if not isinstance(value, list):
        faults.add(where, "invalid_coordinates", "Here must be an array of positions [longitude, latitude].")
        return None
    wrong = [number for number, position in enumerate(value) if not _is_position(position)]
    for number in wrong[:MOST_TOLD]:
        _tell(value[number], where.at_vertex(number), faults)
    if wrong:
        faults.count += len(wrong[MOST_TOLD:])
        return None
    return np.array([position[:2] for position in value], dtype=np.float64).reshape(-1, 2)


def _is_position(value: Any) -> bool:
    return (
        type(value) is list
        and len(value) >= 2
        and type(value[0]) in NUMBERS
        and type(value[1]) in NUMBERS
        and -FARTHEST <= value[0] <= FARTHEST
        and -90 <= value[1] <= 90
    )


def _tell(value: Any, where: Where, faults: Faults) -> None:
    if not isinstance(value, list) or len(value) < 2:
        sentence = "A position must be an array of longitude and latitude."
    elif type(value[0]) not in NUMBERS or type(value[1]) not in NUMBERS:
        sentence = "Longitude and latitude must be numbers, without quotation marks."
    else:
        return _tell_range(value[0], value[1], where, faults)
    faults.add(where, "invalid_position", sentence)
    return None


def _tell_range(longitude: float, latitude: float, where: Where, faults: Faults) -> None:
    if max(abs(longitude), abs(latitude)) > 1000:
        hint = " These look like metres: coordinates must be degrees (WGS 84)."
    elif abs(latitude) > 90 >= abs(longitude) and abs(latitude) <= 180:
        hint = " Are longitude and latitude the wrong way round?"
    else:
        hint = ""
    if abs(latitude) > 90:
        sentence = f"Latitude must lie within -90 and 90, not {latitude:.10g}.{hint}"
    else:
        sentence = f"Longitude must lie within -180 and 180, not {longitude:.10g}.{hint}"
    faults.add(where, "off_the_globe", sentence)
