"""Predictions of slots are noted when they are made, held against what came of them, and judged: calibration.

A prediction is noted once a stop and horizon: the first one made within a few minutes after the horizon began, so that
all of a horizon look equally far ahead.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from django.db import connection

from dispatch.metrics.forecast import Arrival
from dispatch.metrics.models import SlotPrediction
from tracker.tenants.models import Environment

HORIZONS_S = (7200, 3600, 1800)  # before the slot's end
WITHIN = timedelta(minutes=7)  # a tick is five minutes apart from the next
BINS = (0.0, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 1.0)
KEPT = timedelta(days=90)
NOTE = """
    INSERT INTO dispatch_slotprediction (environment_id, stop_id, horizon_s, chance, made_at)
    SELECT %(environment)s, s.id, h.seconds, n.chance, %(now)s
    FROM unnest(%(stops)s::bigint[], %(chances)s::float8[]) AS n(id, chance)
    JOIN dispatch_manifeststop s ON s.id = n.id AND s.environment_id = %(environment)s
    CROSS JOIN unnest(%(horizons)s::int[]) AS h(seconds)
    WHERE s.slot_to - make_interval(secs => h.seconds) <= %(now)s
        AND s.slot_to - make_interval(secs => h.seconds) > %(now)s - %(within)s
    ON CONFLICT (environment_id, stop_id, horizon_s) DO NOTHING
"""
# what came of it, by the one definition of being on time (`figures`); a stop taken off says nothing
SETTLE = """
    UPDATE dispatch_slotprediction p
    SET missed = NOT (s.state = 'delivered' AND coalesce(s.arrived_at, s.finished_at) <= s.slot_to)
    FROM dispatch_manifeststop s
    WHERE p.environment_id = %(environment)s AND p.missed IS NULL AND s.id = p.stop_id
        AND (s.state IN ('delivered', 'failed') OR s.state <> 'removed' AND s.slot_to < %(now)s
            AND (s.arrived_at IS NULL OR s.arrived_at > s.slot_to))
"""


@dataclass(frozen=True)
class Bin:
    """Predictions of about the same chance, and what came of them."""

    low: float
    high: float
    count: int
    predicted: float  # mean chance
    missed: float  # share that was missed


@dataclass(frozen=True)
class Calibration:
    """How far the predictions can be believed. The score is the mean squared error; `score_of_none` that of always
    saying the mean, which anybody can."""

    count: int
    missed: float
    predicted: float
    score: float
    score_of_none: float
    bins: Sequence[Bin]

    @property
    def skill(self) -> float | None:
        """What the predictions know beyond the mean: 1 all, 0 nothing, below 0 worse than nothing."""
        return 1.0 - self.score / self.score_of_none if self.score_of_none > 0 else None


def note(environment_id: int, told: Sequence[Arrival], *, now: datetime) -> int:
    """Keep what is predicted now of slots whose end has come into a horizon; how many that are."""
    with_slot = [one for one in told if one.miss_chance is not None]
    if not with_slot:
        return 0
    facts: dict[str, Any] = {
        "environment": environment_id,
        "stops": [one.stop for one in with_slot],
        "chances": [one.miss_chance for one in with_slot],
        "horizons": list(HORIZONS_S),
        "now": now,
        "within": WITHIN,
    }
    with connection.cursor() as cursor:
        cursor.execute(NOTE, facts)
        return int(cursor.rowcount)


def settle(environment_id: int, *, now: datetime) -> int:
    """Write down what came of predictions whose slots are decided; how many."""
    with connection.cursor() as cursor:
        cursor.execute(SETTLE, {"environment": environment_id, "now": now})
        return int(cursor.rowcount)


def forget_old(environment_id: int, *, now: datetime) -> int:
    """Forget predictions of a season ago."""
    rows = SlotPrediction.objects.for_environment(environment_id).filter(made_at__lt=now - KEPT)
    return rows.delete()[0]


def calibration(
    environment: Environment | int,
    *,
    since: datetime,
    horizon_s: int | None = None,
    hub_ids: Iterable[int] | None = None,
) -> Calibration | None:
    """How the predictions made since then turned out, of one horizon or of all; None of none."""
    rows = SlotPrediction.objects.for_environment(environment).filter(made_at__gte=since).exclude(missed=None)
    if horizon_s is not None:
        rows = rows.filter(horizon_s=horizon_s)
    if hub_ids is not None:
        rows = rows.filter(stop__manifest__hub_id__in=list(hub_ids))
    return calibrated(rows.values_list("chance", "missed"))


def calibrated(pairs: Iterable[tuple[float, bool | None]]) -> Calibration | None:
    """Predictions (chance, whether it was missed) by bins of chance, with their score; None of none."""
    found = [(chance, bool(missed)) for chance, missed in pairs]
    if not found:
        return None
    share = sum(missed for _, missed in found) / len(found)
    bins = []
    for low, high in pairwise(BINS):
        own = [one for one in found if low <= one[0] < high or (high == 1.0 and one[0] == 1.0)]
        if own:
            predicted = sum(chance for chance, _ in own) / len(own)
            bins.append(Bin(low, high, len(own), predicted, sum(missed for _, missed in own) / len(own)))
    return Calibration(
        count=len(found),
        missed=share,
        predicted=sum(chance for chance, _ in found) / len(found),
        score=sum((chance - missed) ** 2 for chance, missed in found) / len(found),
        score_of_none=share * (1.0 - share),
        bins=bins,
    )
