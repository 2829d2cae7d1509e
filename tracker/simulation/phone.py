"""What a phone in a vehicle reports: a place that wanders around the true one, accuracy, battery. Pure, seeded."""

import math
import random
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tracker.simulation.city import Network
from tracker.simulation.driving import Driver
from tracker.simulation.vehicles import Vehicle

ERROR_M = 3.5  # of one axis in open sky
ERROR_LASTS_S = 25.0  # receivers err smoothly: neighbouring fixes share most of their error
CANYON_CHANCE_A_S, CANYON_S, CANYON_FACTOR = 1 / 900, (15.0, 60.0), 4.0
DRAIN_A_S = 1 / (9 * 3600)
CHARGE_A_S = 1 / (2 * 3600)
PLUG_IN_BELOW, UNPLUG_ABOVE = 0.18, 0.95
STANDING_MPS = 0.5


@dataclass
class Phone:
    """The phone of one vehicle. Its clock moves only through `advance`."""

    vehicle: Vehicle
    driver: Driver
    rng: random.Random
    battery: float = 1.0
    charging: bool = False
    _error_m: list[float] = field(default_factory=lambda: [0.0, 0.0])
    _canyon_s: float = 0.0

    def __post_init__(self) -> None:
        self.battery = self.rng.uniform(0.3, 1.0)
        self.charging = self.vehicle.kind.charges and self.rng.random() < 0.5

    def advance(self, seconds: float) -> None:
        """Let that much time pass."""
        self.driver.advance(seconds)
        self._canyon_s -= seconds
        if self._canyon_s <= 0 and self.rng.random() < CANYON_CHANCE_A_S * seconds:
            self._canyon_s = self.rng.uniform(*CANYON_S)
        # an Ornstein-Uhlenbeck walk, exact for any step: it keeps its spread however often it is asked
        kept = math.exp(-seconds / ERROR_LASTS_S)
        spread = self._spread_m * math.sqrt(1 - kept * kept)
        self._error_m = [error * kept + self.rng.gauss(0, spread) for error in self._error_m]
        self._use_battery(seconds)

    def fix(self, at: datetime) -> dict[str, Any]:
        """What it would report now, in the ingest endpoint's form."""
        (east, north), (east_error, north_error) = self.driver.place, self._error_m
        longitude, latitude = self.driver.network.degrees(east + east_error, north + north_error)
        speed = max(0.0, self.driver.speed_mps + self.rng.gauss(0, 0.2)) if self.moves else 0.0
        fix: dict[str, Any] = {
            "recorded_at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "latitude": round(latitude, 6),
            "longitude": round(longitude, 6),
            "accuracy_m": round(max(3.0, self._spread_m * self.rng.uniform(1.2, 2.2)), 1),
            "speed_mps": round(speed, 2),
            "battery": round(self.battery, 2),
            "charging": self.charging,
            "activity": "in_vehicle" if self.moves else "still",
        }
        if self.moves:
            fix["heading_deg"] = round((self.driver.heading_deg + self.rng.gauss(0, 3)) % 360, 1) % 360
        return fix

    @property
    def moves(self) -> bool:
        """Whether the vehicle drives at this moment."""
        return self.driver.speed_mps > STANDING_MPS

    @property
    def _spread_m(self) -> float:
        return ERROR_M * (CANYON_FACTOR if self._canyon_s > 0 else 1.0)

    def _use_battery(self, seconds: float) -> None:
        if self.charging:
            self.battery = min(1.0, self.battery + CHARGE_A_S * seconds)
            self.charging = self.battery < UNPLUG_ABOVE
        else:
            self.battery = max(0.01, self.battery - DRAIN_A_S * seconds)
            self.charging = self.battery < PLUG_IN_BELOW


def phones(vehicles: list[Vehicle], network: Network, *, seed: int) -> list[Phone]:
    """A phone and a driver for each vehicle, spread over the city."""
    made = []
    for vehicle in vehicles:
        rng = random.Random(f"{vehicle.device_id}/{seed}")  # noqa: S311 a made-up drive is no secret
        made.append(Phone(vehicle, Driver(network, vehicle.kind, rng), rng))
    return made
