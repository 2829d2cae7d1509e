"""Reads of alerts: an environment's, narrowed by state, kind, device, and by what a member may see."""

import uuid
from dataclasses import dataclass
from enum import StrEnum

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from tracker.alerts.models import Alert, ExpectedPresence
from tracker.geofences.models import GeofenceVisit
from tracker.geofences.naming import last_name
from tracker.live.sight import Sight
from tracker.tenants.identifiers import BadIdentifier, parse_id
from tracker.tenants.models import Environment


class State(StrEnum):
    """Where an alert stands. An acknowledged one whose cause has ended is resolved."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


WHERE = {
    State.OPEN: Q(resolved_at=None, acknowledged_at=None),
    State.ACKNOWLEDGED: Q(resolved_at=None, acknowledged_at__isnull=False),
    State.RESOLVED: Q(resolved_at__isnull=False),
}


@dataclass(frozen=True)
class Narrowing:
    """Which alerts are meant; what is None narrows nothing."""

    state: State | None = None
    kind: Alert.Kind | None = None
    device_id: int | None = None
    sight: Sight | None = None


def state_of(alert: Alert) -> State:
    """Where this one stands."""
    if alert.resolved_at is not None:
        return State.RESOLVED
    return State.OPEN if alert.acknowledged_at is None else State.ACKNOWLEDGED


def alerts_of(environment: Environment | int, narrowing: Narrowing | None = None) -> QuerySet[Alert]:
    """An environment's alerts with all that they show of others.

    Limited to a sight: those of devices inside it now, and those about a geofence of it. That a device left the
    geofence, or is not where it is expected, concerns whoever watches that geofence.
    """
    wanted = narrowing or Narrowing()
    rows = Alert.objects.for_environment(environment)
    rows = rows.select_related("device", "geofence", "trip", "acknowledged_by")
    rows = rows.annotate(geofence_name=last_name())
    if wanted.state is not None:
        rows = rows.filter(WHERE[wanted.state])
    if wanted.kind is not None:
        rows = rows.filter(kind=wanted.kind)
    if wanted.device_id is not None:
        rows = rows.filter(device=wanted.device_id)
    return rows if wanted.sight is None else rows.filter(_visible(wanted.sight))


def open_alerts(environment: Environment, sight: Sight | None, *, limit: int) -> list[Alert]:
    """Up to `limit` alerts whose cause has not ended, newest first; those nobody has taken on come first."""
    rows = alerts_of(environment, Narrowing(sight=sight)).filter(resolved_at=None)
    return list(rows.order_by(F("acknowledged_at").asc(nulls_first=True), "-raised_at", "-pk")[:limit])


def alert_of(environment: Environment, public_id: str, sight: Sight | None = None) -> Alert | None:
    """The environment's alert with that public id, where it may be seen; None for any other text."""
    try:
        uid: uuid.UUID = parse_id("alt", public_id)
    except BadIdentifier:
        return None
    return alerts_of(environment, Narrowing(sight=sight)).filter(uid=uid).first()


def _visible(sight: Sight) -> Q:
    visits = GeofenceVisit.objects.unscoped("of the outer query's devices, whose environment is theirs")
    inside = visits.filter(
        environment=OuterRef("environment"),
        device=OuterRef("device"),
        geofence__in=sight.keys,
        exited_at=None,
    )
    return Q(Exists(inside)) | Q(geofence__in=sight.keys)


def alerts_after(
    environment: Environment, narrowing: Narrowing, *, after: int | None, limit: int
) -> list[Alert]:
    """Up to `limit` alerts, the one raised last first, those behind the row `after`."""
    rows = alerts_of(environment, narrowing)
    if after is not None:
        rows = rows.filter(pk__lt=after)
    return list(rows.order_by("-pk")[:limit])


def expectations_of(environment: Environment, sight: Sight | None = None) -> QuerySet[ExpectedPresence]:
    """An environment's expected presences; limited to a sight those in a geofence of it."""
    rows = ExpectedPresence.objects.for_environment(environment).select_related("device", "geofence")
    rows = rows.annotate(geofence_name=last_name())
    return rows if sight is None else rows.filter(geofence__in=sight.keys)


def expectation_of(
    environment: Environment, public_id: str, sight: Sight | None = None
) -> ExpectedPresence | None:
    """The one with that public id; None for any other text."""
    try:
        uid: uuid.UUID = parse_id("xpr", public_id)
    except BadIdentifier:
        return None
    return expectations_of(environment, sight).filter(uid=uid).first()
