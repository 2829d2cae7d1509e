"""What benchmark files leave unsaid: vehicles that are all alike, from one depot, where distance is the cost."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from dispatch.optimiser.problem import Place, Problem, Slot, Stop, Vehicle
from dispatch.optimiser.travel.tables import Table, Travel

HORIZON = 1 << 38  # no limit of time
Matrix = npt.NDArray[np.int64]


def problem_of(
    coordinates: npt.NDArray[np.float64] | None,
    distances: Matrix,
    demands: Sequence[int],
    capacity: int,
    vehicles: int | None,
    *,
    durations: Matrix | None = None,
    services: Sequence[int] | None = None,
    windows: Sequence[tuple[int, int]] | None = None,
    depot: int = 0,
    max_distance: int | None = None,
) -> Problem:
    """Everybody must be served, the depot's window is the shift, and each unit of distance costs one.

    Coordinates stand as longitude and latitude, for pictures only. Without a number of vehicles there are as many as
    any sensible plan could use: two routes that fill less than half a vehicle each would be one.
    """
    size = len(distances)
    enough = min(size - 1, 2 * math.ceil(sum(demands) / max(capacity, 1)) + 1)
    opens, closes = windows[depot] if windows else (0, HORIZON)
    alike = Vehicle(
        id="vehicle", start=depot, end=depot, shift_start_s=opens, shift_end_s=closes,
        capacity={"demand": capacity}, max_distance_m=max_distance,
    )  # fmt: skip
    count = enough if vehicles is None else min(vehicles, size - 1)
    stops = tuple(
        Stop(
            id=str(node if depot == 0 else node + 1), place=node, slots=_slots(windows, node),
            service_s=services[node] if services else 0, deliver={"demand": demands[node]},
        )
        for node in range(size) if node != depot
    )  # fmt: skip
    table = Table(distances, (distances if durations is None else durations,))
    vehicles_alike = tuple(replace(alike, id=f"vehicle {number}") for number in range(1, count + 1))
    return Problem(
        places=_places(coordinates, size), travel=Travel({"default": table}), vehicles=vehicles_alike, stops=stops,
        must_serve=True,
    )  # fmt: skip


def _slots(windows: Sequence[tuple[int, int]] | None, node: int) -> tuple[Slot, ...]:
    return (Slot(earliest_s=windows[node][0], latest_s=windows[node][1]),) if windows else ()


def _places(coordinates: npt.NDArray[np.float64] | None, size: int) -> tuple[Place, ...]:
    if coordinates is None:
        return (Place(),) * size
    return tuple(Place(longitude=float(x), latitude=float(y)) for x, y in coordinates)


def euclidean(coordinates: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Straight lines between all pairs."""
    apart = coordinates[:, None, :] - coordinates[None, :, :]
    lengths: npt.NDArray[np.float64] = np.sqrt((apart * apart).sum(axis=2))
    return lengths
