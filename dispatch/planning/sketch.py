"""The best plan so far of a run that goes on, for whoever looks: in Redis, a few minutes longer than it is true."""

import logging
from typing import Any

import msgspec
from django.conf import settings
from redis.exceptions import RedisError

from dispatch.planning.assembling import Assembled
from dispatch.planning.frames import Better
from dispatch.planning.prices import in_units
from tracker.http.connections import redis_client

LASTS_S = 600
logger = logging.getLogger(__name__)


def draw(run_id: int, assembled: Assembled, better: Better) -> None:
    """Put the plan where the run's page looks. A Redis that is away costs the picture, never the run."""
    text = msgspec.json.encode(picture(assembled, better))
    try:
        redis_client(settings.REDIS_URL).set(_key(run_id), text, ex=LASTS_S)
    except RedisError as error:
        logger.warning("the picture of a run was not drawn", extra={"reason": str(error)[:200]})


def drawn(run_id: int) -> dict[str, Any] | None:
    """What was drawn last; None where nothing was, or Redis is away."""
    try:
        text = redis_client(settings.REDIS_URL).get(_key(run_id))
    except RedisError:
        return None
    found: dict[str, Any] | None = msgspec.json.decode(text) if text else None
    return found


def picture(assembled: Assembled, better: Better) -> dict[str, Any]:
    """Routes as lines: where each driver goes, in order."""
    places = {stop.id: assembled.brief.places[stop.place] for stop in assembled.brief.stops}
    routes = []
    # in the order in which the page lists them once the run is over
    for vehicle, stops in sorted(better.orders.items(), key=lambda one: assembled.hands[one[0]].driver.name):
        hand = assembled.hands[vehicle]
        line = [[places[stop].longitude, places[stop].latitude] for stop in stops]
        if not hand.on_the_way:
            line.insert(0, list(hand.depot_place))
        routes.append({"driver": vehicle, "name": hand.driver.name, "stops": len(stops), "line": line})
    return {
        "elapsed_s": better.elapsed_s,
        "unserved": better.unserved,
        "cost": in_units({name: price for name, price in better.terms.items() if name != "unserved"}),
        "routes": routes,
    }


def _key(run_id: int) -> str:
    return f"plan:run:{run_id}"
