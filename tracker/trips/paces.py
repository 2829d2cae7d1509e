"""How fast an environment gets along, learned from its completed trips: read for estimates, written at their end."""

from collections.abc import Iterable
from typing import NamedTuple

from django.db import connection

from tracker.trips.advance import memory_of, plan_of, us
from tracker.trips.estimate import HOUR_US, HOUSE, Pace
from tracker.trips.ground import distance_m
from tracker.trips.models import LearnedPace, Trip

SHORTEST_M, SHORTEST_S = 500.0, 60.0  # below, doors and lights are most of it
SPEEDS, FACTORS = (0.3, 45.0), (1.0, 5.0)  # what a trip can teach
HOUSE_WEIGHS = 3  # trips: one strange trip must not make the pace of an hour
MEMORY = 50  # trips: what is older fades
LEARN = """
    INSERT INTO tracker_learnedpace AS l (environment_id, hour, speed_mps, street_factor, spread, samples)
    VALUES (%(environment)s, %(hour)s,
        %(house_speed)s + (%(speed)s - %(house_speed)s) / (%(house)s + 1.0),
        %(house_factor)s + (%(factor)s - %(house_factor)s) / (%(house)s + 1.0),
        sqrt(%(house_spread)s ^ 2 + (ln(%(seconds)s * %(house_speed)s / (%(straight)s * %(house_factor)s)) ^ 2
            - %(house_spread)s ^ 2) / (%(house)s + 1.0)), 1)
    ON CONFLICT (environment_id, hour) DO UPDATE SET
        speed_mps = l.speed_mps + (%(speed)s - l.speed_mps) / (least(l.samples + %(house)s, %(memory)s) + 1.0),
        street_factor = l.street_factor
            + (%(factor)s - l.street_factor) / (least(l.samples + %(house)s, %(memory)s) + 1.0),
        spread = sqrt(l.spread ^ 2 + (ln(%(seconds)s * l.speed_mps / (%(straight)s * l.street_factor)) ^ 2
            - l.spread ^ 2) / (least(l.samples + %(house)s, %(memory)s) + 1.0)),
        samples = l.samples + 1"""


class Lesson(NamedTuple):
    """What one trip teaches."""

    hour: int
    speed_mps: float
    street_factor: float
    seconds: float
    straight_m: float


def paces_of(environments: Iterable[int]) -> dict[int, dict[int, Pace]]:
    """What each of the environments has learned, by hour: one query for all."""
    rows = LearnedPace.objects.unscoped(
        "the tick estimates for the trips of all customers, each by its own pace"
    )
    found: dict[int, dict[int, Pace]] = {}
    for row in rows.filter(environment_id__in=set(environments)):
        found.setdefault(row.environment_id, {})[row.hour] = Pace(
            row.speed_mps, row.street_factor, row.spread
        )
    return found


def lesson_of(trip: Trip) -> Lesson | None:
    """What a trip that arrived teaches; None where it was too short or too strange to."""
    progress, target = memory_of(trip).progress, plan_of(trip).target
    if progress.first is None or progress.arrived_us is None or target is None:
        return None
    straight_m = distance_m(progress.first, target.place)
    seconds = (progress.arrived_us - us(trip.started_at)) / 1e6
    if straight_m < SHORTEST_M or seconds < SHORTEST_S or progress.way_m < straight_m / 2:
        return None
    speed_mps, factor = progress.way_m / seconds, max(progress.way_m / straight_m, 1.0)
    if not (SPEEDS[0] <= speed_mps <= SPEEDS[1] and factor <= FACTORS[1]):
        return None
    return Lesson(us(trip.started_at) // HOUR_US % 24, speed_mps, factor, seconds, straight_m)


def learn(trips: Iterable[Trip]) -> int:
    """Take in what completed trips teach; how many did. Each new trip counts a little more than each old one."""
    lessons = [(trip.environment_id, lesson) for trip in trips if (lesson := lesson_of(trip)) is not None]
    # sorted, so that two workers that learn for the same hours wait instead of deadlocking
    for environment_id, lesson in sorted(lessons):
        facts = {
            "environment": environment_id,
            "hour": lesson.hour,
            "speed": lesson.speed_mps,
            "factor": lesson.street_factor,
            "seconds": lesson.seconds,
            "straight": lesson.straight_m,
            "house_speed": HOUSE.speed_mps,
            "house_factor": HOUSE.street_factor,
            "house_spread": HOUSE.spread,
            "house": HOUSE_WEIGHS,
            "memory": MEMORY,
        }
        with connection.cursor() as cursor:
            cursor.execute(LEARN, facts)
    return len(lessons)
