"""The operator's own router: how long the way takes, asked over HTTP at MILEPOST_OSRM_URL, and remembered.

Asked between looks and never inside a transaction, a few at a time and for a second and a half of a tick at most. A
route stays in use for two minutes, scaled by what is left of the way; where the router is away, estimates go back to
the learned pace and say so.
"""

import json
import logging
import urllib.error
import urllib.request
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.core.cache import cache

from tracker.trips.advance import Route, memory_of
from tracker.trips.ground import Place, distance_m
from tracker.trips.models import Trip

logger = logging.getLogger(__name__)
ANEW_AFTER_S, LASTS_S = 30, 120
TIMEOUT_S, BUDGET_S = 1.0, 1.5
AT_ONCE, MOST_A_TICK = 8, 100
AWAY_S = 15  # after a failure it is left alone for so long
AWAY = "osrm:away"
LARGEST_ANSWER = 65_536


class RouterFailed(Exception):
    """The router did not answer with a route; the text says what it did instead."""


class _Asked(NamedTuple):
    trip_id: int
    start: Place
    end: Place


# no proxy of the process's environment: the address is the operator's own
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def known_routes(trips: Iterable[Trip]) -> dict[int, Route]:
    """The routes remembered of these trips: one look into the cache for all."""
    if not settings.OSRM_URL:
        return {}
    keys = {_key(trip.pk): trip.pk for trip in trips if trip.state == Trip.State.ACTIVE}
    return {
        keys[key]: Route(seconds, straight) for key, (_, seconds, straight) in cache.get_many(keys).items()
    }


def ask(trips: Sequence[Trip], *, now: datetime) -> int:
    """Ask the router for trips whose route is not known or old; how many answers came."""
    if not settings.OSRM_URL or cache.get(AWAY):
        return 0
    wanted = _wanted(trips, now)[:MOST_A_TICK]
    if not wanted:
        return 0
    pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="osrm")
    try:
        asked = {pool.submit(route_s, one.start, one.end): one for one in wanted}
        done, _ = wait(asked, timeout=BUDGET_S)
        return _remember({asked[future]: future for future in done}, now)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def route_s(start: Place, end: Place) -> float:
    """Seconds from one place to the other, by the router. Raises RouterFailed."""
    places = ";".join(f"{longitude:.6f},{latitude:.6f}" for longitude, latitude in (start, end))
    url = f"{settings.OSRM_URL}/route/v1/driving/{places}?overview=false&steps=false"
    try:
        with _opener.open(url, timeout=TIMEOUT_S) as answer:
            said = json.loads(answer.read(LARGEST_ANSWER))
        seconds = float(said["routes"][0]["duration"])
    except (urllib.error.URLError, OSError, ValueError, LookupError, TypeError) as error:
        raise RouterFailed(f"{type(error).__name__}: {error}") from None
    if not 0 <= seconds < 1e8:
        raise RouterFailed(f"a duration of {seconds}")
    return seconds


def _wanted(trips: Sequence[Trip], now: datetime) -> list[_Asked]:
    active = [trip for trip in trips if trip.state == Trip.State.ACTIVE and trip.destination is not None]
    known = cache.get_many([_key(trip.pk) for trip in active])
    wanted = []
    for trip in active:
        asked_s = known.get(_key(trip.pk), (0.0,))[0]
        last = memory_of(trip).progress.last
        if last is not None and trip.destination is not None and now.timestamp() - asked_s >= ANEW_AFTER_S:
            wanted.append(_Asked(trip.pk, last.place, (trip.destination.x, trip.destination.y)))
    return wanted


def _remember(answers: dict[_Asked, "Future[float]"], now: datetime) -> int:
    routes, failures = {}, []
    for one, future in answers.items():
        try:
            straight_m = distance_m(one.start, one.end)
            routes[_key(one.trip_id)] = (now.timestamp(), future.result(), straight_m)
        except RouterFailed as failure:
            failures.append(str(failure))
    if routes:
        cache.set_many(routes, LASTS_S)
    if failures:
        logger.warning("the router failed", extra={"failures": len(failures), "first": failures[0]})
    if not routes:
        cache.set(AWAY, True, AWAY_S)
    return len(routes)


def _key(trip_id: int) -> str:
    return f"osrm:{trip_id}"
