"""A driver's phone in a rehearsal: what was done waits in a list until it is told, in order, now and then twice."""

import random
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from dispatch.rehearsal.client import Client

SENDS_TWICE = 0.05  # the answer got lost
AT_ONCE = 50  # actions a request


@dataclass
class Book:
    """What a driver did, by shipment."""

    delivered: dict[str, int] = field(default_factory=dict)  # times
    failed: dict[str, int] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)  # why, by the action's id


class Phone:
    """The driver's page, as a program: actions wait in a list until they are told, in order."""

    def __init__(self, client: Client, dice: random.Random) -> None:
        self.client, self.dice = client, dice
        self.waiting: list[dict[str, Any]] = []
        self.number, self.offline_stops = 0, 0
        self.day: dict[str, Any] = {}
        self.report: dict[str, Any] | None = None

    def did(self, kind: str, **facts: Any) -> None:
        """Note that something was done now."""
        self.number += 1
        at = round(time.time() * 1000)
        self.waiting.append(
            {"id": str(uuid.uuid4()), "number": self.number, "kind": kind, "at_ms": at, **facts}
        )

    async def look(self) -> None:
        """Hear what the day is."""
        self._heard(await self.client.ask("driver_day", "GET", "/d/api/day"))

    async def tell(self, book: Book) -> None:
        """Send what waits, now and then twice."""
        while self.waiting:
            some = self.waiting[:AT_ONCE]
            body = {"clock_ms": round(time.time() * 1000), "actions": some}
            answer = await self.client.ask("driver_tell", "POST", "/d/api/actions", json=body)
            if self.dice.random() < SENDS_TWICE:
                answer = await self.client.ask("driver_tell", "POST", "/d/api/actions", json=body)
                self.client.tally.counts["sent_twice"] += 1
            for given in answer["answers"]:
                if given["outcome"] == "refused":
                    book.refused[given["id"]] = given["refusal"]
            self.waiting = self.waiting[len(some) :]
            self._heard(answer["day"])

    def _heard(self, day: dict[str, Any]) -> None:
        self.day = day
        self.report = day.get("report") or self.report

    @property
    def open_stops(self) -> list[dict[str, Any]]:
        """What is to be visited, in order, without what was done and not told yet."""
        done = {one.get("stop") for one in self.waiting if one["kind"] in {"deliver", "fail"}}
        stops = (self.day.get("manifest") or {}).get("stops", [])
        return [one for one in stops if one["state"] in {"planned", "arrived"} and one["stop"] not in done]
