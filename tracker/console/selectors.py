"""What the overview shows: how the devices are doing, and what became of a day's reports."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Count, Sum

from tracker.devices.listing import status_at
from tracker.devices.models import Device
from tracker.devices.status import Status
from tracker.ingestion.models import Outcome, OutcomeCount, SetAsideReport
from tracker.ingestion.reasons import Reason, reason_of
from tracker.live.sight import Sight, in_sight
from tracker.tenants.models import Environment

DAY = timedelta(hours=24)


@dataclass(frozen=True)
class Tally:
    """Reports of a span by outcome, and those set aside by reason, most frequent first."""

    by_outcome: dict[str, int]
    reasons: list[tuple[str, Reason, int]] = field(default_factory=list)  # outcome, reason, count

    @property
    def received(self) -> int:
        """Every report has one outcome, so what was received is their sum."""
        return sum(self.by_outcome.values())

    @property
    def rows(self) -> list[tuple[str, str, int, float]]:
        """(outcome, label, count, share of all) for each outcome."""
        total = self.received or 1
        return [
            (value, str(label), self.by_outcome[value], self.by_outcome[value] / total)
            for value, label in Outcome.choices
        ]


def tally(environment: Environment, *, now: datetime) -> Tally:
    """What became of the reports received in the last 24 hours."""
    counted = (
        OutcomeCount.objects.for_environment(environment)
        .filter(second__gte=now - DAY)
        .values_list("outcome", "reason")
        .annotate(total=Sum("count"))
        .exclude(total=0)
    )
    by_outcome: dict[str, int] = defaultdict(int, dict.fromkeys(Outcome.values, 0))
    reasons = []
    for outcome, reason, count in counted:
        by_outcome[outcome] += count
        if reason:
            reasons.append((outcome, reason_of(reason), count))
    return Tally(dict(by_outcome), sorted(reasons, key=lambda found: -found[2]))


def devices_by_status(environment: Environment, seen: Sight | None, *, now: datetime) -> dict[Status, int]:
    """How many of the devices in sight there are in each status."""
    devices = in_sight(Device.objects.for_environment(environment).filter(deleted_at=None), seen)
    counts = dict(
        devices.annotate(status=status_at(now)).values_list("status").annotate(Count("pk")).order_by()
    )
    return {status: counts.get(status.value, 0) for status in Status}


def last_set_aside(environment: Environment, *, limit: int = 5) -> list[SetAsideReport]:
    """The newest reports that were filtered or quarantined."""
    rows = SetAsideReport.objects.for_environment(environment).select_related("device")
    return list(rows.order_by("-pk")[:limit])
