"""The tick that tells of long stays: a visit that still goes on when its dwell time is over.

A visit that ended is told of by the consumer, with the fix that ended it; both tell the same crossing. If a late fix
shows that the device had left before, or entered at another time, the consumer corrects it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q

from ingest_lambda.presence.event import Named
from ingest_lambda.presence.telling import Visit, dwell_crossing
from tracker.geofences.models import GeofenceVisit
from tracker.geofences.telling import News, microseconds, names_at, tell

AT_ONCE = 500  # visits a transaction
# A phone that comes back sends its past first. While it does, nobody knows yet whether it left in time.
CATCHING_UP = timedelta(seconds=60)


def tell_of_stays(*, now: datetime, at_once: int = AT_ONCE) -> int:
    """Tell of every visit that became long enough; returns how many. A visit another tick holds is that one's."""
    count = 0
    while True:
        with transaction.atomic():
            told = _some(now, at_once)
        count += told
        if told < at_once:
            return count


def _some(now: datetime, at_once: int) -> int:
    due = GeofenceVisit.objects.unscoped("the tick takes what is due of every customer").filter(
        _heard_up_to_date(now),
        exited_at=None,
        dwelled_at=None,
        dwell_due_at__lte=now,
        device__deleted_at=None,
    )
    rows = list(
        due.select_related("device")
        .select_for_update(skip_locked=True, of=("self",))
        .order_by("dwell_due_at", "pk")[:at_once]
    )
    if rows:
        tell_dwells(rows, now=now)
    return len(rows)


def _heard_up_to_date(now: datetime) -> Q:
    """Whether all is known up to the moment the dwell time was over, or nothing has come for a while."""
    state = "device__state__"
    return (
        Q(device__state=None)
        | Q(**{f"{state}recorded_at__gte": F("dwell_due_at")})
        | Q(**{f"{state}received_at__lte": now - CATCHING_UP})
        | Q(**{f"{state}recorded_at__gte": F(f"{state}received_at") - CATCHING_UP})
    )


def tell_dwells(rows: Sequence[GeofenceVisit], *, now: datetime) -> None:
    """Note and tell that these visits, held by the caller, are long enough. Their devices are loaded."""
    names: dict[tuple[int, int], Named] = {}
    for environment_id in {row.environment_id for row in rows}:
        keys = {
            (row.geofence_id, row.entered_version) for row in rows if row.environment_id == environment_id
        }
        names.update(names_at(environment_id, keys))
    visits = GeofenceVisit.objects.unscoped("rows read and held just before")
    visits.filter(pk__in=[row.pk for row in rows]).update(dwelled_at=F("dwell_due_at"))
    tell([_news(row, names) for row in rows], now=now)


def _news(row: GeofenceVisit, names: dict[tuple[int, int], Named]) -> News:
    if row.dwell_due_at is None:
        raise ValueError(f"visit {row.pk} has no dwell time")
    entered_us, decided_us = microseconds(row.entered_at), microseconds(row.entered_decided_at)
    visit = Visit(row.geofence_id, entered_us, decided_us, row.entered_version)
    crossing = dwell_crossing(visit, microseconds(row.dwell_due_at))
    target = names.get((row.geofence_id, row.entered_version))
    return News(row.device, crossing, target=target, entered_us=entered_us)
