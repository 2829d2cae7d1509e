"""Phones that report over HTTP in real time: one thread and one connection for a few of them."""

import heapq
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tracker.replay.posting import Address, Door, Refused, Stopped, Tally
from tracker.simulation.phone import Phone

KEPT_FIXES = 1800  # a phone without a connection keeps its last hour or so
LARGEST_POST = 500
STILL_EVERY = 5  # a phone that stands reports one time in so many
PHONES_A_THREAD, MOST_THREADS = 60, 8


@dataclass
class _Reporter:
    """A phone, what it has not delivered yet, and when it looks again."""

    phone: Phone
    seen_at: float
    outbox: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=KEPT_FIXES))
    looks: int = 0

    def look(self, now: float) -> bool:
        """Drive on to `now` (epoch seconds); whether there is something to deliver."""
        self.phone.advance(max(0.0, now - self.seen_at))
        self.seen_at = now
        self.looks += 1
        if self.phone.moves or self.looks % STILL_EVERY == 1:
            self.outbox.append(self.phone.fix(datetime.fromtimestamp(now, UTC)))
        return bool(self.outbox)


@dataclass
class Fleet:
    """Reports for all phones until the event `stop` is set. `refusals` hears why the door says no for good."""

    phones: Sequence[Phone]
    address: Address
    interval_s: float
    tally: Tally
    stop: threading.Event
    refusals: Callable[[Refused], None]

    def run(self, seconds: float | None = None) -> None:
        """Drive and report; returns after `seconds` or as soon as `stop` is set."""
        threads = min(MOST_THREADS, -(-len(self.phones) // PHONES_A_THREAD))
        workers = [
            # daemons: one that waits for an answer must not hold up the end
            threading.Thread(target=self._report, args=(self.phones[i::threads],), daemon=True)
            for i in range(threads)
        ]
        for worker in workers:
            worker.start()
        self.stop.wait(seconds)
        self.stop.set()
        for worker in workers:
            worker.join(0.2)

    def _report(self, phones: Sequence[Phone]) -> None:
        door = Door(self.address, self.tally, self.stop)
        begun = time.time()
        reporters = [_Reporter(phone, begun) for phone in phones]
        # spread over the interval, or the whole fleet would report in one burst
        due = [(begun + self.interval_s * i / len(reporters), i) for i in range(len(reporters))]
        heapq.heapify(due)
        door_opens_at = begun
        try:
            while not self.stop.wait(max(0.0, due[0][0] - time.time())):
                at, number = heapq.heappop(due)
                now = time.time()
                if reporters[number].look(now) and now >= door_opens_at:
                    door_opens_at = now + self._deliver(door, reporters[number])
                # a fleet that was held up goes on from now, it does not catch up in a burst
                heapq.heappush(due, (max(at + self.interval_s, now), number))
        except Stopped:
            pass
        finally:
            door.close()

    def _deliver(self, door: Door, reporter: _Reporter) -> float:
        """Post what waits, oldest first; seconds to wait where the door is away. Nothing is dropped meanwhile."""
        vehicle = reporter.phone.vehicle
        while reporter.outbox:
            head = [reporter.outbox[i] for i in range(min(LARGEST_POST, len(reporter.outbox)))]
            try:
                wait_s = door.offer(vehicle.device_id, head, vehicle.info())
            except Refused as refused:
                self.refusals(refused)
                raise Stopped from None
            if wait_s:
                return wait_s
            for _ in head:
                reporter.outbox.popleft()
        return 0.0
