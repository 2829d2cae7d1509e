"""Reads of the edge's books for the API: counted outcomes, reports set aside."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Sum

from tracker.devices.references import DeviceReference
from tracker.ingestion.models import Outcome, OutcomeCount, SetAsideReport
from tracker.ingestion.services import COUNTED_BY_THE_SECOND_FOR
from tracker.tenants.models import Environment

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


@dataclass(frozen=True)
class Outcomes:
    """What became of the reports received in a span: counts by reason, the empty reason where there is none."""

    since: datetime
    until: datetime
    counts: dict[str, dict[str, int]] = field(default_factory=dict)

    def total(self, outcome: str) -> int:
        """All of one outcome."""
        return sum(self.counts.get(outcome, {}).values())

    @property
    def received(self) -> int:
        """Every report ends in exactly one outcome, so what was received is their sum."""
        return sum(self.total(outcome) for outcome in Outcome.values)


def outcomes_between(
    environment: Environment, since: datetime, until: datetime, *, now: datetime
) -> Outcomes:
    """Counts of the reports received between the two times, which are widened to what is counted apart.

    That is whole seconds, and whole minutes for what lies further back than the counts are kept by the second.
    """
    since, until = _floor(since, now), _ceiling(until, now)
    rows = (
        OutcomeCount.objects.for_environment(environment)
        .filter(second__gte=since, second__lt=until)
        .values_list("outcome", "reason")
        .annotate(total=Sum("count"))
        .exclude(total=0)  # what a redrive, or a second look, took out again
        .order_by("outcome", "reason")
    )
    found = Outcomes(since, until)
    for outcome, reason, total in rows:
        found.counts.setdefault(outcome, {})[reason] = total
    return found


def set_aside_after(
    environment: Environment,
    *,
    outcome: str,
    after: int | None,
    limit: int,
    reason: str | None = None,
    device: DeviceReference | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[SetAsideReport]:
    """Up to `limit` reports of one outcome, newest first, those behind the row `after`; times are received times."""
    rows = (
        SetAsideReport.objects.for_environment(environment).select_related("device").filter(outcome=outcome)
    )
    if reason is not None:
        rows = rows.filter(reason=reason)
    if device is not None and device.uid is not None:
        rows = rows.filter(device__uid=device.uid)
    if device is not None and device.external_id is not None:
        rows = rows.filter(external_id=device.external_id)
    if since is not None:
        rows = rows.filter(received_at__gte=since)
    if until is not None:
        rows = rows.filter(received_at__lt=until)
    if after is not None:
        rows = rows.filter(pk__lt=after)
    return list(rows.order_by("-pk")[:limit])


def _floor(moment: datetime, now: datetime) -> datetime:
    if moment < now - COUNTED_BY_THE_SECOND_FOR:
        return moment.replace(second=0, microsecond=0)
    return moment.replace(microsecond=0)


def _ceiling(moment: datetime, now: datetime) -> datetime:
    step = MINUTE if moment < now - COUNTED_BY_THE_SECOND_FOR else SECOND
    floor = _floor(moment, now)
    return floor if floor == moment else floor + step
