"""The demo's fleet on paper: a tree of hubs over Pune, and who drives what, where the simulated phones are. Pure."""

from dataclasses import dataclass
from math import cos, pi, radians, sin

from tracker.simulation.city import CITIES, METRES_PER_DEGREE, City
from tracker.simulation.vehicles import fleet

CITY = "pune"
ZONE = "Asia/Kolkata"
PHONES = 40  # as many as `manage.py simulate` drives by itself
SEED = 1
NAMES = (
    "Aarav Joshi", "Asha Patil", "Bhavna Kulkarni", "Deepak Shinde", "Farida Shaikh", "Ganesh More", "Harsha Rao",
    "Imran Khan", "Jaya Deshmukh", "Kiran Pawar", "Lata Gaikwad", "Manoj Jadhav", "Neha Kale", "Omkar Bhosale",
    "Pooja Chavan", "Rahul Sawant", "Sana Mulla", "Tushar Mane", "Uma Nair", "Vikram Salunkhe", "Yash Thakur",
    "Zoya Ansari", "Anil Kadam", "Divya Iyer",
)  # fmt: skip
SECTORS = ("Shivajinagar", "Hadapsar", "Kothrud")  # a third of the city each, clockwise from north


@dataclass(frozen=True)
class Sector:
    """A delivery zone: its name and border, a closed ring of longitude and latitude."""

    name: str
    border: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Hand:
    """A driver with a vehicle and the phone they carry. `sector` is the number of their zone."""

    name: str
    device_id: str
    plate: str
    vehicle_type: str
    sector: int
    starts: str
    ends: str
    skills: tuple[str, ...] = ()


def place() -> City:
    """The city the simulated fleet drives in."""
    return CITIES[CITY]


def sectors() -> list[Sector]:
    """The city's disc in equal parts."""
    arc = 2 * pi / len(SECTORS)
    return [Sector(name, _ring(number * arc, (number + 1) * arc)) for number, name in enumerate(SECTORS)]


def hands() -> list[Hand]:
    """Of the simulated phones those on vans and two-wheelers, as long as there are names; two in three start early."""
    found: list[Hand] = []
    for phone in fleet(PHONES, city=CITY, seed=SEED):
        if phone.kind.word == "Truck" or len(found) == len(NAMES):
            continue
        number = len(found)
        four = phone.kind.word == "Van"
        early = number % 3 != 2
        found.append(
            Hand(
                name=NAMES[number],
                device_id=phone.device_id,
                plate=f"MH 12 {'KT' if four else 'QB'} {4100 + 37 * number}",
                vehicle_type="four_wheeler" if four else "two_wheeler",
                sector=number % len(SECTORS),
                starts="08:00" if early else "13:00",
                ends="17:00" if early else "22:00",
                skills=("heavy",) if four else ("cash",) if number % 2 else (),
            )
        )
    return found


def _ring(begin: float, end: float) -> tuple[tuple[float, float], ...]:
    """A sector of the disc, its arc in steps of a few degrees; angles clockwise from north."""
    city, steps = place(), 24
    east_m = METRES_PER_DEGREE * cos(radians(city.latitude))
    arc = [begin + (end - begin) * n / steps for n in range(steps + 1)]
    reach = city.radius_m * 1.15
    border = [
        (city.longitude + reach * sin(a) / east_m, city.latitude + reach * cos(a) / METRES_PER_DEGREE)
        for a in arc
    ]
    centre = (city.longitude, city.latitude)
    return tuple((round(x, 6), round(y, 6)) for x, y in [centre, *border, centre])
