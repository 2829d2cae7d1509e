"""Remembers a hub's day for some seconds, for previews alone: a hand that passes over ten drivers asks ten times.

Reading fifty drivers with two thousand stops takes most of a second, weighing one move a twentieth of that. What is
remembered counts only while every manifest has the revision it had; a parcel that came since is seen a moment later.
Moves themselves never look here: they read anew, under their locks.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from dispatch.fleet.models import Hub
from dispatch.fleet.tree import descendants
from dispatch.manifests.desk import STANDING, Desk, desk_of
from dispatch.manifests.models import Manifest

LASTS = timedelta(seconds=15)
MOST = 8  # days of hubs in one process

Key = tuple[int, int, date]  # whose, which hub, which day
Stamp = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class _Kept:
    desk: Desk
    stamp: Stamp
    read_at: datetime


_kept: OrderedDict[Key, _Kept] = OrderedDict()
_lock = threading.Lock()


def recent_desk(environment_id: int, hub: Hub, *, service_date: date, now: datetime) -> Desk:
    """The day as it was at most some seconds ago. Nobody may change what they get. Raises as `desk_of`."""
    key = (environment_id, hub.pk, service_date)
    stamp = _stamp(environment_id, hub, service_date)
    with _lock:
        known = _kept.get(key)
    if known is not None and known.stamp == stamp and timedelta(0) <= now - known.read_at < LASTS:
        return known.desk
    desk = desk_of(environment_id, hub, service_date=service_date, now=now)
    with _lock:
        _kept[key] = _Kept(desk, stamp, now)
        _kept.move_to_end(key)
        while len(_kept) > MOST:
            _kept.popitem(last=False)
    return desk


def _stamp(environment_id: int, hub: Hub, service_date: date) -> Stamp:
    rows = Manifest.objects.for_environment(environment_id).filter(
        driver__hub__in=descendants(environment_id, hub.pk), service_date=service_date, state__in=STANDING
    )
    return tuple(rows.order_by("pk").values_list("pk", "revision"))
