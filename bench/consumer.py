"""Fixes a second from the stream into PostGIS, as a ratio of the fastest idempotent way to write the same rows.

The stream is filled while the consumers are halted, then they are let go and watched until every report has its
outcome. The yardstick of the same run writes rows of the same shape, packed beforehand, with as many connections:
binary COPY into a staging table and `INSERT … ON CONFLICT DO NOTHING`, 5,000 rows a transaction. It registers no
device, judges nothing, moves no marker, counts nothing.
"""

import signal
import threading
import time
import uuid
from typing import Any

import psycopg
import redis

from bench.stage import Stage, wait_for
from ingest_lambda.batch import Environment, Trail
from ingest_lambda.judgement import Bounds
from ingest_lambda.report import Channel, Envelope, PositionReport, encode
from ingest_lambda.steps.rows import copy_data, position_rows
from ingest_lambda.stream import lane_name, lane_number

FIXES = 400_000
DEVICES = 1_000
ROWS_A_TRANSACTION = 5_000
STAGE = "CREATE TEMP TABLE staged (LIKE tracker_position)"
IDEMPOTENT = "INSERT INTO tracker_position SELECT * FROM staged ON CONFLICT DO NOTHING"


def measure(stage: Stage, seconds: int) -> dict[str, Any]:
    """The consumer on batches of 50 and on single fixes, and the raw write of as many rows."""
    workers = stage.stack.settings.number("MILEPOST_CONSUMERS")
    key = stage.sql("SELECT min(id) FROM tracker_key WHERE environment_id = %s", _open(stage))
    flushed = _consume(stage, key, fixes=FIXES, a_request=50, hours_ago=20)
    single = _consume(stage, key, fixes=FIXES // 2, a_request=1, hours_ago=10)
    raw = _raw(stage, workers)
    return {
        "fixes a second, 50 a request": round(flushed),
        "fixes a second, 1 a request": round(single),
        "rows a second, raw idempotent COPY": round(raw),
        "ratio to raw, 50 a request": round(flushed / raw, 2),
        "ratio to raw, 1 a request": round(single / raw, 2),
        "workers and raw connections": workers,
    }


ZONES = 124  # as many as a metro has wards
PUBLISH = """
    WITH version AS (
        INSERT INTO tracker_geofenceversion (environment_id, number, effective_at, published_at)
        VALUES (%(environment)s, 1, now() - interval '30 hours', now()) RETURNING id
    ), cell AS (
        SELECT row_number() OVER () AS n, cell.geom
        FROM ST_SquareGrid(%(side)s, ST_MakeEnvelope(73.78, 18.48, 74.05, 18.72, 4326)) AS cell LIMIT %(zones)s
    ), geofence AS (
        INSERT INTO tracker_geofence (environment_id, external_id)
        SELECT %(environment)s, 'bench-' || n FROM cell RETURNING id, external_id
    ), shape AS (
        INSERT INTO tracker_geofenceshape
            (environment_id, geofence_id, name, kind, source, geometry, area_m2, made_at)
        SELECT %(environment)s, geofence.id, external_id, 'polygon', '{}',
            ST_Multi(ST_Segmentize(cell.geom, %(side)s / 15)), 1, now()
        FROM cell JOIN geofence ON geofence.external_id = 'bench-' || cell.n RETURNING id, geofence_id
    ), member AS (
        INSERT INTO tracker_geofenceversionmember (environment_id, version_id, geofence_id, shape_id)
        SELECT %(environment)s, version.id, shape.geofence_id, shape.id FROM shape, version RETURNING id
    )
    SELECT count(*) FROM member"""


def measure_zones(stage: Stage, seconds: int) -> dict[str, Any]:
    """The consumer on the same fixes without geofences, then among ZONES of them, published between."""
    key = stage.sql("SELECT min(id) FROM tracker_key WHERE environment_id = %s", _open(stage))
    without = _consume(stage, key, fixes=FIXES, a_request=50, hours_ago=40)
    published = stage.run(PUBLISH, environment=_open(stage), zones=ZONES, side=0.024)
    # each device's first fix among them asks for where it was before; that is once, and not measured
    _consume(stage, key, fixes=DEVICES * 50, a_request=50, hours_ago=25)
    within = _consume(stage, key, fixes=FIXES, a_request=50, hours_ago=20)
    crossings = stage.sql(
        "SELECT count(*) FROM tracker_geofencecrossing WHERE environment_id = %s", _open(stage)
    )
    return {
        "geofences": published,
        "fixes a second, without geofences": round(without),
        "fixes a second, among geofences": round(within),
        "ratio": round(within / without, 2),
        "crossings told": crossings,
    }


def _open(stage: Stage) -> int:
    return stage.environment_id("live")


def _envelopes(environment: int, key: int, fixes: int, a_request: int, hours_ago: float) -> list[Envelope]:
    start = int((time.time() - hours_ago * 3600) * 1e6)
    made = []
    for number in range(fixes // a_request):
        device, turn = number % DEVICES, number // DEVICES
        positions = [
            PositionReport(
                start + (turn * a_request + i) * 1_000_000,
                73.8 + device / 5000 + (turn * a_request + i) * 5e-5,
                18.5 + device / 5000,
                accuracy_m=8.0,
                speed_mps=5.5,
                heading_deg=90.0,
                battery=0.8,
            )
            for i in range(a_request)
        ]
        received = int(time.time() * 1e6)
        envelope = Envelope(
            1,
            environment,
            key,
            f"bench-{device}",
            None,
            received,
            uuid.uuid4().bytes,
            None,
            Channel.HTTP,
            positions,
        )
        made.append(envelope)
    return made


def _consume(stage: Stage, key: int, *, fixes: int, a_request: int, hours_ago: float) -> float:
    """Fixes a second; fills the stream in entries of eight envelopes, as the door does under load."""
    environment, lanes = _open(stage), stage.stack.settings.number("MILEPOST_STREAM_LANES")
    names = [f"consumer-{i}" for i in range(stage.stack.settings.number("MILEPOST_CONSUMERS"))]
    client = redis.Redis.from_url(stage.stack.settings["MILEPOST_REDIS_URL"])
    before = stage.counted(environment)
    for name in names:
        stage.stack.kill(name, signal.SIGSTOP)
    waiting: dict[int, list[bytes]] = {lane: [] for lane in range(lanes)}
    pipe = client.pipeline(transaction=False)
    for number, envelope in enumerate(_envelopes(environment, key, fixes, a_request, hours_ago)):
        lane = lane_number(environment, envelope.device, lanes)
        waiting[lane].append(encode(envelope))
        if len(waiting[lane]) == 8:
            _add(pipe, lane, waiting[lane])
        if number % 5_000 == 0:
            pipe.execute()
    for lane, rest in waiting.items():
        if rest:
            _add(pipe, lane, rest)
    pipe.execute()
    began = time.monotonic()
    for name in names:
        stage.stack.kill(name, signal.SIGCONT)
    wait_for("every fix has its outcome", lambda: stage.counted(environment) - before >= fixes)
    return fixes / (time.monotonic() - began)


def _add(pipe: Any, lane: int, envelopes: list[bytes]) -> None:
    fields: dict[str, bytes] = {"f": uuid.uuid4().bytes}
    fields |= {f"e{i}": data for i, data in enumerate(envelopes)}
    pipe.xadd(lane_name(lane), fields)
    envelopes.clear()


def _raw(stage: Stage, connections: int) -> float:
    """Rows a second, packed before the clock starts; in an environment that does not exist."""
    nowhere = 2**40
    packed: list[bytes] = []
    trails = {
        f"bench-{i}": Trail(Environment(nowhere, Bounds(50, 100, 0)), f"bench-{i}", device_id=nowhere + i)
        for i in range(DEVICES)
    }
    rows = [
        (trails[envelope.device], fix, envelope, fix.recorded_at_us)
        for envelope in _envelopes(nowhere, 1, FIXES, 50, 20)
        for fix in envelope.positions
    ]
    for first in range(0, len(rows), ROWS_A_TRANSACTION):
        packed.append(
            copy_data(position_rows(rows[first : first + ROWS_A_TRANSACTION], int(time.time() * 1e6)))
        )
    del rows
    threads = [
        threading.Thread(target=_write, args=(stage, packed[i::connections])) for i in range(connections)
    ]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - began
    if stage.sql("SELECT count(*) FROM tracker_position WHERE environment_id = %s", nowhere) != FIXES:
        raise RuntimeError("the raw write did not store every row")
    stage.sql(
        "WITH gone AS (DELETE FROM tracker_position WHERE environment_id = %s RETURNING 1) SELECT 1", nowhere
    )
    return FIXES / took


def _write(stage: Stage, batches: list[bytes]) -> None:
    with psycopg.connect(stage.stack.database_url("owner"), autocommit=True) as connection:
        connection.execute(STAGE)
        for data in batches:
            with connection.transaction(), connection.cursor() as cursor:
                with cursor.copy("COPY staged FROM STDIN (FORMAT binary)") as copy:
                    copy.write(data)
                cursor.execute(IDEMPOTENT)
                cursor.execute("TRUNCATE staged")
