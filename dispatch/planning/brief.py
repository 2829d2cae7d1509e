"""What is to be planned, as it is handed to the solving process and kept with the run: a problem without its tables.

Tables of travel grow with the square of the places, so the process that solves makes them itself. No Django here: the
solving process starts in a moment.
"""

import zlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from dispatch.optimiser.problem import Depot, Place, Problem, Stop, Vehicle, Weights
from dispatch.optimiser.travel import Travel
from dispatch.patterns.constraints import VehicleFacts, constrain, constraint_from
from dispatch.planning.ways import Ways, travel_for


class Brief(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a plan depends on. Seconds count from `epoch`, prices are `PRICE` to the cost unit."""

    epoch: datetime
    timezone: str
    now_s: int
    places: tuple[Place, ...]
    depots: tuple[Depot, ...]
    vehicles: tuple[Vehicle, ...]
    stops: tuple[Stop, ...]
    together: tuple[tuple[str, ...], ...] = ()
    apart: tuple[tuple[str, ...], ...] = ()
    weights: Weights = Weights()
    ways: Ways
    rules: tuple[dict[str, Any], ...] = ()  # accepted patterns, as they are kept
    kinds: dict[str, VehicleFacts] = {}  # of each vehicle, for the rules
    seed: int = 0

    def problem(self, travel: Travel | None = None) -> Problem:
        """The problem with its tables. Without `travel`, what is asked of a router is asked now."""
        plain = Problem(
            places=self.places,
            travel=travel or travel_for(self.places, self.profiles(), self.ways)[0],
            vehicles=self.vehicles,
            stops=self.stops,
            depots=self.depots,
            together=self.together,
            apart=self.apart,
            weights=self.weights,
            now_s=self.now_s,
        )
        rules = [constraint_from(rule) for rule in self.rules]
        return constrain(plain, rules, self.kinds, epoch=self.epoch, timezone=self.timezone)

    def profiles(self) -> set[str]:
        """The names of the tables that vehicles travel by."""
        return {vehicle.profile for vehicle in self.vehicles}

    def second(self, moment: datetime) -> int:
        """A time in the problem's seconds."""
        return round((moment - self.epoch).total_seconds())


def packed(thing: Any) -> bytes:
    """Compressed JSON, as it is kept with the run."""
    return zlib.compress(msgspec.json.encode(thing), 6)


def unpacked(content: bytes | memoryview) -> Brief:
    """The brief that `packed` was given."""
    return msgspec.json.decode(zlib.decompress(content), type=Brief)


def orders_in(content: bytes | memoryview) -> Mapping[str, Any]:
    """Any packed thing as plain values."""
    found: Mapping[str, Any] = msgspec.json.decode(zlib.decompress(content))
    return found
