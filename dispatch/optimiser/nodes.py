"""Locations of the compact form: the places stops lie at, the starts and ends of vehicles, and 'anywhere'.

A start that passes its depot first is one location whose row holds the way through the depot and the loading.
"""

import itertools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from dispatch.optimiser.core import FOREVER, UNREACHABLE, Depot, Ints
from dispatch.optimiser.indexed import Indexed, Outset
from dispatch.optimiser.travel.tables import Table

ANYWHERE = -1


class Nodes:
    """Numbers for locations, depots and profiles, and the matrices between the locations."""

    def __init__(
        self, ix: Indexed, stop_of: Sequence[int], vehicles: Sequence[int], windows: Sequence[tuple[int, int]]
    ) -> None:
        self.ix = ix
        self.places: list[int] = []  # of each location; ANYWHERE has none
        self.through: dict[int, Outset] = {}  # locations whose row leads through a depot
        self.depots: list[Depot] = []
        self.start_of: dict[int, int] = {}
        self.end_of: dict[int, int] = {}
        self.profile_of: dict[int, int] = {}
        self._profiles = {
            name: n for n, name in enumerate(dict.fromkeys(ix.vehicles[v].profile for v in vehicles))
        }
        self._depot_no: dict[object, int] = {}
        self._left: dict[int, tuple[int, int]] = {}  # by location: when it is left
        for vehicle in vehicles:
            self._add_vehicle(vehicle)
        self.location_of_client = self._add_stops(stop_of, windows)

    def _add_vehicle(self, vehicle: int) -> None:
        one, outset = self.ix.vehicles[vehicle], self.ix.outsets[vehicle]
        self.profile_of[vehicle] = self._profiles[one.profile]
        key: object = (outset.place, outset.load_place, outset.loading_s, outset.opens_s, outset.closes_s)
        if outset.load_place is None:
            key = outset.place
        if key not in self._depot_no:
            location = self._add(outset.place, outset.earliest_s, outset.earliest_s + 3600)
            early, late = 0, FOREVER
            if outset.load_place is not None:
                self.through[location] = outset
                early, late = self._hours(outset, one.profile)
            self._depot(key, location, early, late)
        self.start_of[vehicle] = self._depot_no[key]
        end = ANYWHERE if one.end is None else one.end
        if end not in self._depot_no:
            self._depot(end, self._add(end, one.shift_end_s, one.shift_end_s), 0, FOREVER)
        self.end_of[vehicle] = self._depot_no[end]

    def _depot(self, key: object, location: int, early: int, late: int) -> None:
        self._depot_no[key] = len(self.depots)
        self.depots.append(Depot(location, early, late))

    def _hours(self, outset: Outset, profile: str) -> tuple[int, int]:
        """Leaving times that meet the depot's hours, by the way there in the first period."""
        assert outset.load_place is not None  # noqa: S101 - asked only for such
        way = max(self.ix.legs[profile].durations[0][outset.place, outset.load_place], 0)
        early = 0 if outset.opens_s is None else max(outset.opens_s - way, 0)
        late = FOREVER if outset.closes_s is None else outset.closes_s - outset.loading_s - way
        return early, max(late, early)

    def _add(self, place: int, left_from: int, left_until: int) -> int:
        self.places.append(place)
        self._left[len(self.places) - 1] = (left_from, left_until)
        return len(self.places) - 1

    def _add_stops(self, stop_of: Sequence[int], windows: Sequence[tuple[int, int]]) -> list[int]:
        """Stops at one place share a location."""
        located: dict[int, int] = {}
        numbers = []
        for stop, (early, late) in zip(stop_of, windows, strict=True):
            place = self.ix.place[stop]
            if place not in located:
                located[place] = self._add(place, early, late)
            location = located[place]
            was = self._left[location]
            self._left[location] = (min(was[0], early), max(was[1], late + self.ix.service[stop]))
            numbers.append(location)
        return numbers

    def matrices(self) -> tuple[tuple[Ints, ...], tuple[Ints, ...]]:
        """Distances and durations of each profile in use."""
        tables = [self.ix.problem.travel.tables[name] for name in self._profiles]
        made: dict[int, tuple[Ints, Ints]] = {}
        for table in tables:
            if id(table) not in made:
                made[id(table)] = self._matrices(table)
        both = [made[id(table)] for table in tables]
        return tuple(distance for distance, _ in both), tuple(duration for _, duration in both)

    def _matrices(self, table: Table) -> tuple[Ints, Ints]:
        places = np.array([max(place, 0) for place in self.places], np.int64)
        nowhere = [n for n, place in enumerate(self.places) if place == ANYWHERE]
        duration = self._by_hour(table, places)
        distance = _picked(table.distance_m, places)
        if table.distance_m is table.durations_s[0] and not table.by_hour:
            duration = distance
        unknown = (distance < 0) | (duration < 0)
        stays = distance.diagonal().any() or duration.diagonal().any()
        if nowhere or self.through or stays or unknown.any():
            distance, duration = distance.copy(), duration.copy()
        for location, outset in self.through.items():
            self._lead_through(distance, table.distance_m, places, location, outset, 0)
            self._lead_through(duration, table.durations_s[0], places, location, outset, outset.loading_s)
        for matrix in (distance, duration):
            for location in nowhere:
                matrix[location, :] = 0
                matrix[:, location] = 0
        if self.through or unknown.any():
            unknown = (distance < 0) | (duration < 0)
            distance[unknown] = duration[unknown] = UNREACHABLE
        for matrix in (distance, duration) if stays or self.through else ():
            np.fill_diagonal(matrix, 0)  # the library takes no other
        return distance, duration

    def _lead_through(
        self, matrix: Ints, table: Ints, places: Ints, location: int, outset: Outset, loading_s: int
    ) -> None:
        first = int(table[outset.place, outset.load_place])
        onward = table[outset.load_place][places]
        matrix[location, :] = np.where((onward < 0) | (first < 0), -1, onward + max(first, 0) + loading_s)

    def _by_hour(self, table: Table, places: Ints) -> Ints:
        """Mean durations over the periods in which each location is left, by how long it may be left in each."""
        if not table.by_hour:
            return _picked(table.durations_s[0], places)
        shares = self._shares(table)
        total = np.zeros((len(places), len(places)), np.float64)
        unknown = np.zeros(total.shape, np.bool_)
        for share, matrix in zip(shares, table.durations_s, strict=True):
            picked = _picked(matrix, places)
            total += share[:, None] * picked
            unknown |= picked < 0
        mean: Ints = np.ceil(total).astype(np.int64)
        mean[unknown] = -1
        return mean

    def _shares(self, table: Table) -> npt.NDArray[np.float64]:
        """(periods, locations): the share of each period in the time a location may be left."""
        opens = min((outset.earliest_s for outset in self.ix.outsets), default=0)
        closes = max((one.shift_end_s for one in self.ix.vehicles), default=FOREVER)
        left = np.array([self._left[n] for n in range(len(self.places))], np.float64).reshape(-1, 2)
        low, high = np.clip(left[:, 0], opens, closes), np.clip(left[:, 1], opens, closes) + 1.0
        bounds = [-np.inf, *table.starts_s[1:], np.inf]
        shares = np.array(
            [np.maximum(np.minimum(high, b) - np.maximum(low, a), 0) for a, b in itertools.pairwise(bounds)]
        )
        portions: npt.NDArray[np.float64] = shares / shares.sum(axis=0)
        return portions

    def coordinates(self) -> npt.NDArray[np.float64] | None:
        """x and y of the locations in degrees of latitude, where every place has coordinates."""
        places = [self.ix.problem.places[max(place, 0)] for place in self.places]
        if not places or any(place.longitude is None or place.latitude is None for place in places):
            return None
        both = np.array([(place.longitude, place.latitude) for place in places], np.float64)
        both[:, 0] *= np.cos(np.radians(both[:, 1].mean()))
        return both


def _picked(matrix: Ints, places: Ints) -> Ints:
    """Rows and columns of `places`; the matrix itself where that is all of it in order, which saves 400 MB at 5,000."""
    if len(places) == len(matrix) and np.array_equal(places, np.arange(len(matrix))):
        return matrix
    return matrix[np.ix_(places, places)]
