"""Reads of trips and their links for the API and the console."""

from django.db.models import QuerySet

from tracker.devices.models import Device
from tracker.outbox.models import OutboxEvent
from tracker.tenants.identifiers import BadIdentifier, parse_id
from tracker.tenants.models import Environment
from tracker.trips.models import Trip, TripShare

EXTERNAL = "external:"
LONGEST_EXTERNAL_ID = 200


def trips_of(
    environment: Environment, *, state: str | None = None, device: Device | None = None
) -> QuerySet[Trip]:
    """The environment's trips, device and geofence loaded, narrowed."""
    rows = Trip.objects.for_environment(environment).select_related("device", "geofence")
    if state:
        rows = rows.filter(state=state)
    return rows.filter(device=device) if device else rows


def trips_after(
    environment: Environment,
    *,
    after: int | None,
    limit: int,
    state: str | None = None,
    device: Device | None = None,
    external_id: str | None = None,
) -> list[Trip]:
    """Up to `limit` trips, the newest first, those behind the one numbered `after`."""
    rows = trips_of(environment, state=state, device=device)
    if external_id is not None:
        rows = rows.filter(external_id=external_id)
    if after is not None:
        rows = rows.filter(pk__lt=after)
    return list(rows.order_by("-pk")[:limit])


def trip_of(environment: Environment, reference: str) -> Trip | None:
    """The trip that `trp_…` or `external:…` names; None where there is none."""
    rows = trips_of(environment)
    if reference.startswith(EXTERNAL):
        external_id = reference.removeprefix(EXTERNAL)
        usable = 0 < len(external_id) <= LONGEST_EXTERNAL_ID and "\x00" not in external_id
        return rows.filter(external_id=external_id).first() if usable else None
    try:
        return rows.filter(uid=parse_id("trp", reference)).first()
    except BadIdentifier:
        return None


def shares_of(trip: Trip) -> list[TripShare]:
    """All links of a trip, the newest first."""
    return list(TripShare.objects.for_environment(trip.environment_id).filter(trip=trip).order_by("-pk"))


def share_of(trip: Trip, share_id: str) -> TripShare | None:
    """The link `shr_…` of a trip; None where there is none."""
    try:
        uid = parse_id("shr", share_id)
    except BadIdentifier:
        return None
    return TripShare.objects.for_environment(trip.environment_id).filter(trip=trip, uid=uid).first()


def events_of(trip: Trip, *, most: int) -> list[OutboxEvent]:
    """What was told of a trip, the newest first, as far back as events are kept."""
    rows = OutboxEvent.objects.for_environment(trip.environment_id).filter(
        device_id=trip.device_id, kind__startswith="trip.", created_at__gte=trip.created_at
    )
    return list(rows.filter(data__trip__id=trip.public_id).order_by("-pk")[:most])
