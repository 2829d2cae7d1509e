"""What drives: kinds of vehicle, their names, the phones in them. Pure, seeded."""

import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """A kind of vehicle. `pace` multiplies the street's speed, `top_mps` bounds it; accelerations in m/s²."""

    word: str
    share: float
    pace: float
    top_mps: float
    speeds_up_mps2: float
    brakes_mps2: float
    charges: bool


KINDS = (
    Kind("Van", 0.5, 0.95, 27.0, 1.4, 2.0, charges=True),
    Kind("Truck", 0.15, 0.85, 22.0, 0.8, 1.5, charges=True),
    Kind("Scooter", 0.25, 1.0, 14.0, 1.8, 2.4, charges=False),
    Kind("Bike", 0.1, 1.0, 6.5, 0.9, 1.8, charges=False),
)
PHONES = (
    ("Pixel 8a", "Android 16"),
    ("Galaxy A55", "Android 15"),
    ("Moto G84", "Android 15"),
    ("iPhone 15", "iOS 19.1"),
    ("iPhone SE", "iOS 18.6"),
)


@dataclass(frozen=True)
class Vehicle:
    """One vehicle and the phone it carries. `device_id` is what it reports as."""

    device_id: str
    name: str
    kind: Kind
    model: str
    os: str

    def info(self) -> dict[str, str]:
        """What the phone says about itself."""
        return {"name": self.name, "model": self.model, "os": self.os, "app_version": "2.4.1"}


def fleet(count: int, *, city: str, seed: int) -> list[Vehicle]:
    """`count` vehicles; the first n of a larger fleet are the fleet of n."""
    rng = random.Random(f"fleet/{city}/{seed}")  # noqa: S311 a made-up fleet is no secret
    numbers = dict.fromkeys(KINDS, 0)
    vehicles = []
    for _ in range(count):
        kind = rng.choices(KINDS, [kind.share for kind in KINDS])[0]
        numbers[kind] += 1
        model, os = rng.choice(PHONES)
        name = f"{kind.word} {numbers[kind]}"
        vehicles.append(Vehicle(f"{city}-{kind.word.lower()}-{numbers[kind]}", name, kind, model, os))
    return vehicles
