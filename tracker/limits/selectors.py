"""What an environment may send, and what is left of it now: read from the pools that the doors share in Redis."""

import time
from dataclasses import dataclass
from typing import Any

import redis
from django.conf import settings

from tracker.http.connections import redis_client
from tracker.tenants.models import Environment

BURST_S = 60  # as the doors reckon: a limit holds what was not used of it for so many seconds


@dataclass(frozen=True)
class Limit:
    """One limit: how many a second, how many at once after a quiet minute, and how many of those are left.

    `left` is None where Redis cannot be asked, and for keys, each of which has its own. Below zero is a debt, shown
    as nothing left.
    """

    what: str
    a_second: int
    at_once: int
    left: int | None = None

    @property
    def is_used_up(self) -> bool:
        """Whether doors answer 429 now."""
        return self.left == 0


def limits_of(environment: Environment, *, now_s: float | None = None) -> list[Limit]:
    """The environment's limits, the narrowest first; `now_s` is epoch seconds."""
    tenant = environment.tenant
    named = [
        ("Reports of each key", environment.key_reports_per_second, ""),
        ("Reports of this environment", environment.reports_per_second, f"environment:{environment.pk}"),
        (f"Reports of all of {tenant.name}", tenant.reports_per_second, f"tenant:{tenant.pk}"),
        (
            "New or changed device registrations",
            environment.registrations_per_second,
            f"registrations:{environment.pk}",
        ),
    ]
    pools = _pools([name for _, _, name in named if name])
    now_s = time.time() if now_s is None else now_s
    return [
        Limit(what, rate, rate * BURST_S, _left(pools, name, rate, now_s) if name else None)
        for what, rate, name in named
    ]


def _pools(names: list[str]) -> dict[str, bytes | None] | None:
    try:
        values: Any = redis_client(settings.REDIS_URL).mget([f"limit:{name}" for name in names])
    except redis.RedisError:
        return None
    return dict(zip(names, values, strict=True))


def _left(pools: dict[str, bytes | None] | None, name: str, rate: int, now_s: float) -> int | None:
    if pools is None:
        return None
    stored = pools[name]
    if stored is None:  # a full pool is not kept
        return rate * BURST_S
    held, at_us = (float(part) for part in stored.split())
    return max(0, min(rate * BURST_S, int(held + max(0.0, now_s - at_us / 1e6) * rate)))
