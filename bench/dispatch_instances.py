"""What the solvers are compared on: the published instances where they are there, and made-up ones of their families.

A made-up one has no best known cost; the best that any solver of the run found stands for it.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from box.place import PROJECT

from dispatch.optimiser.core import Core, Depot, VehicleType, plain_clients
from dispatch.optimiser.indexed import Indexed
from dispatch.optimiser.instances import read
from dispatch.optimiser.lower import lower

SHARED = PROJECT.parent / "shared" / "data" / "dispatch"
# distances in whole units, Solomon's and Homberger's times ten and truncated
BEST_KNOWN = {
    "C101.txt": 8273, "R101.txt": 16377, "R201.txt": 11432, "RC101.txt": 16198, "RC208.txt": 7761,
    "R1_2_5.txt": 40532, "RC2_2_4.txt": 18548, "R2_4_2.txt": 64828, "RC1_4_5.txt": 81523,
    "X-n101-k25.vrp": 27591, "X-n200-k36.vrp": 58578, "X-n303-k21.vrp": 21736, "X-n401-k29.vrp": 66154,
}  # fmt: skip
Matrix = npt.NDArray[np.int64]


def published(folder: Path = SHARED) -> Iterator[tuple[str, Core, int]]:
    """Name, problem and best known cost of those that are there."""
    for name, cost in BEST_KNOWN.items():
        if (folder / name).exists():
            yield name.split(".")[0], lower(Indexed(read(folder / name))).core, cost


def made_up() -> Iterator[tuple[str, Core, None]]:
    """Three of a kind each: loads only, windows, one-way roads with windows."""
    for seed, size in ((1, 150), (2, 300), (3, 600)):
        yield f"loads {size}", with_loads(seed, size), None
        yield f"windows {size}", with_windows(seed, size), None
        yield f"roads {size}", with_roads(seed, size), None


def with_loads(seed: int, size: int) -> Core:
    """Places in clusters and strewn, demands of 1 to 100, about eleven clients a route."""
    random = np.random.default_rng(seed)
    demand = random.integers(1, 101, (size, 1))
    matrix = _straight(_places(random, size, 1000.0))
    clients = plain_clients(np.arange(1, size + 1), demand)
    kind = VehicleType((int(11 * demand.mean()),), count=size)
    return Core((matrix,), (matrix,), clients, (Depot(0),), (kind,))


def with_windows(seed: int, size: int) -> Core:
    """A tenth of a unit is one; windows of a tenth to a third of the day."""
    random = np.random.default_rng(seed)
    matrix = _straight(_places(random, size, 1400.0))
    return _timed(random, size, matrix, matrix, 90)


def with_roads(seed: int, size: int) -> Core:
    """Seconds on roads: detours, slower centre, one-way streets, so that the way back is another."""
    random = np.random.default_rng(seed)
    places = _places(random, size, 20_000.0)
    matrix = _straight(places)
    centre = np.hypot(*(places - places.mean(axis=0)).T)
    slow = 1.6 - 0.8 * (centre / centre.max())
    seconds = (
        matrix / 8.0 * (slow[:, None] + slow[None, :]) / 2 * random.uniform(1.0, 1.35, matrix.shape) + 20
    )
    np.fill_diagonal(seconds, 0)
    times = seconds.astype(np.int64)
    return _timed(random, size, times, times, 180)


def _timed(
    random: np.random.Generator, size: int, distances: Matrix, durations: Matrix, service: int
) -> Core:
    day = int(durations[0].max() * 2 + 14 * (np.median(durations) / 4 + service))
    out, back = durations[0, 1:], durations[1:, 0]
    width = random.integers(day // 10, day // 3, size)
    early = (out + random.random(size) * np.maximum(day - out - back - service - width, 1)).astype(np.int64)
    late = np.maximum(np.minimum(early + width, day - back - service), out)
    clients = plain_clients(
        np.arange(1, size + 1),
        random.integers(1, 41, (size, 1)),
        np.full(size, service),
        np.stack([np.minimum(early, late), late], 1),
    )
    kind = VehicleType((400,), count=size // 3, late=day)
    return Core((distances,), (durations,), clients, (Depot(0),), (kind,))


def _places(random: np.random.Generator, size: int, side: float) -> npt.NDArray[np.float64]:
    """Half in clusters, half anywhere; the depot first."""
    centres = random.random((max(3, size // 40), 2)) * side
    of = random.integers(0, len(centres), size + 1)
    clustered = centres[of] + random.normal(0, side / 25, (size + 1, 2))
    strewn = random.random((size + 1, 2)) * side
    return np.clip(np.where(random.random((size + 1, 1)) < 0.5, clustered, strewn), 0, side)


def _straight(places: npt.NDArray[np.float64]) -> Matrix:
    apart = places[:, None] - places[None]
    matrix: Matrix = np.rint(np.sqrt((apart**2).sum(axis=2))).astype(np.int64)
    return matrix
