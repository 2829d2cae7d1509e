"""`GET /healthz`: which parts of the product are up. Answers within two seconds or so, whatever is down."""

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLong
from functools import cache
from typing import Any

import msgspec
import psycopg
import redis
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from redis.backoff import NoBackoff
from redis.retry import Retry

PROCESSES = ("edge", "registrations", "consumer", "bridge", "live", "worker", "beat", "relay", "planner")
BOUND_S = 2.0
ARCHIVE_STATE = "archive:state"  # what the archive's runs write
STALE_AFTER_S = 15.0  # as long as the processes let their keys live
Component = dict[str, Any]
logger = logging.getLogger(__name__)


@require_safe
@transaction.non_atomic_requests  # with the database away a transaction could not even begin
def healthz(request: HttpRequest) -> HttpResponse:
    """200 where every required component is up, 503 where one is down; `MILEPOST_HEALTH_COMPONENTS` says which."""
    components = look(now=time.time())
    down = [name for name in settings.HEALTH_COMPONENTS if components[name]["status"] != "ok"]
    up = not down
    _note(",".join(down))
    attention = _attention(components)
    document = {"status": "ok" if up else "degraded", "components": components, "attention": attention}
    answer = HttpResponse(
        msgspec.json.encode(document),
        status=200 if up else 503,
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )
    # Django would write an error for every 503: it is asked every second, and one line a change says more
    answer._has_been_logged = True  # type: ignore[attr-defined]  # what Django's own logger looks at
    return answer


def _attention(components: dict[str, Component]) -> list[str]:
    """What a person must look at although all is up: another server would do it no better, so it is no 503."""
    stuck = components["relay"].get("stuck", {})
    named = ", ".join(f"{count} {kind}" for kind, count in sorted(stuck.items()))
    return [f"relay: events that subscribers fail at again and again: {named}"] if stuck else []


_noted = {"down": ""}


def _note(down: str) -> None:
    """A line when what is down changes."""
    if down != _noted["down"]:
        _noted["down"] = down
        logger.log(
            logging.WARNING if down else logging.INFO,
            "components are down" if down else "all components are up again",
            extra={"down": down},
        )


def look(*, now: float) -> dict[str, Component]:
    """Every component: `{"status": "ok" | "down", …facts}`. Both services are asked at once, in threads of their own.

    A service that hangs holds its thread, not the request; while it does, the next request finds the thread busy
    and says down at once.
    """
    ends = time.monotonic() + BOUND_S
    asked = {"database": _begin("database", _ask_database), "redis": _begin("redis", _ask_redis)}
    answers = {name: _result(future, ends) for name, future in asked.items()}
    heard: dict[str, list[float]] = answers["redis"].pop("heard", {})
    held: list[str] = answers["redis"].pop("held", [])
    stuck: dict[str, int] = answers["redis"].pop("stuck", {})
    archive: Component = {"archive": answers["redis"].pop("archive", {"status": "ok"})}
    processes = {name: _process(heard.get(name, []), now) for name in PROCESSES}
    if held:  # they are up and wait for what passes, or for a step to be mended: see their logs
        processes["consumer"]["held_lanes"] = held
    if stuck:
        processes["relay"]["stuck"] = stuck
    return answers | processes | archive


def _process(times: list[float], now: float) -> Component:
    """A process is up while one of its instances said so lately; ages are in seconds."""
    fresh = [max(0.0, now - at) for at in times if now - at <= STALE_AFTER_S]
    if not fresh:
        return {"status": "down", "instances": 0}
    return {"status": "ok", "instances": len(fresh), "age_s": round(min(fresh), 1)}


def _ask_database() -> Component:
    """Over a connection of its own: the pool may be exhausted, and then waiting for it would say nothing."""
    database = _database()
    begun = time.monotonic()
    with psycopg.connect(
        dbname=database["NAME"],
        user=database["USER"] or None,
        password=database["PASSWORD"] or None,
        host=database["HOST"] or None,
        port=database["PORT"] or None,
        connect_timeout=2,
        options="-c statement_timeout=1500",
        autocommit=True,
    ) as connection:
        connection.execute("SELECT 1")
    return {"latency_ms": round((time.monotonic() - begun) * 1000, 1)}


def _database() -> dict[str, Any]:
    return settings.DATABASES["default"]


def _ask_redis() -> Component:
    begun = time.monotonic()
    client = _client(settings.REDIS_URL)
    client.ping()
    latency = round((time.monotonic() - begun) * 1000, 1)
    keys = list(client.scan_iter(match="health:*", count=1000))
    heard: dict[str, list[float]] = {}
    held: list[str] = []
    stuck: dict[str, int] = {}
    for key, value in zip(keys, client.mget(keys) if keys else [], strict=True):
        name = key.decode("utf-8", "replace").split(":")[1]
        try:
            said = msgspec.json.decode(value or b"{}")
            heard.setdefault(name, []).append(float(said["at"]))
            if name == "consumer":  # the bridge's `held` is a number of messages
                held += [lane for lane in str(said.get("held", "")).split(",") if lane]
            if name == "relay":  # several meet the same events
                for kind, count in said.get("stuck", {}).items():
                    stuck[str(kind)] = max(int(count), stuck.get(str(kind), 0))
        except (msgspec.DecodeError, KeyError, TypeError, ValueError, AttributeError):
            continue
    archive = _archive(client.get(ARCHIVE_STATE))
    return {"latency_ms": latency, "heard": heard, "held": sorted(held), "stuck": stuck, "archive": archive}


def _archive(told: Any) -> Component:
    """What the archive's last run said of itself: behind is an alert, and no reason to send nobody here."""
    try:
        state: Component = msgspec.json.decode(told or b"{}")
        return {"status": "ok", **state}
    except (msgspec.DecodeError, TypeError):
        return {"status": "ok"}


@cache
def _client(url: str) -> "redis.Redis":
    return redis.Redis.from_url(
        url, socket_timeout=1, socket_connect_timeout=1, protocol=2, retry=Retry(NoBackoff(), 0)
    )


_threads = {name: ThreadPoolExecutor(1, f"health-{name}") for name in ("database", "redis")}
_running: dict[str, Future[Component]] = {}


def _begin(name: str, ask: Callable[[], Component]) -> Future[Component]:
    """Ask in the component's thread; a question still unanswered is joined, not asked again."""
    running = _running.get(name)
    if running is None or running.done():
        running = _running[name] = _threads[name].submit(ask)
    return running


def _result(future: Future[Component], ends: float) -> Component:
    try:
        return {"status": "ok", **future.result(timeout=max(0.0, ends - time.monotonic()))}
    except TookTooLong:
        return {"status": "down", "error": f"no answer within {BOUND_S:.0f} s"}
    except (psycopg.Error, redis.RedisError, OSError) as error:
        return {"status": "down", "error": type(error).__name__}
