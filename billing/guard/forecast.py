"""What a month will come to, with a band that holds four times in five. Pure.

From the days so far: the level of late and where it is going, by weekday once there are two weeks; how far days fell
from it; and that a level itself wanders. The band is as wide as these make it, and never promises less than
was used already.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from billing.guard.months import days_in, month_before, month_of

HALF_LIFE = 14.0  # days after which a day weighs half
BY_WEEKDAY_FROM = 14  # complete days
SLOPE_FROM = 7  # complete days, before which nothing is said of a trend
KEPT = 56  # days of history that are looked at
FOUR_IN_FIVE = (
    1.65  # deviations to either side: more than the 1.28 of a bell, for days are burstier than that
)
WANDERS = 0.03  # how far a level moves in a day, as a share of it
LEAST_NOISE = 0.12  # of the level: no history is long enough to promise less


@dataclass(frozen=True)
class Band:
    """Between `low` and `high` four times in five."""

    low: int
    likely: int
    high: int


class BadHistory(ValueError):
    """The days given are none a forecast can be made of; the message says why."""


def forecast(daily: Sequence[int], month: date, now: datetime) -> Band:
    """The month's total. `daily` ends with the running day as far as it is, one number for each UTC day, and begins on
    the month's first day or earlier. Raises BadHistory, and NoTimeZone."""
    today, part = _checked(daily, month, now)
    so_far = sum(daily[-today.day :])
    complete = list(daily[:-1])[-KEPT:]
    days_left = days_in(month) - today.day
    if not complete:
        return _first_day(daily[-1], part, days_left)
    dates = [today - timedelta(days=n) for n in range(len(complete), 0, -1)]
    shape = _by_weekday(dates, complete)
    course = _course([q / shape[day.weekday()] for q, day in zip(complete, dates, strict=True)])
    ahead = [(0, (1 - part) * shape[today.weekday()])]
    ahead += [(n, shape[(today + timedelta(days=n)).weekday()]) for n in range(1, days_left + 1)]
    rest, spread = course.rest(ahead), FOUR_IN_FIVE * math.sqrt(course.variance(ahead))
    return Band(
        so_far + max(0, math.floor(rest - spread)), so_far + round(rest), so_far + math.ceil(rest + spread)
    )


def forecast_distinct(daily: Sequence[int], month: date, now: datetime) -> Band:
    """The same of things that count once a month, such as devices: most of them come early.

    Where the whole month before is in `daily`, the rest comes as it did then; else at half the pace of late.
    """
    today, _ = _checked(daily, month, now)
    so_far = sum(daily[-today.day :])
    before = daily[: -today.day]
    length = days_in(month_before(month))
    until = sum(before[-length:][: today.day])
    if len(before) >= length and until:
        rest = so_far * (sum(before[-length:]) - until) / until
    else:
        late = daily[-3:]
        rest = sum(late) / len(late) * (days_in(month) - today.day) / 2
    return Band(so_far, so_far + round(rest), so_far + math.ceil(2 * rest))


def _checked(daily: Sequence[int], month: date, now: datetime) -> tuple[date, float]:
    """The running day, and how much of it is over."""
    if month_of(now) != month:
        raise BadHistory(f"{now:%Y-%m-%d} is not in the month of {month}")
    at = now.astimezone(UTC)
    if len(daily) < at.day:
        raise BadHistory(f"{len(daily)} days are given, and the month is in its day {at.day}")
    if any(quantity < 0 for quantity in daily):
        raise BadHistory("a day was below nothing")
    return at.date(), (at.hour * 3600 + at.minute * 60 + at.second) / 86_400


def _first_day(today: int, part: float, ahead: int) -> Band:
    """Nothing but a part of one day: its pace, and little trust in it."""
    rest = today / max(part, 1 / 24) * (1 - part + ahead)
    return Band(today + math.floor(rest * 0.3), today + round(rest), today + math.ceil(rest * 2.5))


def _by_weekday(dates: Sequence[date], days: Sequence[int]) -> list[float]:
    """How much of a usual day each weekday is, Monday first; drawn to 1 where a weekday was seen few times."""
    usual = sum(days) / len(days)
    if len(days) < BY_WEEKDAY_FROM or not usual:
        return [1.0] * 7
    shape = []
    for weekday in range(7):
        seen = [q / usual for q, day in zip(days, dates, strict=True) if day.weekday() == weekday]
        shape.append(max(0.02, (sum(seen) + 0.1) / (len(seen) + 0.1)))
    return shape


@dataclass(frozen=True)
class _Course:
    """A straight line through the days of late: where it stands today, where it is going, how sure that is."""

    level: float
    slope: float  # a day; drawn to none as far as it may be chance
    at: float  # the day the level belongs to, before today
    noise: float  # variance of a usual day
    unsure_level: float  # variances
    unsure_slope: float

    def rest(self, ahead: Sequence[tuple[int, float]]) -> float:
        """The sum of days ahead, each given by its distance and how much of a usual day it is."""
        least = 0.2 * self.level
        return sum(share * max(least, self.level + self.slope * (n - self.at)) for n, share in ahead)

    def variance(self, ahead: Sequence[tuple[int, float]]) -> float:
        """How far off that sum may be: the days' own noise, the level, the slope, and a level's wandering."""
        days = sum(share for _, share in ahead)
        turned = sum(share * (n - self.at) for n, share in ahead)
        wanders = (WANDERS * self.level) ** 2 * days**3 / 3
        return (
            sum(share * share for _, share in ahead) * self.noise
            + days**2 * self.unsure_level
            + turned**2 * self.unsure_slope
            + wanders
        )


def _course(days: Sequence[float]) -> _Course:
    """The line through complete days, the last of them yesterday; late ones weigh more."""
    count = len(days)
    ages = [float(n - count) for n in range(count)]
    weights = [0.5 ** (-age / HALF_LIFE) for age in ages]
    level, at = _mean(days, weights), _mean(ages, weights)
    apart = [age - at for age in ages]
    wide = sum(w * x * x for w, x in zip(weights, apart, strict=True))
    slope = unsure = 0.0
    if count >= SLOPE_FROM:
        slope = sum(w * x * (y - level) for w, x, y in zip(weights, apart, days, strict=True)) / wide
    off = [(y - level - slope * x) ** 2 for y, x in zip(days, apart, strict=True)]
    noise = max(_mean(off, weights) * (1 + 4 / count), (LEAST_NOISE * level) ** 2, level)
    if count == 1:  # one day says nothing of noise
        noise = max(noise, (0.5 * level) ** 2)
    if slope:
        unsure = noise * sum((w * x) ** 2 for w, x in zip(weights, apart, strict=True)) / wide**2
        slope *= slope**2 / (slope**2 + unsure)
    seen = sum(weights) ** 2 / sum(w * w for w in weights)  # days that the level rests on
    few = (1 + 2 / count) ** 2
    return _Course(level, slope, at, noise * few, noise * few / seen, unsure * few / 2)


def _mean(values: Sequence[float], weights: Sequence[float]) -> float:
    return sum(v * w for v, w in zip(values, weights, strict=True)) / sum(weights)
