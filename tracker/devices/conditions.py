"""Tells when devices fall silent, come back and run low: a tick over all customers' devices, in two statements.

A device is told of once for each change. What was told last is its DeviceCondition; the change and its event are one
transaction, and of two ticks at once one finds the row changed already.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from django.db import connection, transaction

from tracker.devices.battery import LOW_UNDER, WELL_OVER
from tracker.devices.status import CADENCES, OFFLINE_AFTER, OFFLINE_AT_LATEST, offline_after
from tracker.http.times import moment_text
from tracker.outbox.catalogue import Kind
from tracker.outbox.services import NewEvent, record_all
from tracker.tenants.identifiers import public_id
from tracker.webhooks.payloads import AboutDevice, BatteryLow, DeviceOnline, DeviceSilent

AT_ONCE = 10_000  # devices a transaction: each is a scan of all, and none may hold its rows for long

# a device seen for the first time counts as silent since it was registered: the next statement says it is online
MEET = """
    INSERT INTO tracker_devicecondition (device_id, environment_id, silent_since, told_at)
    SELECT s.device_id, s.environment_id, d.registered_at, %(now)s
    FROM tracker_devicestate s JOIN tracker_device d ON d.id = s.device_id
    WHERE NOT EXISTS (SELECT 1 FROM tracker_devicecondition c WHERE c.device_id = s.device_id)
    ORDER BY s.device_id
    LIMIT %(at_once)s
    ON CONFLICT (device_id) DO NOTHING
"""

# `status.offline_after` and `battery.is_low` as conditions; a row another tick holds is that one's to tell.
# Nobody falls silent later than our consumers have read: what is missing may lie with us.
CHANGE = """
    WITH due AS MATERIALIZED (
        SELECT c.device_id, c.silent_since, c.battery_low_since, s.recorded_at, s.battery, s.cadence_s,
            rule.silent, rule.low
        FROM tracker_devicecondition c
        JOIN tracker_devicestate s ON s.device_id = c.device_id
        CROSS JOIN LATERAL (
            SELECT s.recorded_at < CASE WHEN c.silent_since IS NULL THEN %(read_to)s ELSE %(now)s END
                - make_interval(secs => greatest(
                    %(least_s)s, least(%(cadences)s * coalesce(s.cadence_s, 0), %(most_s)s))) AS silent
        ) AS heard
        CROSS JOIN LATERAL (
            SELECT heard.silent AS silent, CASE
                WHEN s.battery IS NULL THEN c.battery_low_since IS NOT NULL
                WHEN c.battery_low_since IS NOT NULL THEN s.battery <= %(well_over)s
                ELSE s.battery < %(low_under)s AND s.charging IS NOT TRUE AND NOT heard.silent
            END AS low
        ) AS rule
        WHERE rule.silent <> (c.silent_since IS NOT NULL) OR rule.low <> (c.battery_low_since IS NOT NULL)
        ORDER BY c.device_id
        LIMIT %(at_once)s
        FOR UPDATE OF c SKIP LOCKED
    )
    UPDATE tracker_devicecondition c
    SET silent_since = CASE WHEN due.silent THEN coalesce(due.silent_since, due.recorded_at) END,
        battery_low_since = CASE WHEN due.low THEN coalesce(due.battery_low_since, due.recorded_at) END,
        told_at = %(now)s
    FROM due
    JOIN tracker_device d ON d.id = due.device_id
    LEFT JOIN tracker_position p ON p.environment_id = d.environment_id AND p.device_id = d.id
        AND p.recorded_at = due.recorded_at
    WHERE c.device_id = due.device_id
    RETURNING c.environment_id, c.device_id, d.uid, d.external_id, d.name, due.silent_since, due.battery_low_since,
        due.silent, due.low, due.recorded_at, due.battery, due.cadence_s, p.request_id
"""


class Changed(NamedTuple):
    """One device whose condition is another than was told, in the columns of `CHANGE`."""

    environment_id: int
    device_id: int
    uid: UUID
    external_id: str
    name: str
    was_silent_since: datetime | None
    was_low_since: datetime | None
    silent: bool
    low: bool
    recorded_at: datetime
    battery: float | None
    cadence_s: float | None
    request_id: UUID | None  # of the report that the newest position came with


@dataclass(frozen=True)
class Told:
    """What a tick did: devices met for the first time, and events written."""

    met: int = 0
    events: int = 0


def watch(*, now: datetime, read_to: datetime | None = None, at_once: int = AT_ONCE) -> Told:
    """Compare every device with what was told of it, and tell what changed; `at_once` devices a transaction.

    `read_to`: what was received before it is stored; None: everything is.
    """
    met = _every(lambda: _meet(now, at_once), at_once)
    events = 0

    def change() -> int:
        nonlocal events
        changed = _change(now, read_to or now, at_once)
        events += len(changed[1])
        return changed[0]

    _every(change, at_once)
    return Told(met, events)


def events_of(changed: Changed, *, now: datetime) -> list[NewEvent]:
    """What is told of a device whose condition changed. A battery that is well again is not news."""
    found = []
    if changed.silent and changed.was_silent_since is None:
        found.append(_silent(changed))
    if not changed.silent and changed.was_silent_since is not None:
        found.append(_online(changed, changed.was_silent_since, now))
    if changed.low and changed.was_low_since is None:
        found.append(_battery_low(changed, now))
    return found


def _every(step: Any, at_once: int) -> int:
    done = 0
    while True:
        count: int = step()
        done += count
        if count < at_once:
            return done


def _meet(now: datetime, at_once: int) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(MEET, {"now": now, "at_once": at_once})
        return int(cursor.rowcount)


def _change(now: datetime, read_to: datetime, at_once: int) -> tuple[int, list[NewEvent]]:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(CHANGE, _bounds() | {"now": now, "read_to": read_to, "at_once": at_once})
            changed = [Changed(*row) for row in cursor.fetchall()]
        events = [event for one in changed for event in events_of(one, now=now)]
        record_all(events)
    return len(changed), events


def _bounds() -> dict[str, Any]:
    return {
        "least_s": OFFLINE_AFTER.total_seconds(),
        "cadences": CADENCES,
        "most_s": OFFLINE_AT_LATEST.total_seconds(),
        "low_under": LOW_UNDER,
        "well_over": WELL_OVER,
    }


def _silent(changed: Changed) -> NewEvent:
    bound = offline_after(changed.cadence_s)
    heard = moment_text(changed.recorded_at)
    data = DeviceSilent(_device(changed), heard, heard, bound.total_seconds(), changed.battery)
    return _event(changed, Kind.DEVICE_SILENT, data, changed.recorded_at + bound, by_report=False)


def _online(changed: Changed, silent_since: datetime, now: datetime) -> NewEvent:
    heard = moment_text(changed.recorded_at)
    silent = moment_text(min(silent_since, changed.recorded_at))  # a device is registered by its first report
    data = DeviceOnline(_device(changed), heard, heard, silent, changed.battery)
    return _event(changed, Kind.DEVICE_ONLINE, data, min(changed.recorded_at, now))


def _battery_low(changed: Changed, now: datetime) -> NewEvent:
    heard = moment_text(changed.recorded_at)
    data = BatteryLow(_device(changed), heard, heard, changed.battery or 0.0)
    return _event(changed, Kind.DEVICE_BATTERY_LOW, data, min(changed.recorded_at, now))


def _device(changed: Changed) -> AboutDevice:
    return AboutDevice(public_id("dev", changed.uid), changed.external_id, changed.name)


def _event(
    changed: Changed, kind: Kind, data: msgspec.Struct, occurred_at: datetime, *, by_report: bool = True
) -> NewEvent:
    return NewEvent(
        changed.environment_id,
        kind,
        msgspec.to_builtins(data),
        occurred_at=occurred_at,
        device_id=changed.device_id,
        request_id=changed.request_id if by_report else None,  # silence is told by time, by no report
    )
