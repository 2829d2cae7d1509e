"""Judges every few seconds what doors and consumers counted: begins storms, counts them, and lifts them again.

Of two judges at once one goes home. What was counted stands in the storm's row, up to which tally too, so that no
tally is in the figures twice whoever judged before.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache

from django.conf import settings
from django.db import connection, transaction

from billing.storms import tallies, telling
from billing.storms.models import Storm
from billing.storms.prices import would_have_cost
from ingest_lambda.floods import (
    AGE_S,
    WINDOW_S,
    Followed,
    Kind,
    Look,
    Recent,
    Seen,
    State,
    Watch,
    began,
    gather,
    judge,
    least,
    order,
    rate_of,
)
from tracker.devices.selectors import how_many_report
from tracker.http.connections import redis_client
from tracker.tenants import scope
from tracker.tenants.models import Environment

WHY = "storms of every customer are judged"
LOCK = 0x4D50_57E3
LIFTED_FOR = timedelta(minutes=10)  # what staff lifted is not recognised again at once
MOST_RATES = 720
IN_FORCE = {State.STORM, State.ENDING}
Place = tuple[int, Kind, str]

logger = logging.getLogger(__name__)


@dataclass
class Judged:
    """What a look did."""

    looked_at: int = 0
    begun: list[Storm] = field(default_factory=list)
    ended: list[Storm] = field(default_factory=list)


@cache
def _memory(url: str) -> Recent:
    """The tallies this process has read: what another one read it reads again."""
    return Recent()


def judge_storms(*, now: datetime, recent: Recent | None = None) -> Judged:
    """One look at everything that is busy. Raises what Redis raises: then nothing was changed."""
    client, done = redis_client(settings.REDIS_URL), Judged()
    recent = _memory(settings.REDIS_URL) if recent is None else recent
    with scope.scope(unscoped=WHY):
        if not _alone():
            return done
        tallies.read(client, recent, now.timestamp())
        kept, seen, storms = tallies.watches(client), recent.by_key(), _storms()
        places = _worth(seen, kept, storms, now)
        tenants = _tenants(environment for environment, _, _ in places)
        watches: dict[str, Watch] = {}
        for place in places:
            if place[0] in tenants:
                watches[name_of(place)] = _judge_one(
                    place, seen.get(place, []), kept.get(name_of(place), Watch()), storms, tenants, now, done
                )
        done.looked_at = len(watches)
        in_force = _in_force()
        gone = [name for name in kept if name not in watches and kept[name].looked < now.timestamp() - 86_400]
        gone += [name for name, watch in watches.items() if watch.state is State.QUIET and watch.usual < 1]
        left = {name: watch for name, watch in watches.items() if name not in gone}
        transaction.on_commit(lambda: _publish(left, gone, in_force))
    return done


def name_of(place: Place) -> str:
    """Where its watch is kept."""
    return f"{place[0]}:{place[1].value}:{place[2]}"


def _alone() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        return bool(cursor.fetchone()[0])


def _publish(watches: dict[str, Watch], gone: list[str], in_force: dict[int, list[int]]) -> None:
    client = redis_client(settings.REDIS_URL)
    tallies.keep(client, watches, gone)
    tallies.put_in_force(client, in_force)


def _storms() -> dict[Place, Storm]:
    """Those in force, held against whoever would lift them meanwhile."""
    rows = Storm.objects.unscoped(WHY).filter(ended_at=None).select_for_update().order_by("pk")
    return {(row.environment_id, Kind(row.kind), row.key): row for row in rows}


def _in_force() -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    rows = Storm.objects.unscoped(WHY).filter(ended_at=None, kind=Storm.Kind.REGISTRATIONS)
    for environment, key in rows.order_by("pk").values_list("environment_id", "key"):
        found.setdefault(environment, []).append(int(key))
    return found


def _tenants(environments: Iterable[int]) -> dict[int, int]:
    """Whose environments they are; one that is gone is nobody's."""
    rows = Environment.objects.unscoped(WHY).filter(pk__in=set(environments))
    return dict(rows.values_list("pk", "tenant_id"))


def _worth(
    seen: dict[Place, list[Seen]], kept: dict[str, Watch], storms: dict[Place, Storm], now: datetime
) -> list[Place]:
    """What to look at: all that is counted, and all that is in force or suspected though nothing comes any more."""
    lifted = {
        (environment, Kind(kind), key)
        for environment, kind, key in Storm.objects.unscoped(WHY)
        .filter(ended_at__gt=now - LIFTED_FOR)
        .exclude(lifted_because="")
        .values_list("environment_id", "kind", "key")
    }
    silent = []
    for name, watch in kept.items():
        environment, kind, key = name.split(":", 2)
        if watch.state is not State.QUIET:
            silent.append((int(environment), Kind(kind), key))
    return [place for place in dict.fromkeys([*storms, *seen, *silent]) if place not in lifted]


def _judge_one(
    place: Place,
    seen: Sequence[Seen],
    watch: Watch,
    storms: dict[Place, Storm],
    tenants: dict[int, int],
    now: datetime,
    done: Judged,
) -> Watch:
    storm = storms.get(place)
    if storm is None and watch.state in IN_FORCE:
        watch = Watch(usual=watch.usual)  # it was lifted
    elif storm is not None and watch.state not in IN_FORCE:
        watch = Watch(State.STORM, now.timestamp(), watch.usual)  # what was kept of it is lost
    look = _look(place, seen, watch, now)
    after = judge(watch, look)
    if storm is None and after.state is State.STORM and after.reason is not None:
        storm = _begin(place, seen, after, look, now)
        done.begun.append(storm)
    if storm is None:
        return after
    _count(storm, seen, look)
    cost = would_have_cost(tenants[place[0]], storm, now)
    storm.would_have_cost_minor, storm.currency = cost
    if after.state is State.QUIET:
        storm.ended_at = now
        done.ended.append(storm)
    storm.save()
    if storm in done.begun:
        telling.record_begun(storm)
    if storm.ended_at is not None:
        telling.record_ended(storm, now)
    return after


def _look(place: Place, seen: Sequence[Seen], watch: Watch, now: datetime) -> Look:
    at, kind = now.timestamp(), place[1]
    rate = rate_of(kind, seen, at)
    window = gather(seen, at - WINDOW_S)
    followed = Followed(0, 0)
    if kind is Kind.REGISTRATIONS and rate >= least(kind, watch.usual) / 2:
        # devices that came so lately that they cannot have reported yet say nothing
        names = gather(seen, at - WINDOW_S, at - AGE_S).names
        followed = Followed(len(names), how_many_report(place[0], names))
    return Look(kind, at, rate, window, followed)


def _begin(place: Place, seen: Sequence[Seen], watch: Watch, look: Look, now: datetime) -> Storm:
    first = began(place[1], seen, watch.usual)
    before = [one for one in seen if one.at < first]
    return Storm(
        environment_id=place[0],
        kind=place[1].value,
        key=place[2],
        reason=(watch.reason or "repeated"),
        began_at=datetime.fromtimestamp(first, UTC),
        recognised_at=now,
        evidence=_evidence(watch, look),
        counted_to=before[-1].entry if before else "0-0",
        rates=_history(place[1], seen, look.now),
    )


def _evidence(watch: Watch, look: Look) -> dict[str, float | int | str]:
    window = look.window
    return {
        "rate": round(look.rate, 1),
        "usual": round(watch.usual, 1),
        "received": window.received,
        "repeats": window.repeats,
        "distinct": window.distinct,
        "each": round(window.each, 2),
        "repeated_share": round(window.repeated_share, 4),
        "asked": look.followed.asked,
        "reported": look.followed.reported,
    }


def _history(kind: Kind, seen: Sequence[Seen], now: float) -> list[list[float]]:
    """How it rose: a point for each five seconds of the last minute."""
    points = []
    for behind in range(60, 0, -5):
        span = [one for one in seen if now - behind - 5 <= one.at < now - behind]
        count = sum(one.tally.repeats if kind is Kind.REPEATS else one.tally.received for one in span)
        points.append([float(int(now - behind)), round(count / 5, 1)])
    return points


def _count(storm: Storm, seen: Sequence[Seen], look: Look) -> None:
    """Add what is not counted yet."""
    counted_to = order(storm.counted_to)
    new = gather([one for one in seen if order(one.entry) > counted_to])
    storm.received += new.received
    storm.repeats += new.repeats
    storm.coalesced += new.coalesced
    storm.devices = max(storm.devices, look.window.distinct)
    storm.peak_per_second = max(storm.peak_per_second, round(look.rate, 1))
    storm.rates = [*storm.rates, [float(int(look.now)), round(look.rate, 1)]]
    if len(storm.rates) > MOST_RATES:
        storm.rates = storm.rates[::2]
    if seen:
        storm.counted_to = max(storm.counted_to, seen[-1].entry, key=order)
    if look.window.facts:
        storm.facts = [
            {
                "key_id": fact.key_id,
                "app_version": fact.app_version,
                "model": fact.model,
                "os": fact.os,
                "count": count,
            }
            for fact, count in look.window.facts
        ]
