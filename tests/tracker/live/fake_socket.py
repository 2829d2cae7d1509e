"""A reader of the hub for tests: keeps the frames it got, and can stop reading."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

from tracker.live.sockets import Subscriber


async def until(condition: Callable[[], Any], *, within_s: float = 10.0) -> Any:
    """Wait for a condition, looking again and again; fails when it never comes."""
    async with asyncio.timeout(within_s):
        while not (value := condition()):
            await asyncio.sleep(0.005)
        return value


class FakeSocket:
    """What a browser would hold: frames in order, and the devices they add up to."""

    def __init__(self, environment_id: int, user_id: int = 1, sight: frozenset[str] | None = None) -> None:
        self.frames: list[dict[str, Any]] = []
        self.reading = asyncio.Event()
        self.reading.set()
        self.subscriber = Subscriber(environment_id, user_id, self._send, sight)

    async def _send(self, text: str) -> None:
        await self.reading.wait()
        self.frames.append(json.loads(text))

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [frame for frame in self.frames if frame["type"] == kind]

    @property
    def devices(self) -> dict[str, dict[str, Any]]:
        """Merged as the page merges them, but trusting the server's order: no guard by time."""
        devices: dict[str, dict[str, Any]] = {}
        for frame in self.frames:
            for gone in frame.get("removed", []):
                devices.pop(gone, None)
            for facts in frame.get("devices", []):
                devices[facts["id"]] = {**devices.get(facts["id"], {}), **facts}
        return devices
