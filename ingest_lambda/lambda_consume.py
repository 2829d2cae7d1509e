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
from collections import Counter
from collections.abc import Callable, Mapping
from itertools import groupby
from typing import Any

import psycopg
import redis

from ingest_lambda import config, log
from ingest_lambda.consume import Place, Stretch, consume
from ingest_lambda.failures import Retriable, classify
from ingest_lambda.kinesis_event import records_of
from ingest_lambda.opening import Opened, open_all
from ingest_lambda.report import Registration, request_id_text
from ingest_lambda.steps.known import Known
from ingest_lambda.steps.register import register
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
        opened = open_all(records_of(event))
        for _, same in groupby(opened, key=lambda one: (one.record.lane, one.registration is not None)):
            run = list(same)
            stored = self._store_run(run, remaining_s)
            if stored < len(run):
                return {"batchItemFailures": [{"itemIdentifier": run[stored].record.entry_id}]}
        return {"batchItemFailures": []}

    def close(self) -> None:
        """Let go of the database session."""
        if self._store is not None:
            self._store.connection.close()
            self._store = None

    def _store_run(self, run: list[Opened], remaining_s: Callable[[], float]) -> int:
        """Store records of one lane and kind; how many of them are stored, from the first on."""
        stored = 0
        while stored < len(run):
            if stored and remaining_s() < MARGIN_S:
                logger.warning("no time for the rest, it comes again", extra={"left": len(run) - stored})
                break
            part = _part(run[stored:])
            try:
                self._store_part(part)
            except Retriable as error:
                where = {"lane": part[0].record.lane, "entry": part[0].record.entry_id}
                left = len(run) - stored
                logger.error("held, it comes again", extra={**where, "left": left, "reason": str(error)})
                break
            stored += len(part)
        return stored

    def _store_part(self, part: list[Opened]) -> None:
        """Store records in one transaction; over a new session where the kept one proves broken. Raises Retriable."""
        kept = self._store is not None
        try:
            self._once(part)
        except Retriable:
            broken = self._store is None or self._store.connection.closed or self._store.connection.broken
            if broken:
                self.close()
            # a session may have died while the function slept; a new one that fails is a database that is away
            if not (kept and broken):
                raise
            self._once(part)

    def _once(self, part: list[Opened]) -> None:
        if self._store is None:
            try:
                self._store = Store(connect(self._database_url, name="milepost-consume"))
            except (psycopg.Error, OSError) as error:
                raise Retriable(f"database connection: {classify(error)}") from error
            self._known.forget()
        lane = part[0].record.lane
        registrations = [one.registration for one in part if one.registration is not None]
        if registrations:
            ended = register_all(registrations, self._store, self._known, self._now_us())
            logger.info("registered", extra={"lane": lane, "records": len(part), "ended": ended})
            return
        units = [unit for one in part for unit in one.units]
        ends = Place(part[-1].record.entry_id, 1)
        stretch = Stretch(lane, Place(part[0].record.entry_id, 0), ends, units, redelivered=True)
        done = consume(stretch, self._store, self._known, self._client, now_us=self._now_us())
        counts = {f"{outcome} {reason}".rstrip(): count for (outcome, reason), count in done.ended.items()}
        told = {"lane": lane, "records": len(part), "fixes": done.fixes, "parked": done.parked}
        logger.info("consumed", extra={**told, "ended": counts})


def register_all(
    registrations: list[Registration], store: Store, known: Known, now_us: int
) -> dict[str, int]:
    """Store registrations, which may come twice: what is known already changes nothing. Raises Retriable.

    One that breaks the step is left out, alone: it stands for no report, and its device will say it again.
    """
    try:
        with store.transaction():
            ended = register(registrations, store, known, now_us)
    except Exception as error:
        failure = classify(error)
        if isinstance(failure, Retriable):
            raise failure from error
        if len(registrations) == 1:
            said = {"request_id": request_id_text(registrations[0].request_id), "reason": str(failure)}
            logger.exception("a registration cannot be stored", extra=said)
            return {"left_out": 1}
        middle = len(registrations) // 2
        halves = (registrations[:middle], registrations[middle:])
        both = [Counter(register_all(half, store, known, now_us)) for half in halves]
        return dict(both[0] + both[1])
    return {end.value: count for end, count in ended.items() if count}


def _part(run: list[Opened]) -> list[Opened]:
    """The first records, as many as make up about FIXES_A_TRANSACTION fixes, at least one."""
    count = 0
    for place, one in enumerate(run):
        count += sum(unit.fixes for unit in one.units)
        if place and count > FIXES_A_TRANSACTION:
            return run[:place]
    return run


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
