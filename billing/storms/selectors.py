"""Reads about storms: those of an environment, and one with everything its page shows."""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import models

from billing.plans.rating import money
from billing.storms.models import Storm
from billing.storms.wording import Line, advice, lines_of, sentence_of, why
from tracker.tenants import scope
from tracker.tenants.identifiers import BadIdentifier, parse_id
from tracker.tenants.models import Environment, Tenant

WHY = "a link to a storm does not say in which environment of its tenant it is"
MOST_ROWS = 24  # of the table of rates


@dataclass(frozen=True)
class Point:
    """How much came a second, over a stretch of time."""

    at: datetime
    a_second: float


@dataclass(frozen=True)
class Told:
    """A storm in words."""

    storm: Storm
    what: str
    why: list[str]
    lines: list[Line]
    advice: str
    cost: str
    points: list[Point]

    @property
    def line(self) -> Line | None:
        """Where most of it came from."""
        return self.lines[0] if self.lines else None

    @property
    def units(self) -> int:
        """What came of it."""
        return self.storm.repeats if self.storm.kind == Storm.Kind.REPEATS else self.storm.received


def storms_of(environment: Environment) -> models.QuerySet[Storm]:
    """All of them."""
    return Storm.objects.for_environment(environment)


def storm_of(environment: Environment, public_id: str) -> Storm | None:
    """The one with that public id."""
    try:
        uid = parse_id("stm", public_id)
    except BadIdentifier:
        return None
    return storms_of(environment).filter(uid=uid).first()


def place_of_storm(tenant: Tenant, public_id: str) -> Environment | None:
    """In which of a tenant's environments the storm with that public id is."""
    try:
        uid = parse_id("stm", public_id)
    except BadIdentifier:
        return None
    with scope.scope(unscoped=WHY):
        rows = Storm.objects.unscoped(WHY).filter(environment__tenant=tenant, uid=uid)
        found = rows.select_related("environment").first()
        return found.environment if found else None


def told(storm: Storm) -> Told:
    """Everything its page says."""
    lines = lines_of(storm)
    return Told(
        storm,
        sentence_of(storm),
        why(storm),
        lines,
        advice(storm),
        money(storm.would_have_cost_minor, storm.currency) if storm.would_have_cost_minor else "",
        points_of(storm),
    )


def points_of(storm: Storm) -> list[Point]:
    """Its rate over time, in at most MOST_ROWS stretches."""
    size = max(1, -(-len(storm.rates) // MOST_ROWS))
    pieces = [storm.rates[start : start + size] for start in range(0, len(storm.rates), size)]
    return [
        Point(datetime.fromtimestamp(piece[0][0], UTC), sum(rate for _, rate in piece) / len(piece))
        for piece in pieces
    ]
