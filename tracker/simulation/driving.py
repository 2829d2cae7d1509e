"""How a vehicle moves: along its route by the second, slowing for turns, lights and the customer. Pure, seeded."""

import math
import random
from dataclasses import dataclass, field

from tracker.simulation.city import Network, Street
from tracker.simulation.routing import route
from tracker.simulation.vehicles import Kind

STEP_S = 1.0
CREEP_MPS = 0.8
LIGHT_CHANCE = {Street.SMALL: 0.04, Street.COLLECTOR: 0.18, Street.AVENUE: 0.28, Street.RING: 0.03}
LIGHT_S = (6.0, 35.0)
CUSTOMER_S = (40.0, 220.0)
BREAK_CHANCE, BREAK_S = 0.05, (540.0, 1500.0)  # a meal, a depot: long enough to show as idle on the map
TRIP_M = (600.0, 3500.0)
STRAIGHT_DEG, TIGHT_DEG = 15.0, 100.0
TURN_MPS = (9.0, 3.0)  # through a slight bend and through a tight corner


@dataclass
class Driver:
    """One vehicle under way. `advance` moves it; `place`, `speed_mps` and `heading_deg` say where it is."""

    network: Network
    kind: Kind
    rng: random.Random
    speed_mps: float = 0.0
    _way: list[int] = field(default_factory=list)
    _leg: int = 0  # the street driven is from _way[_leg] to _way[_leg + 1]
    _along_m: float = 0.0
    _waits_s: float = 0.0
    _next_mps: float = 0.0  # how fast the end of the street may be passed

    def __post_init__(self) -> None:
        self._way = [self.rng.randrange(len(self.network.places))]
        self._waits_s = self.rng.uniform(*CUSTOMER_S)
        self._next_trip()
        self._along_m = self.rng.uniform(0, self._length_m)

    @property
    def place(self) -> tuple[float, float]:
        """Metres east and north of the centre."""
        (x0, y0), (x1, y1) = self._ends()
        share = min(1.0, self._along_m / self._length_m)
        return x0 + (x1 - x0) * share, y0 + (y1 - y0) * share

    @property
    def heading_deg(self) -> float:
        """Clockwise from north, below 360."""
        return self._heading(self._leg) % 360.0

    @property
    def stands(self) -> bool:
        """Whether it waits at a light or a customer."""
        return self._waits_s > 0

    def advance(self, seconds: float) -> None:
        """Drive on for that long."""
        while seconds > 1e-9:
            step = min(STEP_S, seconds)
            self._step(step)
            seconds -= step

    def _step(self, seconds: float) -> None:
        if self._waits_s > 0:
            self._waits_s -= seconds
            self.speed_mps = 0.0
            return
        left_m = self._length_m - self._along_m
        # v² = v_end² + 2 a s: the most that can still be braked down to what the junction allows
        brakes = self.kind.brakes_mps2
        safe_mps = math.sqrt(self._next_mps**2 + 2 * brakes * max(0.0, left_m))
        wanted = min(self.kind.top_mps, self._street.speed_mps * self.kind.pace, safe_mps)
        fastest = self.speed_mps + self.kind.speeds_up_mps2 * seconds
        slowest = self.speed_mps - brakes * seconds
        self.speed_mps = max(CREEP_MPS, min(fastest, max(wanted, slowest)))
        self._along_m += self.speed_mps * seconds
        if self._along_m >= self._length_m:
            self._reach_junction()

    def _reach_junction(self) -> None:
        over_m = self._along_m - self._length_m
        if self._leg + 2 >= len(self._way):
            span = BREAK_S if self.rng.random() < BREAK_CHANCE else CUSTOMER_S
            self._waits_s = self.rng.uniform(*span)
            self._next_trip()
            return
        if self._next_mps == 0.0:
            self._waits_s = self.rng.uniform(*LIGHT_S)
            over_m = 0.0
        self._leg += 1
        # what was overshot by is far shorter than any street
        self._along_m = over_m
        self._look_ahead()

    def _next_trip(self) -> None:
        """From where the last one ended to another customer some blocks away."""
        start = self._way[-1]
        here = self.network.places[start]
        goal = start
        while goal == start or not TRIP_M[0] <= math.dist(here, self.network.places[goal]) <= TRIP_M[1]:
            goal = self.rng.randrange(len(self.network.places))
        self._way = route(self.network, start, goal)
        self._leg, self._along_m, self.speed_mps = 0, 0.0, 0.0
        self._look_ahead()

    def _look_ahead(self) -> None:
        """Decide once per street how its end is passed: a light, a turn, a customer, or straight on."""
        if self._leg + 2 >= len(self._way) or self.rng.random() < LIGHT_CHANCE[self._street]:
            self._next_mps = 0.0
            return
        turn = abs((self._heading(self._leg + 1) - self._heading(self._leg) + 180) % 360 - 180)
        tightness = min(1.0, max(0.0, (turn - STRAIGHT_DEG) / (TIGHT_DEG - STRAIGHT_DEG)))
        self._next_mps = self.kind.top_mps
        if turn > STRAIGHT_DEG:
            self._next_mps = TURN_MPS[0] + (TURN_MPS[1] - TURN_MPS[0]) * tightness

    @property
    def _street(self) -> Street:
        return self.network.street_between(self._way[self._leg], self._way[self._leg + 1]).street

    @property
    def _length_m(self) -> float:
        return math.dist(*self._ends())

    def _ends(self) -> tuple[tuple[float, float], tuple[float, float]]:
        places = self.network.places
        return places[self._way[self._leg]], places[self._way[self._leg + 1]]

    def _heading(self, leg: int) -> float:
        places = self.network.places
        (x0, y0), (x1, y1) = places[self._way[leg]], places[self._way[leg + 1]]
        return math.degrees(math.atan2(x1 - x0, y1 - y0))
