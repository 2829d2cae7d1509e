"""What the archive's last run ran into, kept in Redis: it is told again by the next run and worth no table."""

from datetime import date, datetime
from typing import Any

import msgspec
import redis
from django.conf import settings

from tracker.http.connections import redis_client

STATE_KEY = "archive:state"
TROUBLE_KEY = "archive:trouble"  # a hash: environment -> its last failure


class Trouble(msgspec.Struct):
    """Why a day could not be archived."""

    day: date
    at: datetime
    error: str


def note_trouble(environment_id: int, day: date, error: Exception, *, now: datetime) -> None:
    """Remember an environment's last failure."""
    told = msgspec.json.encode(Trouble(day, now, f"{type(error).__name__}: {error}"[:500]))
    _quietly(lambda: redis_client(settings.REDIS_URL).hset(TROUBLE_KEY, str(environment_id), told))


def forget_trouble(environment_id: int, day: date) -> None:
    """The day was done after all."""
    trouble = trouble_of(environment_id)
    if trouble is not None and trouble.day == day:
        _quietly(lambda: redis_client(settings.REDIS_URL).hdel(TROUBLE_KEY, str(environment_id)))


def trouble_of(environment_id: int) -> Trouble | None:
    """An environment's last failure, None where there is none or Redis is away."""
    try:
        told: Any = redis_client(settings.REDIS_URL).hget(TROUBLE_KEY, str(environment_id))
        return msgspec.json.decode(told, type=Trouble) if told else None
    except (redis.RedisError, msgspec.DecodeError, msgspec.ValidationError):
        return None


def all_troubles() -> dict[int, Trouble]:
    """The last failure of every environment that has one; none where Redis is away."""
    try:
        told: Any = redis_client(settings.REDIS_URL).hgetall(TROUBLE_KEY)
        return {int(key): msgspec.json.decode(value, type=Trouble) for key, value in told.items()}
    except (redis.RedisError, msgspec.DecodeError, msgspec.ValidationError):
        return {}


def note_state(*, now: datetime, failed: int, waiting_since: date | None, is_behind: bool) -> None:
    """What /healthz says of the archive until the next run."""
    state = {"at": round(now.timestamp(), 3), "failed": failed, "waiting_since": waiting_since}
    told = msgspec.json.encode(state | {"status": "behind" if is_behind else "ok"})
    _quietly(lambda: redis_client(settings.REDIS_URL).set(STATE_KEY, told))


def _quietly(write: Any) -> None:
    """A run must not fail because it cannot say how it went."""
    try:
        write()
    except redis.RedisError:
        return
