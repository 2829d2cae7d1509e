"""One Redis connection pool for each process and address."""

from functools import cache

import redis


@cache
def redis_client(url: str) -> "redis.Redis":
    """A client with short time-outs: a web request must not hang on Redis. Bytes in, bytes out."""
    return redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2, protocol=2)
