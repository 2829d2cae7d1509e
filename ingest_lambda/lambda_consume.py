"""The consumer as a Lambda function: a batch of Kinesis records -> `consume` -> what must come again.

Handler `ingest_lambda.lambda_consume.handler`. The package needs msgspec, psycopg[binary] and redis. Environment:

MILEPOST_EDGE_DATABASE_URL  postgresql://milepost_edge:…@PROXY:5432/milepost?sslmode=require (must)
MILEPOST_REDIS_URL          redis://CACHE:6379/0, where open maps hear of what moved (must)
MILEPOST_PARK_STORMS        1: let nearly-everything-fails go to the dead letters instead of holding
MILEPOST_LOG_LEVEL          INFO unless set

Rights: what the event source mapping asks for (kinesis:GetRecords and its kin), ec2 network interfaces for the VPC,
s3:PutObject on the failure bucket. The mapping must ask for ReportBatchItemFailures.

Poison is isolated here and parked, so a batch fails only for what is not its records' fault. Then the first record
that is not stored yet is named, and the mapping delivers from there again. Whatever it delivers twice counts once.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Mapping
from itertools import groupby
from typing import Any

import psycopg
import redis

from ingest_lambda import config, log
from ingest_lambda.batch import Unit
from ingest_lambda.consume import Place, Stretch, consume, open_record
from ingest_lambda.failures import Retriable, classify
from ingest_lambda.kinesis_event import records_of
from ingest_lambda.steps.known import Known
from ingest_lambda.steps.store import Store, connect
from ingest_lambda.storm import StormGuard

COMPONENT = "lambda-consume"
FIXES_A_TRANSACTION = 5_000
# What is left of an invocation's time when no further transaction is begun: one must have ended by the end.
MARGIN_S = 15.0
ANNOUNCE_TIMEOUT_S = 1.0

logger = logging.getLogger(__name__)


class ConsumeFunction:
    """One instance of the function: its database session and its memory, kept from one invocation to the next."""

    def __init__(
        self,
        database_url: str,
        client: redis.Redis,
        *,
        park_storms: bool = False,
        now_us: Callable[[], int] = lambda: time.time_ns() // 1000,
    ) -> None:
        self._database_url = database_url
        self._client = client
        self._now_us = now_us
        self._store: Store | None = None
        self._known = Known(storm=StormGuard(parks=park_storms))

    def handle(self, event: Mapping[str, Any], remaining_s: Callable[[], float]) -> dict[str, Any]:
        """Store an event's records in order. Raises BadEvent for one that is none of Kinesis."""
        units = [open_record(record) for record in records_of(event)]
        for _, same in groupby(units, key=lambda unit: unit.record.lane):
            lane_units = list(same)
            stored = self._store_lane(lane_units, remaining_s)
            if stored < len(lane_units):
                return {"batchItemFailures": [{"itemIdentifier": lane_units[stored].record.entry_id}]}
        return {"batchItemFailures": []}

    def close(self) -> None:
        """Let go of the database session."""
        if self._store is not None:
            self._store.connection.close()
            self._store = None

    def _store_lane(self, units: list[Unit], remaining_s: Callable[[], float]) -> int:
        """How many of the units are stored, from the first on."""
        stored = 0
        while stored < len(units):
            if stored and remaining_s() < MARGIN_S:
                logger.warning("no time for the rest, it comes again", extra={"left": len(units) - stored})
                break
            part = _part(units[stored:])
            try:
                self._consume(part)
            except Retriable as error:
                logger.error(
                    "held, it comes again",
                    extra={
                        "lane": part[0].record.lane,
                        "entry": part[0].record.entry_id,
                        "left": len(units) - stored,
                        "reason": str(error),
                    },
                )
                break
            stored += len(part)
        return stored

    def _consume(self, units: list[Unit]) -> None:
        """Store units in one transaction; over a new session where the kept one proves broken. Raises Retriable."""
        lane, end = units[0].record.lane, units[-1].record
        start = Place(units[0].record.entry_id, 0)
        stretch = Stretch(lane, start, Place(end.entry_id, 1), units, redelivered=True)
        kept = self._store is not None
        try:
            self._once(stretch)
        except Retriable:
            broken = self._store is None or self._store.connection.closed or self._store.connection.broken
            if broken:
                self.close()
            # a session may have died while the function slept; a new one that fails is a database that is away
            if not (kept and broken):
                raise
            self._once(stretch)

    def _once(self, stretch: Stretch) -> None:
        if self._store is None:
            try:
                self._store = Store(connect(self._database_url, name="milepost-consume"))
            except (psycopg.Error, OSError) as error:
                raise Retriable(f"database connection: {classify(error)}") from error
            self._known.forget()
        done = consume(stretch, self._store, self._known, self._client, now_us=self._now_us())
        ended = {f"{outcome} {reason}".rstrip(): count for (outcome, reason), count in done.ended.items()}
        logger.info(
            "consumed",
            extra={
                "lane": stretch.lane,
                "records": len(stretch.units),
                "fixes": done.fixes,
                "ended": ended,
                "parked": done.parked,
            },
        )


def _part(units: list[Unit]) -> list[Unit]:
    """The first units, as many as make up about FIXES_A_TRANSACTION fixes, at least one."""
    count = 0
    for place, unit in enumerate(units):
        count += unit.fixes
        if place and count > FIXES_A_TRANSACTION:
            return units[:place]
    return units


def announcer(url: str) -> redis.Redis:
    """The client that tells open maps what moved: it gives up soon, for what it would tell is stored already."""
    client: redis.Redis = redis.Redis.from_url(
        url, protocol=2, socket_timeout=ANNOUNCE_TIMEOUT_S, socket_connect_timeout=ANNOUNCE_TIMEOUT_S
    )
    return client


def function_of(environ: Mapping[str, str]) -> ConsumeFunction:
    """A function as its environment describes it. Raises BadSetting."""
    for name in ("MILEPOST_EDGE_DATABASE_URL", "MILEPOST_REDIS_URL"):
        if not environ.get(name):
            raise config.BadSetting(f"{name} is not set")
    park = environ.get("MILEPOST_PARK_STORMS") == "1"
    client = announcer(environ["MILEPOST_REDIS_URL"])
    return ConsumeFunction(environ["MILEPOST_EDGE_DATABASE_URL"], client, park_storms=park)


def remaining(context: object) -> Callable[[], float]:
    """How many seconds of the invocation are left; without Lambda's context, for ever."""
    milliseconds = getattr(context, "get_remaining_time_in_millis", None)
    if milliseconds is None:
        return lambda: float("inf")
    return lambda: float(milliseconds()) / 1000


_instance: ConsumeFunction | None = None


def handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:
    """What Lambda calls."""
    global _instance
    if _instance is None:
        log.configure(COMPONENT, config.level(os.environ))
        _instance = function_of(os.environ)
    return _instance.handle(event, remaining(context))
