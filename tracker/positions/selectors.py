"""Reads of the history."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db.models import F, FloatField, Func, QuerySet, TextField
from django.db.models.functions import Cast

from tracker.devices.models import Device
from tracker.positions.models import DailyLine, Position

COLUMNS = (
    "recorded_at",
    "received_at",
    "stored_at",
    "accuracy_m",
    "altitude_m",
    "speed_mps",
    "heading_deg",
    "battery",
    "charging",
    "activity",
    "request_id",
)


def positions_between(
    device: Device, since: datetime, until: datetime, *, after: datetime | None = None, limit: int
) -> Sequence[Mapping[str, Any]]:
    """Up to `limit` positions of a device with `since` <= recorded_at < `until`, oldest first.

    With `after`, only those recorded later than that. `longitude` and `latitude` are numbers; `permissions`
    and `extra` are JSON texts, which go to the caller as they are.
    """
    return list(positions_query(device, since, until, after=after)[:limit])


def positions_query(
    device: Device, since: datetime, until: datetime, *, after: datetime | None = None
) -> QuerySet[Position, Mapping[str, Any]]:
    """The query of `positions_between`. The bounds are literals, so that PostgreSQL reads the days they touch only."""
    rows = Position.objects.for_environment(device.environment_id).filter(
        device_id=device.pk, recorded_at__gte=since, recorded_at__lt=until
    )
    if after is not None:
        rows = rows.filter(recorded_at__gt=after)
    facts: QuerySet[Position, Mapping[str, Any]] = rows.order_by("recorded_at").values(
        *COLUMNS,
        longitude=Func(F("location"), function="ST_X", output_field=FloatField()),
        latitude=Func(F("location"), function="ST_Y", output_field=FloatField()),
        permissions_text=Cast("permissions", TextField()),
        extra_text=Cast("extra", TextField()),
    )
    return facts


def daily_lines_between(
    device: Device, since: date, until: date, *, after: date | None = None, limit: int
) -> Sequence[DailyLine]:
    """Up to `limit` daily lines of a device with `since` <= day < `until`, oldest first; with `after`, later ones."""
    rows = DailyLine.objects.for_environment(device.environment_id).filter(
        device_id=device.pk, day__gte=since, day__lt=until
    )
    if after is not None:
        rows = rows.filter(day__gt=after)
    return list(rows.order_by("day")[:limit])
