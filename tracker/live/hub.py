"""The hub: one per process, between one Redis subscription and all the sockets of that process.

News is conflated once for all sockets that see the same, and they share the text of its frames. A sender task per
socket waits for its own reader; everybody else's frames go on meanwhile.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import msgspec
from django.conf import settings

from tracker.live import frames, selectors
from tracker.live.listener import Listener
from tracker.live.mailbox import Parcel
from tracker.live.sockets import SightIds, Subscriber
from tracker.live.watched import Load, Watched

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pace:
    """The times and bounds of the hub, in seconds; tests shorten them."""

    frame_gap_s: float = 0.25  # at most four frames a second to a socket
    tick_s: float = 10.0  # the reader takes 25 s of silence for a dead line
    subscribe_within_s: float = 2.0  # with Redis away the map still shows the last known places
    sockets_per_user: int = 20


class Hub:
    """Serves sockets. `serve` is the life of one of them."""

    def __init__(
        self, redis_url: str, *, load: Load = selectors.load_devices, pace: Pace | None = None
    ) -> None:
        self.pace = pace or Pace()
        self.facts: Counter[str] = Counter()
        self._load = load
        self._watched: dict[str, Watched] = {}
        self._users: Counter[int] = Counter()
        self.listener = Listener(redis_url, self._on_message, self._on_subscribed)
        self._tasks: set[asyncio.Task[None]] = set()  # an unreferenced task may be collected while it runs
        self._running: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to listen, on the running event loop. Further calls do nothing."""
        if self._running is None or self._running.done():
            self._running = self.keep(self.listener.run())

    def keep(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """Run something for as long as the hub lives."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def stop(self) -> None:
        """End every task of the hub."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def has_room(self, user_id: int) -> bool:
        """Whether this person may open one more socket in this process."""
        return self._users[user_id] < self.pace.sockets_per_user

    @property
    def sockets(self) -> int:
        return sum(len(watched.subscribers) for watched in self._watched.values())

    @property
    def environments(self) -> int:
        return len(self._watched)

    async def serve(self, subscriber: Subscriber) -> None:
        """Send to one socket until cancelled or until sending raises."""
        self.start()
        channel = frames.channel_of(subscriber.environment_id)
        watched = self._watched.get(channel)
        if watched is None:
            watched = self._watched[channel] = Watched(
                subscriber.environment_id, self._load, gap=lambda: self.pace.frame_gap_s, facts=self.facts
            )
        watched.join(subscriber)
        self._users[subscriber.user_id] += 1
        try:
            await self.listener.subscribe(channel, within_s=self.pace.subscribe_within_s)
            while True:
                if subscriber.snapshot_due:
                    await self._send_snapshot(watched, subscriber)
                await self._send_next(subscriber)
        finally:
            self._users[subscriber.user_id] -= 1
            if not self._users[subscriber.user_id]:
                del self._users[subscriber.user_id]
            watched.leave(subscriber)
            if not watched.subscribers and self._watched.get(channel) is watched:
                del self._watched[channel]
                await self.listener.unsubscribe(channel)

    def limit(self, subscriber: Subscriber, sight: SightIds) -> None:
        """What this socket may see has changed: it begins anew with a snapshot of just that."""
        watched = self._watched.get(frames.channel_of(subscriber.environment_id))
        if watched is not None and subscriber in watched.subscribers:
            watched.limit(subscriber, sight)

    async def _send_snapshot(self, watched: Watched, subscriber: Subscriber) -> None:
        subscriber.snapshot_due = False
        devices = await watched.snapshot(subscriber.sight)
        if subscriber.snapshot_due:
            return  # it may see something else since the read began
        subscriber.begin_from_snapshot()  # no await since the merge: it holds every fix up to this instant
        for text in frames.snapshot_frames(devices, server_time_ms=_now_ms()):
            await self._send(subscriber, text)
        self.facts["snapshots"] += 1

    async def _send_next(self, subscriber: Subscriber) -> None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout_at(subscriber.sent_at + self.pace.tick_s):
                await subscriber.wake.wait()
        except TimeoutError:
            await self._send_numbered(subscriber, "tick")
            return
        gap = subscriber.sent_at + self.pace.frame_gap_s - loop.time()
        if gap > 0 and subscriber.mailbox:  # what is shared comes no oftener than that anyway
            await asyncio.sleep(gap)
        subscriber.wake.clear()
        if subscriber.snapshot_due or not subscriber.has_news:
            return
        self.facts["conflated"] += subscriber.mailbox.conflated
        subscriber.mailbox.conflated = 0
        await self._send_parcel(subscriber, subscriber.take())

    async def _send_parcel(self, subscriber: Subscriber, parcel: Parcel) -> None:
        for kind, body in parcel.bodies:
            if subscriber.snapshot_due:
                return
            await self._send_numbered(subscriber, kind, body)

    async def _send_numbered(self, subscriber: Subscriber, kind: str, body: str = "") -> None:
        subscriber.seq += 1
        text = frames.frame(kind, subscriber.seq, body, server_time_ms=_now_ms())
        await self._send(subscriber, text)

    async def _send(self, subscriber: Subscriber, text: str) -> None:
        await subscriber.send(text)
        subscriber.sent_at = asyncio.get_running_loop().time()
        self.facts["frames"] += 1

    def _on_message(self, channel: str, payload: bytes) -> None:
        watched = self._watched.get(channel)
        if watched is None:
            return
        try:
            news = frames.parse_message(payload)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            logger.error("a message on %s is no list of devices: %s", channel, error)
            return
        self.facts["messages"] += 1
        for change in news.changes:
            if not watched.apply(change):
                self.facts["overtaken"] += 1
        for alert in news.alerts:
            watched.tell_alert(alert)
        if news.geofences is not None:
            watched.tell_geofences(news.geofences)
        for notice in news.notices:
            watched.tell_notice(notice)

    def _on_subscribed(self, channel: str) -> None:
        watched = self._watched.get(channel)
        if watched is None:
            return
        watched.forget_read()
        for subscriber in watched.subscribers:
            subscriber.ask_snapshot()


_hubs: "WeakKeyDictionary[asyncio.AbstractEventLoop, Hub]" = WeakKeyDictionary()


def current_hub() -> Hub:
    """The hub of the running event loop, made at first use."""
    loop = asyncio.get_running_loop()
    hub = _hubs.get(loop)
    if hub is None:
        hub = _hubs[loop] = Hub(settings.REDIS_URL)
    return hub


def install_hub(hub: Hub) -> None:
    """Make `hub` the one of the running event loop: for tests, which need a shorter pace."""
    _hubs[asyncio.get_running_loop()] = hub


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
