"""Up to when the consumers have read what devices sent: whoever tells of silence must not mistake ours for theirs."""

from datetime import UTC, datetime, timedelta

import msgspec
from django.conf import settings
from redis import Redis
from redis.exceptions import RedisError

NEVER = datetime.fromtimestamp(0, UTC)
SLACK = timedelta(seconds=5)  # a lag of seconds is how batches are gathered


def read_up_to(client: "Redis", *, now: datetime) -> datetime:
    """What was received before this is stored, by the consumers' own signs of life; NEVER where none gives one.

    Where consumers leave no sign in Redis (functions on AWS), which `MILEPOST_HEALTH_COMPONENTS` says, it is now.
    """
    if "consumer" not in settings.HEALTH_COMPONENTS:
        return now
    try:
        keys = list(client.scan_iter(match="health:consumer:*", count=1000))
        signs = [msgspec.json.decode(value) for value in client.mget(keys) if value] if keys else []
        lags = [float(sign["lag_s"]) for sign in signs]
    except (RedisError, msgspec.DecodeError, KeyError, TypeError, ValueError):
        return NEVER
    if not lags:
        return NEVER
    behind = timedelta(seconds=max(lags))
    return now if behind <= SLACK else now - behind
