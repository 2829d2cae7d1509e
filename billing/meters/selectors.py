"""Reads of usage records: what is billed, by day for pages and API, by hour for payments."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from django.db.models import QuerySet, Sum
from django.db.models.functions import TruncDay

from billing.meters.catalogue import METERS
from billing.meters.models import UsageRecord
from tracker.ingestion.models import KeyUse
from tracker.ingestion.usage import active_devices_by_metadata, reports_by_key
from tracker.keys.models import Key
from tracker.keys.selectors import keys_of
from tracker.tenants import scope
from tracker.tenants.models import Environment


@dataclass(frozen=True)
class DayUsage:
    """What one environment used of one meter on one UTC day: the sum of its hours, byte-hours for the archive."""

    environment_id: int
    meter: str
    day: date
    quantity: int


def billed_usage(tenant_id: int, first: datetime, last: datetime) -> dict[str, int]:
    """The usage of a tenant's live environments in [first, last), every meter present; byte-hours for the archive."""
    with scope.scope(tenant_id=tenant_id):
        live = Environment.objects.for_tenant(tenant_id).filter(kind=Environment.Kind.LIVE)
        return usage_of(list(live.values_list("pk", flat=True)), first, last)


def usage_of(environment_ids: Sequence[int], first: datetime, last: datetime) -> dict[str, int]:
    """The usage of some environments together in [first, last), every meter present."""
    rows = _records(environment_ids, first, last, METERS).values_list("meter")
    return dict.fromkeys(METERS, 0) | dict(rows.annotate(total=Sum("quantity")).order_by())


def usage_by_day(
    environment_ids: Sequence[int], first: datetime, last: datetime, meters: Iterable[str] = METERS
) -> list[DayUsage]:
    """Usage by environment, meter and UTC day, in that order; days without any are left out."""
    rows = _records(environment_ids, first, last, meters).annotate(day=TruncDay("hour", tzinfo=UTC))
    found = rows.values_list("environment_id", "meter", "day").annotate(total=Sum("quantity"))
    return [
        DayUsage(environment, meter, day.date(), total)
        for environment, meter, day, total in found.order_by("environment_id", "meter", "day")
        if total
    ]


def hourly(tenant_id: int, meter: str, first: datetime, last: datetime) -> list[tuple[datetime, int, int]]:
    """Hour, quantity and revision of a tenant's live environments together, oldest first.

    The revision rises whenever the quantity changes: it is the sum of the environments' revisions.
    """
    with scope.scope(tenant_id=tenant_id):
        live = Environment.objects.for_tenant(tenant_id).filter(kind=Environment.Kind.LIVE)
        rows = _records(list(live.values_list("pk", flat=True)), first, last, [meter]).values_list("hour")
        totals = rows.annotate(total=Sum("quantity"), revisions=Sum("revision")).order_by("hour")
        return [(hour, total, revisions) for hour, total, revisions in totals]


def revisions(tenant_id: int, first: datetime, last: datetime) -> int:
    """A number that rises whenever anything billed in [first, last) changes."""
    with scope.scope(tenant_id=tenant_id):
        live = Environment.objects.for_tenant(tenant_id).filter(kind=Environment.Kind.LIVE)
        rows = _records(list(live.values_list("pk", flat=True)), first, last, METERS)
        return int(rows.aggregate(sum=Sum("revision"))["sum"] or 0)


@dataclass(frozen=True)
class KeyUsage:
    """What came through one key: reports by what became of them. `key` is None for those no key is known of."""

    key: Key | None
    counts: dict[str, int]


def usage_by_key(environment: Environment, first: datetime, last: datetime) -> list[KeyUsage]:
    """Reports of one environment by key, the busiest first."""
    found = reports_by_key(environment.pk, first, last)
    keys = {key.pk: key for key in keys_of(environment) if key.pk in found}
    unknown: dict[str, int] = {}
    for number in found.keys() - keys.keys():
        for what, count in found[number].items():
            unknown[what] = unknown.get(what, 0) + count
    rows = [KeyUsage(key, found[number]) for number, key in keys.items()]
    rows.sort(key=lambda row: -row.counts.get(KeyUse.What.ACCEPTED, 0))
    return [*rows, KeyUsage(None, unknown)] if unknown else rows


def active_devices_by_group(environment: Environment, month: date, name: str) -> list[tuple[str | None, int]]:
    """Active devices of a month by what their metadata says under `name`, the largest group first."""
    found = active_devices_by_metadata(environment.pk, month, name)
    return sorted(found.items(), key=lambda group: (-group[1], group[0] or ""))


def _records(
    environment_ids: Iterable[int], first: datetime, last: datetime, meters: Iterable[str]
) -> QuerySet[UsageRecord]:
    """Rows of some environments, reached through the unique index: all three of its columns are given."""
    every = UsageRecord.objects.unscoped("narrowed to these environments on the next line")
    return every.filter(
        environment__in=list(environment_ids), meter__in=list(meters), hour__gte=first, hour__lt=last
    )
