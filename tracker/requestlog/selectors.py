"""Reads of the request log."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from django.db.models import QuerySet, Sum
from django.db.models.functions import TruncDate

from tracker.devices.models import Device
from tracker.devices.references import EXTERNAL
from tracker.requestlog.models import Door, Ending, RequestCount, RequestRecord
from tracker.tenants.identifiers import BadIdentifier, parse_id
from tracker.tenants.models import Environment


@dataclass(frozen=True)
class Narrowing:
    """Which requests are wanted; None and empty mean all."""

    requests: list[UUID] | None = None
    device: str = ""
    outcome: str = ""
    door: str = ""


def requests_of(environment: Environment, wanted: Narrowing, since: datetime) -> QuerySet[RequestRecord]:
    """The environment's requests since a time; unknown words narrow nothing."""
    rows = RequestRecord.objects.for_environment(environment).filter(at__gte=since)
    if wanted.requests is not None:
        rows = rows.filter(request_id__in=wanted.requests)
    if wanted.device:
        rows = rows.filter(device=_external_id(environment, wanted.device))
    if wanted.outcome in Ending.values:
        rows = rows.filter(outcome=wanted.outcome)
    if wanted.door in Door.values:
        rows = rows.filter(door=wanted.door)
    return rows


def totals(environment: Environment, since: datetime) -> dict[str, int]:
    """How many requests ended in which way since the hour of a time, kept whole or not."""
    hour = since.replace(minute=0, second=0, microsecond=0)
    rows = RequestCount.objects.for_environment(environment).filter(hour__gte=hour)
    return dict(rows.values_list("outcome").annotate(total=Sum("count")).order_by())


def requests_of_key_by_day(
    environment_id: int, key_id: int, first: datetime
) -> list[tuple[date, dict[str, int]]]:
    """A key's requests since a time by UTC day and by what became of them, the newest day first."""
    rows = RequestCount.objects.for_environment(environment_id).filter(key_id=key_id, hour__gte=first)
    days = rows.annotate(day=TruncDate("hour", tzinfo=UTC)).values_list("day", "outcome")
    found: dict[date, dict[str, int]] = {}
    for day, outcome, total in days.annotate(total=Sum("count")).order_by("-day"):
        found.setdefault(day, {})[outcome] = total
    return list(found.items())


def _external_id(environment: Environment, text: str) -> str:
    """What the log calls a device that is named by our id, or by its own."""
    try:
        uid = parse_id("dev", text)
    except BadIdentifier:
        return text.removeprefix(EXTERNAL)
    rows = Device.objects.for_environment(environment).filter(uid=uid)
    return rows.values_list("external_id", flat=True).first() or text
