"""A made-up street network around a real city's centre: a bent grid with a hierarchy of streets. Pure, seeded."""

import math
import random
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

METRES_PER_DEGREE = 111_320.0
BLOCK_M = 210.0
EVERY_AVENUE, EVERY_COLLECTOR = 8, 4
ONE_IN_MISSING = 0.16  # of the small streets: parks, yards, dead ends


@dataclass(frozen=True)
class City:
    """Where a fleet drives. `turned_deg` is how far the grid is turned against north, `radius_m` its reach."""

    name: str
    longitude: float
    latitude: float
    turned_deg: float = 0.0
    radius_m: float = 4500.0


CITIES = {
    city.name: city
    for city in (
        City("amsterdam", 4.8952, 52.3702, 31.0, 4000.0),
        City("aracaju", -37.0731, -10.9472, 12.0, 4000.0),
        City("austin", -97.7431, 30.2672, 18.0, 5500.0),
        City("berlin", 13.4050, 52.5200, -8.0, 6000.0),
        City("london", -0.1276, 51.5072, -14.0, 6000.0),
        City("nairobi", 36.8219, -1.2921, 24.0),
        City("new-york", -73.9857, 40.7484, 29.0, 4500.0),
        City("pune", 73.8567, 18.5204, -17.0, 5500.0),
        City("sydney", 151.2093, -33.8688, 9.0, 4000.0),
        City("tokyo", 139.7671, 35.6812, 4.0, 6000.0),
    )
}


class Street(Enum):
    """A class of street: metres a second that are driven there."""

    SMALL = 30 / 3.6
    COLLECTOR = 40 / 3.6
    AVENUE = 55 / 3.6
    RING = 80 / 3.6

    @property
    def speed_mps(self) -> float:
        return self.value


@dataclass(frozen=True, slots=True)
class Edge:
    """A street from the node it is listed at to the node `to`."""

    to: int
    length_m: float
    street: Street


@dataclass(frozen=True)
class Network:
    """Junctions in metres east and north of the city's centre, and the streets that leave each."""

    city: City
    places: tuple[tuple[float, float], ...]
    edges: tuple[tuple[Edge, ...], ...]

    @cached_property
    def _metres_per_degree_east(self) -> float:
        return METRES_PER_DEGREE * math.cos(math.radians(self.city.latitude))

    def degrees(self, east_m: float, north_m: float) -> tuple[float, float]:
        """Longitude and latitude of a place in metres from the centre."""
        longitude = self.city.longitude + east_m / self._metres_per_degree_east
        return longitude, self.city.latitude + north_m / METRES_PER_DEGREE

    def street_between(self, node: int, other: int) -> Edge:
        """The street from one junction to the next. Raises KeyError where there is none."""
        for edge in self.edges[node]:
            if edge.to == other:
                return edge
        raise KeyError((node, other))


Lattice = dict[tuple[int, int], tuple[float, float]]


def build(city: City, *, seed: int) -> Network:
    """The city's network: the same for the same seed, and one connected piece."""
    rng = random.Random(f"{city.name}/{seed}")  # noqa: S311 a made-up city is no secret
    reach = int(city.radius_m // BLOCK_M)
    lattice = _lattice(city, reach, rng)
    links = _links(lattice, reach, rng)
    keep = _largest_piece(lattice, links)
    number = {cell: index for index, cell in enumerate(sorted(keep))}
    places = tuple(lattice[cell] for cell in number)
    edges: list[list[Edge]] = [[] for _ in number]
    for (one, other), street in links.items():
        if one in number and other in number:
            length = math.dist(lattice[one], lattice[other])
            edges[number[one]].append(Edge(number[other], length, street))
            edges[number[other]].append(Edge(number[one], length, street))
    return Network(city, places, tuple(tuple(own) for own in edges))


def _lattice(city: City, reach: int, rng: random.Random) -> Lattice:
    """Junctions in a disc; long waves bend the rows and a little noise moves each junction."""
    turn = math.radians(city.turned_deg)
    phase_x, phase_y = rng.uniform(0, math.tau), rng.uniform(0, math.tau)
    cells: Lattice = {}
    for i in range(-reach, reach + 1):
        for j in range(-reach, reach + 1):
            if math.hypot(i, j) > reach:
                continue
            x = i * BLOCK_M + 160 * math.sin(j / 9 + phase_x) + rng.uniform(-24, 24)
            y = j * BLOCK_M + 160 * math.sin(i / 11 + phase_y) + rng.uniform(-24, 24)
            cells[i, j] = (
                x * math.cos(turn) - y * math.sin(turn),
                x * math.sin(turn) + y * math.cos(turn),
            )
    return cells


def _links(
    lattice: Lattice, reach: int, rng: random.Random
) -> dict[tuple[tuple[int, int], tuple[int, int]], Street]:
    links = {}
    for i, j in sorted(lattice):
        for di, dj in ((1, 0), (0, 1)):
            other = i + di, j + dj
            if other not in lattice:
                continue
            street = _street((i, j), along=j if di else i, reach=reach)
            if street is Street.SMALL and rng.random() < ONE_IN_MISSING:
                continue
            links[(i, j), other] = street
    return links


def _street(cell: tuple[int, int], *, along: int, reach: int) -> Street:
    """Every eighth line is an avenue, every fourth a collector; a ring runs at seven tenths of the reach."""
    edge = round(0.7 * reach)
    if abs(along) == edge and max(map(abs, cell)) <= edge:
        return Street.RING
    if along % EVERY_AVENUE == 0:
        return Street.AVENUE
    return Street.COLLECTOR if along % EVERY_COLLECTOR == 0 else Street.SMALL


def _largest_piece(
    lattice: Lattice, links: dict[tuple[tuple[int, int], tuple[int, int]], Street]
) -> set[tuple[int, int]]:
    near: dict[tuple[int, int], list[tuple[int, int]]] = {cell: [] for cell in lattice}
    for one, other in links:
        near[one].append(other)
        near[other].append(one)
    left, largest = set(lattice), set[tuple[int, int]]()
    while len(left) > len(largest):
        piece, edge = set[tuple[int, int]](), [min(left)]
        while edge:
            cell = edge.pop()
            if cell not in piece:
                piece.add(cell)
                edge += near[cell]
        left -= piece
        largest = max(largest, piece, key=len)
    return largest
