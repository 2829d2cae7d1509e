"""The planner process: windows that are due, runs, manifests to be pushed, uploads to be read; and signs of life."""

import logging
import os
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec
import redis
from django.conf import settings
from django.db import Error as DatabaseTrouble
from django.db import close_old_connections, connection
from redis.exceptions import RedisError

from dispatch.intake.locating import locate_waiting
from dispatch.intake.reading import read_waiting
from dispatch.manifests.push import Pusher
from dispatch.planning import due, running
from dispatch.planning.claims import claim
from dispatch.planning.selectors import waits
from tracker.http.connections import redis_client

POLL_S = 0.5
PAUSE_S = 2.0
BEAT_S = 5.0
BEAT_LASTS_S = 15
RECKON_EVERY_S = 600.0
logger = logging.getLogger(__name__)


def clock() -> datetime:
    """Now."""
    return datetime.now(UTC)


class PlannerProcess:
    """`run` lasts until `stop` is set. Several may run at once, on one machine or on many.

    Each kind of work has a thread of its own: a plan of a minute holds up no manifest. One plan is made at a time, with
    every core, for that ends sooner than two side by side.
    """

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._counts = {"windows": 0, "runs": 0, "failed": 0, "pushed": 0, "uploads": 0}
        self._reckoned = 0.0
        self._pusher = Pusher()

    def run(self, stop: threading.Event) -> None:
        """Work until told to stop. A run that is under way is given up: it is begun anew by whoever comes next."""
        self._stop = stop
        work = {
            "windows wait": self._windows,
            "runs wait": self._runs,
            "manifests wait to be pushed": self._push,
            "uploads wait": self._uploads,
        }
        threads = [
            threading.Thread(target=self._keep_doing, args=(trouble, once), daemon=True, name=trouble)
            for trouble, once in work.items()
        ]
        for thread in threads:
            thread.start()
        while not stop.wait(BEAT_S):
            dead = [thread.name for thread in threads if not thread.is_alive()]
            if dead:  # a mistake of ours: better to start afresh than to limp
                logger.error("a part of the planner ended", extra={"parts": ", ".join(dead)})
                raise SystemExit(1)
            self._beat()
        for thread in threads:
            thread.join(timeout=5)
        self._pusher.close()

    def _keep_doing(self, trouble: str, once: Callable[[], bool]) -> None:
        """Once and again: at once while there is more, after `POLL_S` otherwise, after a pause in trouble."""
        while not self._stop.is_set():
            close_old_connections()
            try:
                if not once():
                    self._stop.wait(POLL_S)
            except (DatabaseTrouble, RedisError, OSError) as error:
                logger.error(trouble, extra={"reason": str(error).strip()[:200]})
                self._stop.wait(PAUSE_S)
        connection.close()

    def _windows(self) -> bool:
        now = clock()
        made = due.make_runs(now=now)
        self._counts["windows"] += made.windows
        if time.monotonic() - self._reckoned >= RECKON_EVERY_S:
            self._reckoned = time.monotonic()
            due.reckon_anew(now=now)
            due.forget_problems(now=now)
        return False

    def _runs(self) -> bool:
        held = claim(now=clock())
        if held is None:
            return False
        ended = running.carry(held, clock=clock, going=lambda: not self._stop.is_set())
        self._counts["runs"] += 1
        self._counts["failed"] += ended == "failed"
        return True

    def _push(self) -> bool:
        pushed = self._pusher.push_waiting(now=clock())
        self._counts["pushed"] += pushed
        return False

    def _uploads(self) -> bool:
        read = read_waiting(clock(), going=lambda: not self._stop.is_set())
        self._counts["uploads"] += bool(read)
        return bool(read) or bool(locate_waiting(clock()))

    def _beat(self) -> None:
        """Write `health:planner:<pid>` with what there is to do; while Redis is away it expires."""
        close_old_connections()
        try:
            now, failing = clock(), self._pusher.failing_since
            unpushed = round((now - failing).total_seconds(), 1) if failing else 0.0
            facts = {"at": round(time.time(), 3), **self._counts, **waits(now=now), "pushes_wait_s": unpushed}
            client = redis_client(settings.REDIS_URL)
            client.set(f"health:planner:{os.getpid()}", msgspec.json.encode(facts), ex=BEAT_LASTS_S)
        except (redis.RedisError, OSError, DatabaseTrouble) as error:
            logger.warning("heartbeat not written", extra={"reason": str(error)[:200]})
