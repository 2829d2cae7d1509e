"""Compact problems made up from a seed: everything a Core can say, small enough to check by hand-like counting."""

import numpy as np

from dispatch.optimiser.core import FOREVER, NO_GROUP, Clients, Core, Depot, VehicleType, plain_clients


def straight(random: np.random.Generator, count: int, side: int = 1000) -> np.ndarray:
    """Rounded straight lines between chance places."""
    places = random.integers(0, side, (count, 2))
    apart = places[:, None] - places[None]
    lengths: np.ndarray = np.rint(np.sqrt((apart**2).sum(axis=2))).astype(np.int64)
    return lengths


def crooked(random: np.random.Generator, count: int) -> np.ndarray:
    """Roads: the way there is not as long as the way back."""
    matrix = straight(random, count)
    matrix = (matrix * random.uniform(1.0, 1.6, matrix.shape)).astype(np.int64)
    np.fill_diagonal(matrix, 0)
    return matrix


def capacitated(seed: int, size: int = 40) -> Core:
    """One depot, loads, nothing else."""
    random = np.random.default_rng(seed)
    matrix = straight(random, size + 1)
    clients = plain_clients(np.arange(1, size + 1), random.integers(1, 20, (size, 1)))
    return Core((matrix,), (matrix,), clients, (Depot(0),), (VehicleType((100,), count=size),))


def windowed(seed: int, size: int = 40) -> Core:
    """Windows of an hour in a day of ten, in seconds that are not the metres."""
    random = np.random.default_rng(seed)
    distances = crooked(random, size + 1)
    durations = distances // 2 + random.integers(0, 30, distances.shape)
    np.fill_diagonal(durations, 0)
    early = random.integers(1500, 30_000, size)
    clients = plain_clients(
        np.arange(1, size + 1),
        random.integers(1, 20, (size, 1)),
        np.full(size, 120),
        np.stack([early, early + 3600], 1),
    )
    kind = VehicleType((100,), count=size, late=36_000)
    return Core((distances,), (durations,), clients, (Depot(0),), (kind,))


def rich(seed: int, size: int = 30) -> Core:
    """Two depots, four kinds of vehicles, two units, prizes, alternatives, priced time, overtime, forbidden pairs."""
    random = np.random.default_rng(seed)
    locations = size + 2
    matrices = tuple(crooked(random, locations) for _ in range(2))
    group = np.full(size, NO_GROUP)
    group[:6] = np.repeat(np.arange(3), 2)
    required = random.random(size) < 0.5
    required[:6] = False
    early = random.integers(2000, 20_000, size)
    clients = Clients(
        location=np.arange(2, locations),
        delivery=random.integers(0, 10, (size, 2)),
        pickup=np.zeros((size, 2), np.int64),
        service=random.integers(0, 200, size),
        early=early,
        late=early + 8000,
        release=np.zeros(size, np.int64),
        prize=np.where(required, 0, random.integers(500, 3000, size)),
        required=required,
        group=group,
    )
    allowed = random.random(size) < 0.7
    kinds = (
        VehicleType((60, 60), count=2, duration_cost=1, fixed_cost=100, late=30_000),
        VehicleType(
            (60, 60), count=3, start=1, end=1, profile=1, duration_cost=2, max_duration=20_000, late=40_000
        ),
        VehicleType((30, 80), count=2, start=1, end=0, allowed=allowed, overtime_after=5000, overtime_cost=3),
        VehicleType(
            (90, 40),
            count=size,
            early=1000,
            start_late=9000,
            max_distance=9000,
            extra=random.integers(0, 300, size),
            initial_load=(5, 0),
        ),
    )
    return Core(
        matrices, matrices, clients, (Depot(0, late=FOREVER), Depot(1, early=500)), kinds, (True, False, True)
    )


FAMILIES = {"capacitated": capacitated, "windowed": windowed, "rich": rich}
