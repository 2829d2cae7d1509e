"""Tells the edge which keys are revoked, through one Redis set that it polls every few seconds."""

import logging
from collections.abc import Iterable

import redis
from django.conf import settings

from tracker.http.connections import redis_client
from tracker.keys.models import Key

REVOKED_KEYS = "edge:revoked_keys"
logger = logging.getLogger(__name__)


def announce(key_ids: Iterable[int]) -> None:
    """Add keys to the set. With Redis away the tick below catches up, and the consumer asks the database anyway."""
    ids = list(key_ids)
    if not ids:
        return
    try:
        redis_client(settings.REDIS_URL).sadd(REVOKED_KEYS, *ids)
    except redis.RedisError as error:
        logger.warning("revocation not announced yet, the next tick will", extra={"reason": str(error)})


def announce_all() -> int:
    """Put every revoked publishable key in the set again, as after a loss of Redis; returns how many."""
    rows = Key.objects.unscoped("the edge serves all tenants").filter(
        kind=Key.Kind.PUBLISHABLE, revoked_at__isnull=False
    )
    ids = list(rows.values_list("pk", flat=True))
    announce(ids)
    return len(ids)
