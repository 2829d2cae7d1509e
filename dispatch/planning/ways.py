"""How long and how far it is from place to place, as a run is told: by a router of the operator's, or by guess.

The providers themselves are the optimiser's (`dispatch.optimiser.travel`). What a router said is remembered by this
process for a day; a router that is away is replaced by straight lines, and that is said with the run.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import cache

import msgspec
import numpy as np

from dispatch.optimiser.problem import Place
from dispatch.optimiser.travel import UNREACHABLE, Table, Travel
from dispatch.optimiser.travel.layers import ByHour, Cached, Fallback
from dispatch.optimiser.travel.osrm import Osrm
from dispatch.optimiser.travel.provider import Block, Provider, travel_of
from dispatch.optimiser.travel.straight import StraightLine
from dispatch.optimiser.travel.valhalla import Valhalla

PLAIN = "default"


class Ways(msgspec.Struct, frozen=True, kw_only=True):
    """Which provider, and what it needs to know. `paces`: (second of the day's epoch, seconds for each second)."""

    provider: str = "straight"  # or osrm, valhalla
    url: str = ""
    speed_kmh: float = 25.0
    detour: float = 1.35
    paces: tuple[tuple[int, float], ...] = ()


class Tables(msgspec.Struct, frozen=True):
    """Tables that were asked of a router, on their way to the solving process: rows of 32-bit whole numbers."""

    size: int
    starts_s: tuple[int, ...]
    distance_m: dict[str, bytes]
    durations_s: dict[str, tuple[bytes, ...]]


class Paced:
    """A provider that knows one pace, for vehicles of several: their profile says how much faster they are."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self.starts_s = provider.starts_s

    def block(self, sources: Sequence[Place], targets: Sequence[Place], profile: str) -> Block:
        """The plain table with its seconds divided by the factor."""
        plain = self.provider.block(sources, targets, PLAIN)
        factor = factor_of(profile)
        if factor == 1:
            return plain
        seconds = (
            np.where(matrix < 0, UNREACHABLE, np.ceil(matrix / factor)).astype(np.int64)
            for matrix in plain.durations_s
        )
        return Block(plain.distance_m, tuple(seconds))


def profile_of(speed_factor: float) -> str:
    """The table of vehicles that are so much faster than the environment's pace."""
    return f"x{speed_factor:g}"


def factor_of(profile: str) -> float:
    """What `profile_of` was given."""
    return float(profile.removeprefix("x")) if profile.startswith("x") else 1.0


def travel_for(places: Sequence[Place], profiles: Collection[str], ways: Ways) -> tuple[Travel, str]:
    """A table for each profile, and why they are not the router's ("": they are, or none is set)."""
    fallback = _router(ways.provider, ways.url, ways.speed_kmh, ways.detour)
    provider: Provider = Paced(fallback)
    if ways.paces:
        provider = ByHour(provider, ways.paces)
    travel = travel_of(provider, places, sorted(profiles or {profile_of(1.0)}))
    return travel, (fallback.fell_back or "") if isinstance(fallback, Fallback) else ""


def sent(travel: Travel) -> Tables:
    """Tables as they are handed to the solving process."""
    first = next(iter(travel.tables.values()))
    return Tables(
        travel.size,
        first.starts_s,
        {name: table.distance_m.astype(np.int32).tobytes() for name, table in travel.tables.items()},
        {
            name: tuple(matrix.astype(np.int32).tobytes() for matrix in table.durations_s)
            for name, table in travel.tables.items()
        },
    )


def received(tables: Tables) -> Travel:
    """What `sent` was given."""

    def matrix(content: bytes) -> "np.ndarray[tuple[int, int], np.dtype[np.int64]]":
        numbers = np.frombuffer(content, np.int32).astype(np.int64)
        return numbers.reshape(tables.size, tables.size)

    made: Mapping[str, Table] = {
        name: Table(
            matrix(content),
            tuple(matrix(period) for period in tables.durations_s[name]),
            tables.starts_s,
        )
        for name, content in tables.distance_m.items()
    }
    return Travel(made)


@cache  # one memory for each router and process
def _router(provider: str, url: str, speed_kmh: float, detour: float) -> Provider:
    straight = StraightLine(factor=max(detour, 1.0), default_mps=max(speed_kmh, 1.0) / 3.6)
    if provider == "osrm":
        return Fallback(Cached(Osrm(url)), straight)
    if provider == "valhalla":
        return Fallback(Cached(Valhalla(url)), straight)
    return straight
