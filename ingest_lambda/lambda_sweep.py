"""The scheduled function: drives dead letters again whose redrive was asked for, where no worker runs to do it.

Handler `ingest_lambda.lambda_sweep.handler`, once a minute. Package, environment and rights are those of
`lambda_consume`, without the stream's.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Mapping
from typing import Any

import redis

from ingest_lambda import config, log
from ingest_lambda.lambda_consume import MARGIN_S, announcer, remaining
from ingest_lambda.redrive import redrive
from ingest_lambda.steps.store import Store, connect

COMPONENT = "lambda-sweep"

logger = logging.getLogger(__name__)


def sweep(
    database_url: str, client: redis.Redis, remaining_s: Callable[[], float], *, now_us: int
) -> dict[str, int]:
    """Drive what is asked for until none is left or time runs out. Raises what a database that is away raises."""
    stored = failed = 0
    with connect(database_url, name="milepost-sweep") as connection:
        store = Store(connection)
        while True:
            done = redrive(store, client, now_us=now_us)
            stored, failed = stored + done.stored, failed + done.failed
            if not done.more or not done.stored + done.failed or remaining_s() < MARGIN_S:
                return {"stored": stored, "failed": failed}


def handler(event: Mapping[str, Any], context: object) -> dict[str, int]:
    """What Lambda calls."""
    log.configure(COMPONENT, config.level(os.environ))
    for name in ("MILEPOST_EDGE_DATABASE_URL", "MILEPOST_REDIS_URL"):
        if not os.environ.get(name):
            raise config.BadSetting(f"{name} is not set")
    client = announcer(os.environ["MILEPOST_REDIS_URL"])
    now_us = time.time_ns() // 1000
    done = sweep(os.environ["MILEPOST_EDGE_DATABASE_URL"], client, remaining(context), now_us=now_us)
    logger.info("swept", extra=done)
    return done
