"""Expected presences: made, taken back, and asked for when due: is the device in the geofence by its time?"""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q

from tracker.alerts.clock import last_due, next_due
from tracker.alerts.models import Alert, ExpectedPresence
from tracker.alerts.services import announce_after_commit
from tracker.devices.models import Device
from tracker.geofences.models import Geofence, GeofenceVersion, GeofenceVersionMember, GeofenceVisit

GRACE = timedelta(minutes=1)  # what was recorded in time needs a moment to arrive
AT_ONCE = 100
MOST = 10_000  # in one environment
_NAMES = uuid.UUID("3e0d6e5a-51c1-4c5e-8d3e-2b7f5f1f6a44")


class TooManyExpectations(Exception):
    """An environment has as many as it may."""


@dataclass(frozen=True)
class Expectation:
    """What is expected of a device; weekdays are 0 Monday to 6 Sunday, none named is every day."""

    device: Device
    geofence: Geofence
    by: time
    zone: ZoneInfo
    weekdays: Collection[int] = ()


def expect(wanted: Expectation, *, now: datetime) -> ExpectedPresence:
    """Ask from the next time on. Raises TooManyExpectations."""
    rows = ExpectedPresence.objects.for_environment(wanted.device.environment_id)
    if rows.count() >= MOST:
        raise TooManyExpectations
    return ExpectedPresence.objects.create(
        environment_id=wanted.device.environment_id,
        device=wanted.device,
        geofence=wanted.geofence,
        by=wanted.by,
        time_zone=wanted.zone.key,
        weekdays=sorted(set(wanted.weekdays)),
        next_due_at=next_due(wanted.by, wanted.zone, wanted.weekdays, after=now),
    )


def expect_no_more(expected: ExpectedPresence) -> bool:
    """Take an expectation back; an alert it raised stays. True where it was still there."""
    rows = ExpectedPresence.objects.for_environment(expected.environment_id).filter(pk=expected.pk)
    return bool(rows.delete()[0])


def ask_due(*, now: datetime) -> int:
    """Judge every expectation that is due; returns how many alerts were raised.

    Two ticks at once take different rows. Of times missed while nothing ran, the newest is judged, once.
    """
    raised = 0
    while True:
        with transaction.atomic():
            rows = ExpectedPresence.objects.unscoped("the tick takes what is due of every customer")
            due = list(
                rows.filter(next_due_at__lte=now - GRACE)
                .select_related("device", "geofence")
                .order_by("next_due_at")
                .select_for_update(skip_locked=True, of=("self",))[:AT_ONCE]
            )
            for expected in due:
                raised += _judge(expected, now=now)
        if len(due) < AT_ONCE:
            return raised


def _judge(expected: ExpectedPresence, *, now: datetime) -> int:
    zone = ZoneInfo(expected.time_zone)
    asked = last_due(expected.by, zone, expected.weekdays, upto=now - GRACE) or expected.next_due_at
    following = next_due(expected.by, zone, expected.weekdays, after=now - GRACE)
    rows = ExpectedPresence.objects.for_environment(expected.environment_id)
    rows.filter(pk=expected.pk).update(next_due_at=following)
    if expected.device.deleted_at is not None or _was_there(expected, asked):
        return 0
    name = _name_then(expected, asked)
    if name is None:
        return 0  # retired: nobody can be in it
    return _raise(expected, name, asked, zone)


def _was_there(expected: ExpectedPresence, at: datetime) -> bool:
    visits = GeofenceVisit.objects.for_environment(expected.environment_id)
    visits = visits.filter(device=expected.device_id, geofence=expected.geofence_id, entered_at__lte=at)
    return visits.filter(Q(exited_at=None) | Q(exited_at__gt=at)).exists()


def _name_then(expected: ExpectedPresence, at: datetime) -> str | None:
    versions = GeofenceVersion.objects.for_environment(expected.environment_id)
    version = versions.filter(effective_at__lte=at).order_by("-effective_at").first()
    members = GeofenceVersionMember.objects.for_environment(expected.environment_id)
    found = members.filter(version=version, geofence=expected.geofence_id).select_related("shape").first()
    return found.shape.name if version is not None and found is not None else None


def _raise(expected: ExpectedPresence, geofence: str, asked: datetime, zone: ZoneInfo) -> int:
    """A new alert each time; the one of the time before is over, whoever looked at it."""
    alerts = Alert.objects.for_environment(expected.environment_id)
    subject = expected.geofence.public_id
    before = alerts.filter(
        device=expected.device_id, kind=Alert.Kind.ABSENT, subject=subject, resolved_at=None,
        raised_at__lt=asked,
    )  # fmt: skip
    changed = list(before.values_list("pk", flat=True))
    before.update(resolved_at=asked)
    local = asked.astimezone(zone)
    alert = Alert(
        uid=uuid.uuid5(_NAMES, f"{expected.public_id}:{asked.isoformat()}"),
        environment_id=expected.environment_id, kind=Alert.Kind.ABSENT, device=expected.device,
        geofence=expected.geofence, subject=subject, raised_at=asked,
        text=f"{str(expected.device)[:110]} was not in {geofence[:110]} by {local:%H:%M} ({expected.time_zone}).",
    )  # fmt: skip
    made = Alert.objects.unscoped("the row names its environment")
    made.bulk_create([alert], ignore_conflicts=True)
    fresh = list(alerts.filter(uid=alert.uid).values_list("pk", flat=True))
    announce_after_commit(expected.environment_id, [*changed, *fresh])
    return len(fresh)
