"""Made-up weeks of planned stops, with overrides by chance, in bunches, and by a rule that somebody follows."""

import random
from collections.abc import Callable
from dataclasses import replace

from dispatch.patterns.cases import Case

MONDAY = 738_885  # ordinal of a Monday
CENTRE = (73.8567, 18.5204)
DRIVERS = {f"drv_{n}": "two_wheeler" if n % 3 else "four_wheeler" for n in range(12)}


def weeks(seed: int, *, count: int = 8, stops: int = 150) -> list[Case]:
    """Six days a week of stops that nobody touched."""
    chance = random.Random(seed)
    cases = []
    for week in range(count):
        for weekday in range(6):
            for number in range(stops):
                driver = chance.choice(list(DRIVERS))
                cases.append(
                    Case(
                        MONDAY + 7 * week + weekday,
                        CENTRE[0] + chance.gauss(0, 0.03),
                        CENTRE[1] + chance.gauss(0, 0.03),
                        chance.randrange(8, 21),
                        DRIVERS[driver],
                        driver,
                        shipment=f"{week}-{weekday}-{number}",
                    )
                )
    return cases


def override(case: Case, chance: random.Random, to: str | None = None) -> Case:
    """The case as a person gave it to another driver."""
    driver = to or chance.choice([name for name in DRIVERS if name != case.driver])
    return replace(
        case, overridden=True, to_driver=driver, to_vehicle_type=DRIVERS[driver], to_hour=case.hour,
        override=f"ovr_{case.shipment}",
    )  # fmt: skip


def with_noise(cases: list[Case], seed: int, share: float = 0.03) -> list[Case]:
    """Overridden here and there, for no reason that any rule could know."""
    chance = random.Random(seed)
    return [override(case, chance) if chance.random() < share else case for case in cases]


def with_bad_days(cases: list[Case], seed: int, count: int = 5) -> list[Case]:
    """On some days all stops of one driver go to others: sick, or with a flat tyre. Events, not a pattern."""
    chance = random.Random(seed)
    days = chance.sample(sorted({case.day for case in cases}), count)
    sick = {day: chance.choice(list(DRIVERS)) for day in days}
    return [override(case, chance) if sick.get(case.day) == case.driver else case for case in cases]


def with_rule(
    cases: list[Case], seed: int, rule: Callable[[Case], bool], to: Callable[[Case], str], share: float = 0.8
) -> list[Case]:
    """What meets the rule is given away, most of the time."""
    chance = random.Random(seed)
    return [
        override(case, chance, to(case)) if rule(case) and chance.random() < share else case for case in cases
    ]


def near(case: Case, metres: float = 450.0) -> bool:
    """Whether it lies in the lanes about the old market."""
    east, north = (case.longitude - 73.872) * 105_400, (case.latitude - 18.512) * 111_195
    return east * east + north * north <= metres * metres
