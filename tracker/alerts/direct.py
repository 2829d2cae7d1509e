"""Alerts raised and ended by those who know why, without an event of the outbox: dispatch, about a driver's device.

Raising and ending take the same lock on the device as alerts from events do, so whoever ends one sees who stands behind
it by then.
"""

import uuid
from datetime import datetime

from tracker.alerts.models import Alert
from tracker.alerts.raising import lock_devices
from tracker.alerts.services import announce_after_commit
from tracker.devices.models import Device

_NAMES = uuid.UUID("b5d9a1c4-0e55-4a5e-9a43-0d2f6f7f6f11")
LONGEST_TEXT = 300


def raise_alert(
    environment_id: int,
    device_id: int,
    kind: Alert.Kind,
    *,
    subject: str,
    text: str,
    origin: str,
    at: datetime,
) -> bool:
    """Raise it, unless one of that kind and subject is open on the device already; whether it is new.

    `origin` is what raised it: the same one raises it once, however often it asks. In a transaction.
    """
    lock_devices({device_id})
    if not Device.objects.for_environment(environment_id).filter(pk=device_id, deleted_at=None).exists():
        return False
    alert = Alert(
        uid=uuid.uuid5(_NAMES, f"{origin}:{kind}:{subject}"), environment_id=environment_id, kind=kind,
        device_id=device_id, subject=subject, text=" ".join(text.split())[:LONGEST_TEXT], raised_at=at,
    )  # fmt: skip
    rows = Alert.objects.for_environment(environment_id)
    known = rows.filter(uid=alert.uid).exists()
    rows.bulk_create([alert], ignore_conflicts=True)
    fresh = [] if known else list(rows.filter(uid=alert.uid).values_list("pk", flat=True))
    announce_after_commit(environment_id, fresh)
    return bool(fresh)


def lock_alerts(device_id: int) -> None:
    """Hold what concerns this device's alerts to the end of the transaction: ask who stands behind one after this."""
    lock_devices({device_id})


def end_alert(environment_id: int, device_id: int, kind: Alert.Kind, *, subject: str, at: datetime) -> bool:
    """End the open one of that kind and subject; whether there was one. In a transaction that holds the lock."""
    rows = Alert.objects.for_environment(environment_id).filter(
        device=device_id, kind=kind, subject=subject, resolved_at=None
    )
    changed = []
    for alert in rows:
        changed.append(alert.pk)
        rows.filter(pk=alert.pk).update(resolved_at=max(at, alert.raised_at))
    announce_after_commit(environment_id, changed)
    return bool(changed)
