"""Writes crossings that no report told of: time went by, or a version was published. The consumer's form, and one event
for each row, in the caller's transaction."""

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ingest_lambda.presence.event import Named, Subject, event_data, event_kind
from ingest_lambda.presence.telling import Crossing
from tracker.devices.models import Device
from tracker.geofences.models import GeofenceCrossing, GeofenceVersionMember
from tracker.outbox.catalogue import Kind
from tracker.outbox.services import NewEvent, record_all
from tracker.tenants.identifiers import public_id

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class News:
    """A crossing of a device; `entered_us` belongs to a stay that was long enough."""

    device: Device
    crossing: Crossing
    origin: Named | None = None
    target: Named | None = None
    entered_us: int | None = None


def microseconds(moment: datetime) -> int:
    """Since 1970, exactly."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def moment(time_us: int) -> datetime:
    """The other way round."""
    return EPOCH + timedelta(microseconds=time_us)


def tell(news: Sequence[News], *, now: datetime) -> None:
    """A row and an event of each. To be called in the transaction of the visits that say the same."""
    rows, events = [], []
    for one in news:
        crossing, uid = one.crossing, uuid.uuid4()
        rows.append(_row(one, uid, now))
        data = event_data(
            *(crossing, Subject(one.device.uid.hex, one.device.external_id)),
            public_id=public_id("crs", uid),
            origin=one.origin,
            target=one.target,
            entered_us=one.entered_us,
        )
        events.append(
            NewEvent(
                one.device.environment_id,
                Kind(event_kind(crossing, corrects=None)),
                data,
                occurred_at=moment(crossing.occurred_us),
                device_id=one.device.pk,
            )
        )
    GeofenceCrossing.objects.unscoped("each row below names its environment").bulk_create(rows)
    record_all(events)


def _row(news: News, uid: uuid.UUID, now: datetime) -> GeofenceCrossing:
    crossing = news.crossing
    return GeofenceCrossing(
        uid=uid,
        environment_id=news.device.environment_id,
        device=news.device,
        kind=crossing.kind,
        cause=crossing.cause,
        from_geofence_id=crossing.from_id,
        to_geofence_id=crossing.to_id,
        from_name=news.origin.name if news.origin else None,
        to_name=news.target.name if news.target else None,
        occurred_at=moment(crossing.occurred_us),
        decided_at=moment(crossing.decided_us),
        longitude=crossing.longitude,
        latitude=crossing.latitude,
        version=crossing.version,
        received_at=now,
        stored_at=now,
    )


def names_at(environment_id: int, wanted: Collection[tuple[int, int]]) -> dict[tuple[int, int], Named]:
    """What versions call geofences, both given by number and row: by that version, or the last before that had it."""
    found: dict[tuple[int, int], Named] = {}
    if not wanted:
        return found
    members = (
        GeofenceVersionMember.objects.for_environment(environment_id)
        .filter(
            geofence_id__in={geofence_id for geofence_id, _ in wanted},
            version__number__lte=max(number for _, number in wanted),
        )
        .order_by("version__number")
        .values_list(
            *("geofence_id", "version__number", "geofence__uid", "geofence__external_id", "shape__name")
        )
    )
    for geofence_id, number, uid, external_id, name in members:
        for key in _from(wanted, geofence_id, number):
            found[key] = Named(uid.hex, external_id, name)
    return found


def _from(wanted: Iterable[tuple[int, int]], geofence_id: int, number: int) -> Iterable[tuple[int, int]]:
    return (key for key in wanted if key[0] == geofence_id and key[1] >= number)
