"""Alerts from events: a subscriber of the relay, which may hand it events again and in any order.

An alert's uid follows from what raised it, so the same event makes it once. Whether it is over already is asked of the
outbox, where what ended it may stand although it was not handed on yet. One lock a device: two relays take turns.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from django.db import connection
from django.db.models import Q, QuerySet

from tracker.alerts.causes import (
    CONCERNING,
    CROSSINGS,
    ENDINGS,
    Cause,
    about_of,
    ended_by,
    origin_of,
    raised_by,
    sentence,
)
from tracker.alerts.models import Alert
from tracker.alerts.services import announce_after_commit
from tracker.alerts.wishes import Wishes
from tracker.devices.models import Device
from tracker.geofences.models import Geofence
from tracker.live.afterwards import announce_after
from tracker.outbox.catalogue import Kind as Event
from tracker.outbox.models import OutboxEvent
from tracker.tenants.identifiers import parse_id
from tracker.trips.models import Trip

LOCK = 0x414C  # the advisory locks of this module: "AL", then the device's number


def raise_from(events: Sequence[OutboxEvent]) -> None:
    """Raise and end alerts as these events say, and tell open maps after the commit. In a transaction."""
    mine: dict[int, list[OutboxEvent]] = defaultdict(list)
    for event in events:
        if event.kind in CONCERNING and event.device_id is not None:
            mine[event.environment_id].append(event)
    for environment_id, concerning in mine.items():
        changed = _Raising(environment_id, concerning).run()
        announce_after_commit(environment_id, changed)
        announce_after(environment_id, concerning)


class _Raising:
    """The events of one environment in one batch."""

    def __init__(self, environment_id: int, events: list[OutboxEvent]) -> None:
        self.environment_id = environment_id
        self.events = sorted(events, key=lambda event: event.pk)
        self.changed: set[int] = set()
        self.alerts = Alert.objects.for_environment(environment_id)

    def run(self) -> set[int]:
        """Row numbers of the alerts that are another than before."""
        wishes = Wishes(self.environment_id, self.events)
        causes = {event.pk: wishes.of(event) for event in self.events}
        devices = {event.device_id for event in self.events if causes[event.pk]}
        devices |= self._with_alerts()
        concerned = [event for event in self.events if event.device_id in devices]
        if not concerned:
            return set()
        lock_devices({event.device_id or 0 for event in concerned})
        names = self._names(devices)
        for event in concerned:
            if event.kind == Event.CROSSING_CORRECTED:
                self._correct(event, wishes)
            for cause in ended_by(event.kind, event.data):
                self._end(event, cause)
            if event.device_id in names:  # one that was deleted meanwhile has no alerts any more
                for cause in causes[event.pk]:
                    self._raise(event, cause, names[event.device_id])
        return self.changed

    def _with_alerts(self) -> set[int | None]:
        """Most events are of devices without any: they cost this one look."""
        devices = {event.device_id for event in self.events}
        return set(self.alerts.filter(device__in=devices, resolved_at=None).values_list("device", flat=True))

    def _names(self, devices: set[int | None]) -> dict[int, str]:
        rows = Device.objects.for_environment(self.environment_id).filter(pk__in=devices, deleted_at=None)
        return {device.pk: str(device) for device in rows}

    def _raise(self, event: OutboxEvent, cause: Cause, name: str) -> None:
        uid = cause.uid(self._root(event))
        if self.alerts.filter(uid=uid).exists():
            return
        same = self.alerts.filter(device=event.device_id, kind=cause.kind, subject=cause.subject)
        self._end_what_was_before(event, cause, same)
        raised_at, over = event.occurred_at, self._over(event, cause)
        if same.filter(resolved_at=over).exists():
            return  # it is told of already: two such events with nothing between them
        alert = Alert(
            uid=uid, environment_id=self.environment_id, kind=cause.kind, device_id=event.device_id or 0,
            geofence=self._geofence(cause), trip=self._trip(cause), subject=cause.subject, raised_at=raised_at,
            resolved_at=over, text=sentence(cause, name, about_of(cause, event.data), event.data),
        )  # fmt: skip
        made = Alert.objects.unscoped("the row names its environment")
        made.bulk_create([alert], ignore_conflicts=True)
        self.changed |= set(self.alerts.filter(uid=uid).values_list("pk", flat=True))

    def _end(self, event: OutboxEvent, cause: Cause) -> None:
        """Ends what was raised before it, not what came since: the event may be an old one that comes again."""
        by_time = event.kind in _BY_TIME and cause.kind != Alert.Kind.ABSENT
        before = event.occurred_at if by_time else event.created_at
        rows = self.alerts.filter(
            device=event.device_id, kind=cause.kind, subject=cause.subject, resolved_at=None,
            raised_at__lte=before,
        )  # fmt: skip
        self._resolve(rows, event.occurred_at)

    def _resolve(self, rows: "QuerySet[Alert]", at: datetime) -> None:
        for alert in rows:
            self.alerts.filter(pk=alert.pk, resolved_at=None).update(resolved_at=max(at, alert.raised_at))
            self.changed.add(alert.pk)

    def _end_what_was_before(self, event: OutboxEvent, cause: Cause, same: "QuerySet[Alert]") -> None:
        """An open one whose end is in the outbox and not handed on yet would stand in the way of this one."""
        for alert in same.filter(resolved_at=None, raised_at__lt=event.occurred_at):
            endings = self._endings(event, cause)
            if event.kind in _BY_TIME:
                endings = endings.filter(occurred_at__gte=alert.raised_at, occurred_at__lte=event.occurred_at)
            else:
                endings = endings.filter(created_at__gte=alert.raised_at, pk__lt=event.pk)
            if (ending := endings.first()) is not None:
                self._resolve(same.filter(pk=alert.pk), ending.occurred_at)

    def _over(self, event: OutboxEvent, cause: Cause) -> datetime | None:
        """When what the event tells of ended, where that is known."""
        endings = self._endings(event, cause)
        if event.kind in _BY_TIME:
            later = Q(occurred_at__gt=event.occurred_at) | Q(occurred_at=event.occurred_at, pk__gt=event.pk)
            withdrawn = self._corrections().filter(
                data__corrects=event.data["crossing"], data__withdrawn=True
            )
            ending = endings.filter(later).first() or withdrawn.first()
        else:
            ending = endings.filter(pk__gt=event.pk).first()
        return None if ending is None else max(ending.occurred_at, event.occurred_at)

    def _endings(self, event: OutboxEvent, cause: Cause) -> "QuerySet[OutboxEvent]":
        """Events that end this cause, in the order in which things happened."""
        rows = OutboxEvent.objects.for_environment(self.environment_id)
        rows = rows.filter(device_id=event.device_id, kind__in=ENDINGS[cause.kind])
        if cause.kind == Alert.Kind.ENTERED:
            rows = rows.filter(data__from__id=cause.subject)
        elif cause.kind == Alert.Kind.LEFT:
            rows = rows.filter(data__to__id=cause.subject)
        elif cause.subject:
            rows = rows.filter(data__trip__id=cause.subject)
        return rows.order_by("occurred_at", "pk") if event.kind in _BY_TIME else rows.order_by("pk")

    def _correct(self, event: OutboxEvent, wishes: Wishes) -> None:
        """What the corrected crossing raised is over, unless the crossing that stands for it raises the same."""
        corrected = self._told(event.device_id, str(event.data["corrects"]))
        if corrected is None:
            return
        root = self._root(corrected)
        keep = set() if event.data.get("withdrawn") else set(wishes.of(event))
        for cause in raised_by(corrected.kind, corrected.data):
            rows = self.alerts.filter(uid=cause.uid(root), resolved_at=None)
            if cause not in keep:
                self._resolve(rows, event.created_at)
            elif rows.update(raised_at=event.occurred_at):
                self.changed |= set(rows.values_list("pk", flat=True))

    def _root(self, event: OutboxEvent) -> str:
        """The crossing that was told first, of one that was corrected; of other events their own id."""
        seen = origin = origin_of(event.kind, event.public_id, event.data)
        told: OutboxEvent | None = event
        while told is not None and told.data.get("corrects") and told.kind in _BY_TIME:
            origin = str(told.data["corrects"])
            told = self._told(event.device_id, origin)
        return origin or seen

    def _told(self, device_id: int | None, crossing: str) -> OutboxEvent | None:
        rows = OutboxEvent.objects.for_environment(self.environment_id)
        return rows.filter(device_id=device_id, kind__in=_BY_TIME, data__crossing=crossing).first()

    def _corrections(self) -> "QuerySet[OutboxEvent]":
        rows = OutboxEvent.objects.for_environment(self.environment_id)
        return rows.filter(kind=Event.CROSSING_CORRECTED, device_id__in={e.device_id for e in self.events})

    def _geofence(self, cause: Cause) -> Geofence | None:
        if not cause.subject.startswith("gf_"):
            return None
        rows = Geofence.objects.for_environment(self.environment_id)
        return rows.filter(uid=parse_id("gf", cause.subject)).first()

    def _trip(self, cause: Cause) -> Trip | None:
        if not cause.subject.startswith("trp_"):
            return None
        rows = Trip.objects.for_environment(self.environment_id)
        return rows.filter(uid=parse_id("trp", cause.subject)).first()


# Late fixes make crossings known in another order than they happened; all else happens in the order it is written.
_BY_TIME = {*CROSSINGS, Event.CROSSING_CORRECTED}


def lock_devices(devices: set[int]) -> None:
    """Whoever raises or ends alerts of these devices takes turns, to the end of the transaction."""
    with connection.cursor() as cursor:
        for device in sorted(devices):
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [(LOCK << 40) | device])
