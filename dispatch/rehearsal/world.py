"""The made-up day: cities far apart, their hubs, drivers and vehicles, and shipments with slots and sizes. Pure."""

import csv
import io
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from dispatch.rehearsal.scale import RADIUS_M, SLOT_S, Scale

METRES_A_DEGREE = 111_195.0
SLOTS_A_DAY = 3
TIMED_SHARE = 0.6  # of shipments that have a slot
# in each file: a row without a place, one with a broken slot, and one whose place is off the globe as it stands, which
# is taken with its coordinates the other way round and left to a person
REFUSED_ROWS, DOUBTFUL_ROWS = 2, 1
BEGINS = 12  # o'clock, local: behind the windows that every new zone has, and long before the day ends
STREETS = (
    "Tilak Road",
    "Station Road",
    "Lake View",
    "Temple Street",
    "Market Yard",
    "Canal Road",
    "Ring Road",
)
NAMES = (
    "Asha",
    "Ravi",
    "Meera",
    "Imran",
    "Sunita",
    "Joseph",
    "Kavya",
    "Arjun",
    "Leela",
    "Nikhil",
    "Priya",
    "Dev",
)
HEADINGS = (
    "Order number", "Recipient", "Phone", "Address", "Latitude", "Longitude", "Slot", "Parcels", "Weight kg",
    "Service seconds", "Cash", "Currency", "Language",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class City:
    """A city: its number, its middle, and how far it reaches."""

    number: int
    longitude: float
    latitude: float
    radius_m: float

    @property
    def name(self) -> str:
        """What it is called."""
        return f"City {self.number:02}"

    def at(self, east_m: float, north_m: float) -> tuple[float, float]:
        """Longitude and latitude so far from its middle."""
        latitude = self.latitude + north_m / METRES_A_DEGREE
        return self.longitude + east_m / METRES_A_DEGREE / math.cos(math.radians(self.latitude)), latitude

    def somewhere(self, dice: random.Random) -> tuple[float, float]:
        """A place people live at: denser towards the middle."""
        far, turn = self.radius_m * dice.random() ** 0.7, dice.uniform(0, 2 * math.pi)
        return self.at(far * math.cos(turn), far * math.sin(turn))


@dataclass(frozen=True, slots=True)
class Parcel:
    """A shipment to be."""

    external_id: str
    recipient: str
    place: tuple[float, float]
    slot: tuple[datetime, datetime] | None
    kg: float
    cash: int
    language: str


@dataclass(frozen=True, slots=True)
class World:
    """What a day consists of."""

    scale: Scale
    seed: int
    cities: tuple[City, ...]
    shipments: int
    drivers: int
    run: str  # in every external id, so that a second rehearsal does not meet the first one's
    zone: str  # of its hubs

    @property
    def slots(self) -> timedelta:
        """How long all slots of the day last together."""
        return SLOTS_A_DAY * timedelta(seconds=self.scale.seconds(SLOT_S))

    def in_city(self, total: int, city: City) -> int:
        """The city's share of a total, to the unit."""
        count = len(self.cities)
        return total * (city.number + 1) // count - total * city.number // count

    def parcels(self, city: City, begins: datetime) -> Iterator[Parcel]:
        """The city's shipments; the same for the same seed."""
        dice = random.Random(f"{self.seed}:{city.number}")  # noqa: S311  a made-up town, no secret
        for n in range(self.in_city(self.shipments, city)):
            yield Parcel(
                external_id=f"{self.run}-{city.number:02}-{n:05}",
                recipient=f"{dice.choice(NAMES)} {chr(65 + n % 26)}.",
                place=city.somewhere(dice),
                slot=self._slot(dice, begins),
                kg=round(dice.lognormvariate(0.3, 0.8), 1),
                cash=dice.choice((0, 0, 0, 250, 499, 1_250)),
                language=dice.choice(("en", "en", "hi", "mr")),
            )

    def _slot(self, dice: random.Random, begins: datetime) -> tuple[datetime, datetime] | None:
        if dice.random() > TIMED_SHARE:
            return None
        length = timedelta(seconds=self.scale.seconds(SLOT_S))
        begin = begins + dice.randrange(SLOTS_A_DAY) * length
        return begin, begin + length

    def file(self, city: City, begins: datetime) -> bytes:
        """The city's shipments as the CSV file somebody uploads, with a few rows that are wrong."""
        out = io.StringIO()
        rows = csv.writer(out)
        rows.writerow(HEADINGS)
        for n, parcel in enumerate(self.parcels(city, begins)):
            slot = "/".join(at.isoformat(timespec="seconds") for at in parcel.slot) if parcel.slot else ""
            rows.writerow((
                parcel.external_id, parcel.recipient, "", f"{n % 90 + 1} {STREETS[n % len(STREETS)]}, {city.name}",
                f"{parcel.place[1]:.6f}", f"{parcel.place[0]:.6f}", slot, 1, parcel.kg, self.scale.service_s,
                parcel.cash, "INR" if parcel.cash else "", parcel.language,
            ))  # fmt: skip
        first = f"{self.run}-{city.number:02}"
        rows.writerow((f"{first}-bad-1", "Nowhere", "", "", "", "", "", 1, 1, 60, 0, "", ""))
        rows.writerow((f"{first}-bad-2", "Wrong", "", "", "91.5", "18.5", "", 1, 1, 60, 0, "", ""))
        rows.writerow((f"{first}-bad-3", "Never", "", "", "18.5", "73.8", "yesterday", 1, 1, 60, 0, "", ""))
        return out.getvalue().encode()


def make_world(
    *, shipments: int, drivers: int, cities: int, speed: float, seed: int, run: str, now: datetime
) -> World:
    """Cities on a grid on land, half a degree and more apart, so that none is near another whatever the scale."""
    scale = Scale(speed)
    places = []
    for number in range(cities):
        row, column = divmod(number, 7)
        places.append(City(number, 74.5 + column * 0.8, 18.2 + row * 0.7, scale.metres(RADIUS_M)))
    return World(scale, seed, tuple(places), shipments, drivers, run, zone_at(now))


def zone_at(now: datetime) -> str:
    """A time zone in which the hour is right for a day to begin: late in the evening its end would cut it off.

    Its clock never changes. `now` has a time zone of its own.
    """
    ahead = (BEGINS - now.astimezone(UTC).hour + 12) % 24 - 12
    return f"Etc/GMT{-ahead:+d}"  # their signs are the other way round: Etc/GMT-5 is five hours ahead


def metres(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Between two near places, in metres."""
    east = (b[0] - a[0]) * math.cos(math.radians((a[1] + b[1]) / 2))
    return METRES_A_DEGREE * math.hypot(east, b[1] - a[1])
