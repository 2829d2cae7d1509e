"""When the stops of a route are made, and how likely each misses its slot: a chain of uncertain lengths of time. Pure.

Each leg and each stop takes as long as planned, times a pace. Two things are uncertain: every leg for itself, and the
pace of the whole day, which makes all that follows late together. Whoever comes before a slot waits for it, and what
was uncertain until then is forgotten by as much as they surely wait.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import erf, exp, log, pi, sqrt

Z_80 = 0.8416  # of the standard normal distribution: four in five lie below
LEAST_SD_S = 30.0  # nobody knows better than that when somebody stands at a door
LEAST_LEFT_S = 30.0  # to go, for a driver who should have arrived and has not
OWN_WEIGHS_S = 3600.0  # of driving: a day's own pace counts half once so much of it was seen


@dataclass(frozen=True, slots=True)
class Pace:
    """Real over planned time, on the road and at the door; spreads are of its logarithm."""

    travel: float = 1.0
    service: float = 1.0
    day_spread: float = 0.15  # of a whole day of one driver
    leg_spread: float = 0.35  # of one leg or stop besides


@dataclass(frozen=True, slots=True)
class StopAhead:
    """A stop to come: planned seconds to drive to it and to spend there, and its slot."""

    stop: int
    travel_s: float
    service_s: float
    slot_from: datetime | None = None
    slot_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """When a stop begins to be: as likely before as after `eta`, four in five by `latest`."""

    stop: int
    eta: datetime
    latest: datetime
    miss_chance: float | None  # None: it has no slot


@dataclass(frozen=True, slots=True)
class Done:
    """A leg or a stop that is over: planned and real seconds, for what it teaches."""

    planned_s: float
    real_s: float


def forecast(start: datetime, stops: Sequence[StopAhead], pace: Pace) -> list[Arrival]:
    """The arrivals of stops made in this order by somebody who sets out at `start`."""
    mean_s, leg_variance, exposed_s = (
        0.0,
        0.0,
        0.0,
    )  # exposed: the seconds the day's pace makes longer or shorter
    found: list[Arrival] = []
    for stop in stops:
        travel_s = stop.travel_s * pace.travel
        mean_s, exposed_s = mean_s + travel_s, exposed_s + travel_s
        leg_variance += (travel_s * pace.leg_spread) ** 2
        sd_s = max(sqrt(leg_variance + (exposed_s * pace.day_spread) ** 2), LEAST_SD_S)
        found.append(_arrival(stop, start, mean_s, sd_s))
        if stop.slot_from is not None:
            begins_s, left = _waited(mean_s, sd_s, (stop.slot_from - start).total_seconds())
            mean_s, leg_variance, exposed_s = begins_s, leg_variance * left**2, exposed_s * left
        service_s = stop.service_s * pace.service
        mean_s, exposed_s = mean_s + service_s, exposed_s + service_s
        leg_variance += (service_s * pace.leg_spread) ** 2
    return found


def at_the_door(stop: StopAhead, arrived: datetime) -> Arrival:
    """Of a stop whose driver has arrived nothing is uncertain."""
    missed = None if stop.slot_to is None else float(arrived > stop.slot_to)
    return Arrival(stop.stop, arrived, arrived, missed)


def own_pace(usual: Pace, legs: Sequence[Done], stops: Sequence[Done]) -> Pace:
    """The usual pace, drawn towards that of the day so far by how much of it was seen."""
    seen_s = sum(one.planned_s for one in legs)
    return Pace(
        travel=_drawn(usual.travel, legs),
        service=_drawn(usual.service, stops),
        day_spread=usual.day_spread * sqrt(OWN_WEIGHS_S / (OWN_WEIGHS_S + seen_s)),
        leg_spread=usual.leg_spread,
    )


def learned(routes: Iterable[tuple[Sequence[Done], Sequence[Done]]], house: Pace = Pace()) -> Pace:
    """The pace that finished routes (legs, stops) teach; with few of them it stays near the house's.

    The spread of a day is what the routes' means differ by beyond what their legs explain.
    """
    legs: list[Done] = []
    stops: list[Done] = []
    means: list[tuple[float, int]] = []
    for own_legs, own_stays in routes:
        sound = [one for one in own_legs if one.planned_s >= 30 and one.real_s >= 5]
        legs += sound
        stops += [one for one in own_stays if one.planned_s >= 10 and one.real_s >= 5]
        if len(sound) >= 5:
            means.append((sum(_ratio(one) for one in sound) / len(sound), len(sound)))
    leg = _spread([_ratio(one) for one in legs], house.leg_spread, 100)
    day = house.day_spread
    if len(means) >= 5:
        middle = sum(mean for mean, _ in means) / len(means)
        between = sum((mean - middle) ** 2 for mean, _ in means) / (len(means) - 1)
        explained = sum(leg**2 / count for _, count in means) / len(means)
        weight = len(means) / (len(means) + 10)
        day = sqrt(weight * max(between - explained, 0.02**2) + (1 - weight) * house.day_spread**2)
    return Pace(
        travel=_drawn(house.travel, legs, 20 * OWN_WEIGHS_S),
        service=_drawn(house.service, stops, 5 * OWN_WEIGHS_S),
        day_spread=min(max(day, 0.02), 1.0),
        leg_spread=min(max(leg, 0.05), 1.5),
    )


def below(z: float) -> float:
    """The share of a standard normal distribution below `z`."""
    return 0.5 * (1.0 + erf(z / sqrt(2.0)))


def _arrival(stop: StopAhead, start: datetime, mean_s: float, sd_s: float) -> Arrival:
    eta = start + timedelta(seconds=mean_s)
    chance = None
    if stop.slot_to is not None:
        chance = 1.0 - below((stop.slot_to - eta).total_seconds() / sd_s)
    return Arrival(stop.stop, eta, eta + timedelta(seconds=Z_80 * sd_s), chance)


def _waited(mean_s: float, sd_s: float, opens_s: float) -> tuple[float, float]:
    """Mean of the later of arriving and opening, and which part of the deviation is left (Clark, 1961)."""
    a = (mean_s - opens_s) / sd_s
    if a > 6:
        return mean_s, 1.0
    if a < -6:
        return opens_s, 0.0
    after, density = below(a), exp(-a * a / 2) / sqrt(2 * pi)
    # reckoned from the opening, so that no large numbers cancel
    mean = (mean_s - opens_s) * after + sd_s * density
    second = ((mean_s - opens_s) ** 2 + sd_s**2) * after + (mean_s - opens_s) * sd_s * density
    return opens_s + mean, min(sqrt(max(second - mean * mean, 0.0)) / sd_s, 1.0)


def _drawn(usual: float, seen: Sequence[Done], weight_s: float = OWN_WEIGHS_S) -> float:
    planned = sum(one.planned_s for one in seen)
    real = sum(min(one.real_s, 5 * one.planned_s + 600) for one in seen)  # a lunch is no pace
    return min(max((usual * weight_s + real) / (weight_s + planned), 0.25), 4.0)


def _ratio(one: Done) -> float:
    return log(min(max(one.real_s / one.planned_s, 0.1), 10.0))


def _spread(values: Sequence[float], usual: float, weight: int) -> float:
    if not values:
        return usual
    mean = sum(values) / len(values)
    squares = sum((value - mean) ** 2 for value in values)
    return sqrt((squares + weight * usual**2) / (len(values) + weight))
