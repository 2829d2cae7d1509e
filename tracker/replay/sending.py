"""A recording through the door: as fast as it takes it, or at a multiple of real time; in order per device."""

import heapq
import queue
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass

from tracker.replay.posting import Address, Door, Stopped, Tally
from tracker.replay.recording import Fix, by_device
from tracker.replay.shifting import Plan

CONNECTIONS = 4
PACE_S = 0.2  # how finely a paced replay follows the recording's clock
MAX_WAITING = 64  # batches before a slow connection: beyond this the recording waits for the door

Batch = tuple[str, list[Fix]]


@dataclass
class Sender:
    """Posts the fixes of a recording. `on_sent` hears of each batch that was answered, by its size."""

    address: Address
    plan: Plan
    tally: Tally
    stop: threading.Event
    batch: int = 200
    connections: int = CONNECTIONS
    on_sent: Callable[[int], None] = lambda count: None

    def send(self, fixes: Sequence[Fix]) -> None:
        """Post them all; returns when the last was answered. Raises Refused, or Stopped when the event is set."""
        lanes = [queue.Queue[Batch | None](MAX_WAITING) for _ in range(self.connections)]
        with ThreadPoolExecutor(self.connections + 1, "replay") as pool:
            work = [pool.submit(self._post_lane, lane) for lane in lanes]
            work.append(pool.submit(self._feed, fixes, lanes))
            done, _ = wait(work, return_when=FIRST_EXCEPTION)
            failed = next((task for task in done if task.exception()), None)
            if failed is not None:
                self.stop.set()
        for task in [*([failed] if failed else []), *work]:
            task.result()

    def _feed(self, fixes: Sequence[Fix], lanes: Sequence["queue.Queue[Batch | None]"]) -> None:
        """Hand out batches; a device always goes by the same connection, so its fixes cannot overtake."""
        batches = self._at_once(fixes) if self.plan.speed is None else self._paced(fixes)
        for device, own in batches:
            self._put(lanes[zlib.crc32(device.encode()) % len(lanes)], (device, own))
        for lane in lanes:
            self._put(lane, None)

    def _put(self, lane: "queue.Queue[Batch | None]", batch: Batch | None) -> None:
        while True:
            if self.stop.is_set():
                raise Stopped
            try:
                return lane.put(batch, timeout=PACE_S)
            except queue.Full:
                continue

    def _at_once(self, fixes: Sequence[Fix]) -> Iterator[Batch]:
        """Batches ordered by the time of their first fix, so that a fleet moves together."""
        heads = []
        for device, own in by_device(fixes).items():
            heads += [(own[i].at_us, device, own[i : i + self.batch]) for i in range(0, len(own), self.batch)]
        heads.sort(key=lambda head: head[:2])
        for _, device, own in heads:
            yield device, own

    def _paced(self, fixes: Sequence[Fix]) -> Iterator[Batch]:
        """At each tick, what became due since the last one, gathered per device."""
        waiting = [(self.plan.due_s(fix), fix.at_us, number, fix) for number, fix in enumerate(fixes)]
        heapq.heapify(waiting)
        begun = time.monotonic()
        while waiting:
            now_s = time.monotonic() - begun
            due: list[Fix] = []
            while waiting and waiting[0][0] <= now_s:
                due.append(heapq.heappop(waiting)[3])
            for device, own in by_device(due).items():
                for i in range(0, len(own), self.batch):
                    yield device, own[i : i + self.batch]
            if waiting and self.stop.wait(max(PACE_S, waiting[0][0] - (time.monotonic() - begun))):
                raise Stopped

    def _post_lane(self, lane: "queue.Queue[Batch | None]") -> None:
        door = Door(self.address, self.tally, self.stop)
        try:
            while True:
                try:
                    task = lane.get(timeout=PACE_S)
                except queue.Empty:
                    if self.stop.is_set():
                        raise Stopped from None
                    continue
                if task is None:
                    return
                device, own = task
                door.post(device, [fix.body(self.plan.shift_us) for fix in own])
                self.on_sent(len(own))
        finally:
            door.close()
