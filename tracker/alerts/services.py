"""Writes on alerts by people: taking one on. What raises and resolves them is in `raising`."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction

from tracker.alerts.models import Alert, ExpectedPresence
from tracker.alerts.selectors import alerts_of
from tracker.alerts.shown import live_alert, person
from tracker.devices.models import Device
from tracker.live.announce import announce_alerts
from tracker.tenants.models import User

LONGEST_NOTE = 500
KEPT = timedelta(days=90)


class AlreadyAcknowledged(Exception):
    """Somebody else has taken the alert on; `alert` says who and when."""

    def __init__(self, alert: Alert) -> None:
        super().__init__(f"{person(alert.acknowledged_by)} has acknowledged this alert already.")
        self.alert = alert


def acknowledge(alert: Alert, *, by: User | None, note: str = "", now: datetime) -> Alert:
    """Take an alert on; `by` is None for a program with a key. One's own second time changes nothing.

    One conditional UPDATE: of two people at once one has it, and the other learns who. Raises AlreadyAcknowledged.
    """
    rows = Alert.objects.for_environment(alert.environment_id).filter(pk=alert.pk, acknowledged_at=None)
    taken = rows.update(acknowledged_at=now, acknowledged_by=by, note=note.replace("\x00", "")[:LONGEST_NOTE])
    found = alerts_of(alert.environment_id).get(pk=alert.pk)
    if not taken and found.acknowledged_by_id != (by.pk if by is not None else None):
        raise AlreadyAcknowledged(found)
    if taken:
        announce_after_commit(found.environment_id, [found.pk])
    return found


def forget_alerts(device: Device) -> None:
    """Everything this capability holds of a device that is deleted."""
    Alert.objects.for_environment(device.environment_id).filter(device=device.pk).delete()
    ExpectedPresence.objects.for_environment(device.environment_id).filter(device=device.pk).delete()


def forget_old_alerts(*, now: datetime) -> int:
    """Alerts that were over ninety days ago; returns how many there were. Open ones stay."""
    old = Alert.objects.unscoped("forgetting runs over all customers at once").filter(
        resolved_at__lt=now - KEPT
    )
    return old.delete()[0]


def announce_after_commit(environment_id: int, alert_ids: Iterable[int]) -> None:
    """Tell open maps of these alerts as they are once the running transaction is kept."""
    if wanted := list(alert_ids):
        transaction.on_commit(partial(_announce, environment_id, wanted))


def _announce(environment_id: int, alert_ids: list[int]) -> None:
    rows = alerts_of(environment_id).filter(pk__in=alert_ids).order_by("raised_at", "pk")
    announce_alerts(environment_id, [live_alert(alert) for alert in rows])
