"""An alert as open maps have it: one JSON object, whole each time something of it changes."""

from datetime import datetime
from typing import Any

from tracker.alerts.models import Alert
from tracker.tenants.models import User


def live_alert(alert: Alert) -> dict[str, Any]:
    """Times are epoch milliseconds or null."""
    return {
        "id": alert.public_id,
        "kind": alert.kind,
        "text": alert.text,
        "device": {
            "id": alert.device.public_id,
            "external_id": alert.device.external_id,
            "name": alert.device.name,
        },
        "geofence": alert.geofence and {"id": alert.geofence.public_id, "name": geofence_name(alert)},
        "trip": alert.trip and {"id": alert.trip.public_id, "name": alert.trip.destination_name},
        "raised_at": _ms(alert.raised_at),
        "resolved_at": _ms(alert.resolved_at),
        "acknowledged_at": _ms(alert.acknowledged_at),
        "acknowledged_by": person(alert.acknowledged_by) if alert.acknowledged_at else None,
        "note": alert.note,
    }


def person(user: User | None) -> str:
    """Who took an alert on."""
    return user.get_full_name() if user is not None else "a program with a secret key"


def geofence_name(alert: Alert) -> str:
    """What the geofence is called now; what it was called then stands in the alert's text."""
    return getattr(alert, "geofence_name", None) or ""


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp() * 1000)
