"""From a token to what a customer sees: one query, and what it found kept for a moment.

A hundred looks at one shipment within a second and a half cost what one costs. A token that was not sealed here never
reaches the database.
"""

import json
import time
from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection

from dispatch.planning.models import HOURS_OFFERED
from dispatch.tracking.glance import Glance, Rules, Seen, glance
from dispatch.tracking.links import Opened, opened
from tracker.tenants import scope

KEPT_S, MOST_KEPT = 1.5, 5_000
STOP = """
    SELECT st.*, m.state AS manifest_state, m.driver_id AS of_driver, m.begun_at
    FROM dispatch_manifeststop st JOIN dispatch_manifest m ON m.id = st.manifest_id
    WHERE st.environment_id = s.environment_id AND st.shipment_id = s.id AND st.state <> 'removed'
        AND m.state IN ('released', 'acknowledged', 'in_progress', 'done')
    ORDER BY m.service_date DESC, m.id DESC LIMIT 1"""
LOOK = f"""
    SELECT s.id, s.external_id, p.state, p.slots, p.note, p.language, p.attempts, p.failed_reason, p.cash_minor,
        p.currency, p.not_before, p.changed_at, p.delivered_at, p.ended_at, h.timezone,
        t.manifest_state, t.state, t.slot_from, t.slot_to, t.planned_arrival, t.eta_at, t.eta_latest_at,
        p.longitude, p.latitude,
        CASE WHEN t.begun_at IS NOT NULL THEN
            (SELECT count(*) FROM dispatch_manifeststop o WHERE o.environment_id = s.environment_id
                AND o.manifest_id = t.manifest_id AND o.place < t.place AND o.state IN ('planned', 'arrived')) END,
        d.recorded_at, d.longitude, d.latitude, d.heading_deg,
        COALESCE(NULLIF(c.brand, ''), o.name), c.language, c.reveal_stops_away,
        c.customers_reschedule, c.customers_note, c.ends_after_s, c.proofs, c.slots_offered
    FROM dispatch_shipment s
    JOIN dispatch_shipmentstate p ON p.shipment_id = s.id
    JOIN tracker_environment n ON n.id = s.environment_id
    JOIN tracker_tenant o ON o.id = n.tenant_id
    LEFT JOIN dispatch_hub h ON h.id = p.hub_id
    LEFT JOIN LATERAL ({STOP}) t ON p.state IN ('assigned', 'out_for_delivery')
    LEFT JOIN dispatch_deviceholding g ON g.environment_id = s.environment_id AND g.driver_id = t.of_driver
        AND g.until IS NULL
    LEFT JOIN tracker_devicestate d ON d.device_id = g.device_id
    LEFT JOIN dispatch_dispatchsettings c ON c.environment_id = s.environment_id
    WHERE s.environment_id = %s AND s.uid = %s"""  # noqa: S608  the two parts stand above
USUAL = Rules("", "", 3, True, True, timedelta(days=1), False, HOURS_OFFERED)


class Look(NamedTuple):
    """What a token shows, and what stands behind it."""

    opened: Opened
    seen: Seen
    rules: Rules
    glance: Glance


_kept: OrderedDict[str, tuple[float, Look]] = OrderedDict()


def look(token: str, *, now: datetime, fresh: bool = False) -> Look | None:
    """What the link with this token shows; None for one that nobody made, or that is over."""
    clock = time.monotonic()
    if not fresh and (kept := _kept.get(token)) is not None and clock - kept[0] < KEPT_S:
        return kept[1]
    _kept.pop(token, None)
    key = opened(token)
    found = None if key is None else _read(key, now)
    if found is not None:
        _kept[token] = (clock, found)
        while len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)
    return found


def _read(key: Opened, now: datetime) -> Look | None:
    with scope.scope(environment_id=key.environment_id), connection.cursor() as cursor:
        cursor.execute(LOOK, [key.environment_id, key.shipment_uid])
        row = cursor.fetchone()
    if row is None:
        return None
    seen = Seen(*row[:-8])
    seen, rules = seen._replace(slots=_slots(row[3])), _rules(row[-8:])
    shown = glance(seen, rules, now=now)
    return None if shown is None else Look(key, seen, rules, shown)


def _rules(row: tuple[Any, ...]) -> Rules:
    """As the settings say; the usual ones where an environment has none. The brand is the sender's name, else."""
    if row[2] is None:
        return USUAL._replace(brand=row[0])
    brand, language, reveal, reschedule, note, ends_after_s, proofs, hours = row
    ends_after = timedelta(seconds=ends_after_s)
    return Rules(brand, language, reveal, reschedule, note, ends_after, "code" in proofs, _slots(hours))


def _slots(value: str | list[list[str]]) -> list[list[str]]:
    """Outside its models Django leaves JSON as text."""
    return json.loads(value) if isinstance(value, str) else value
