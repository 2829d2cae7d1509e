"""A driver of a rehearsal: signs in on a phone, drives from stop to stop, delivers or fails, loses the network now and
then, and sends things twice. What they did is in their own book, by which the end of the day is judged."""

import asyncio
import math
import random
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from dispatch.rehearsal.client import Client, Refused
from dispatch.rehearsal.settling import DETOUR, SPEED_KMH
from dispatch.rehearsal.tally import Tally
from dispatch.rehearsal.world import METRES_A_DEGREE, World, metres

FAILS = 0.07  # of visits
REASONS = ("nobody_home", "nobody_home", "no_access", "address_not_found", "refused")
LOSES_NETWORK = 0.05  # at a stop; for some stops then
SENDS_TWICE = 0.05  # the answer got lost
NOISE_M = 4.0
LOOKS_EVERY_S = 4.0
MPS = SPEED_KMH / 3.6


@dataclass
class Book:
    """What a driver did, by shipment."""

    delivered: dict[str, int] = field(default_factory=dict)  # times
    failed: dict[str, int] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)


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
            some = self.waiting[:50]
            body = {"clock_ms": round(time.time() * 1000), "actions": some}
            answer = await self.client.ask("driver_tell", "POST", "/d/api/actions", json=body)
            if self.dice.random() < SENDS_TWICE:
                answer = await self.client.ask("driver_tell", "POST", "/d/api/actions", json=body)
                self.client.tally.counts["sent_twice"] += 1
            for given in answer["answers"]:
                if given["outcome"] == "refused":
                    book.refused.append(given["refusal"])
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


class Driver:
    """One driver's day."""

    def __init__(self, world: World, link: str, base_url: str, tally: Tally, seed: str) -> None:
        self.world, self.link, self.base_url, self.tally = world, link, base_url, tally
        self.dice = random.Random(seed)  # noqa: S311  a made-up day
        self.book = Book()
        self.place: tuple[float, float] | None = None
        self.fixes = 0.0

    async def work(self, session: aiohttp.ClientSession, over: asyncio.Event) -> None:
        """Until the day is over: drive what there is, wait for what comes."""
        client = Client(session, self.base_url, self.tally, {"X-Milepost-Driver": "1"})
        cookie = await self._sign_in(session)
        client.headers["Cookie"] = f"driver={cookie}"
        self.phone = Phone(client, self.dice)
        await asyncio.sleep(self.dice.uniform(0, LOOKS_EVERY_S))
        while not over.is_set():
            await self.phone.look()
            if self.phone.open_stops:
                await self._round(over)
            await self._tell()
            await _until(over, LOOKS_EVERY_S * self.dice.uniform(0.8, 1.2))
        await self._tell()

    async def _sign_in(self, session: aiohttp.ClientSession) -> str:
        async with session.post(self.link, allow_redirects=False) as answer:
            if answer.status != 302:
                raise Refused(answer.status, await answer.text(), "sign in")
            return answer.cookies["driver"].value

    async def _round(self, over: asyncio.Event) -> None:
        """From stop to stop as the newest version has them; what is heard on the way counts at once."""
        manifest = self.phone.day["manifest"]
        hub = manifest["hub"]
        self.place = self.place or (hub["longitude"], hub["latitude"])
        self.phone.did("acknowledge", manifest=manifest["manifest"], version=manifest["version"])
        if manifest["state"] in {"released", "acknowledged"}:
            self.phone.did("begin", manifest=manifest["manifest"])
        await self._tell()
        while self.phone.open_stops and not over.is_set():
            stop = self.phone.open_stops[0]
            await self._drive(goal=(stop["longitude"], stop["latitude"]), over=over)
            still = {one["stop"] for one in self.phone.open_stops}
            if stop["stop"] in still:
                await self._visit(stop)

    async def _visit(self, stop: dict[str, Any]) -> None:
        where = {"longitude": stop["longitude"], "latitude": stop["latitude"], "accuracy_m": NOISE_M}
        self.phone.did("arrive", stop=stop["stop"], place=where)
        await asyncio.sleep(self.world.scale.service_s)
        if self.dice.random() < FAILS:
            self.phone.did("fail", stop=stop["stop"], place=where, reason=self.dice.choice(REASONS))
            _count(self.book.failed, stop["shipment"])
        else:
            cash = stop.get("cash_minor") or 0
            self.phone.did("deliver", stop=stop["stop"], place=where, cash_minor=cash, recipient="Neighbour")
            _count(self.book.delivered, stop["shipment"])
        if self.phone.offline_stops:
            self.phone.offline_stops -= 1
        elif self.dice.random() < LOSES_NETWORK:
            self.phone.offline_stops = self.dice.randint(1, 4)
            self.tally.counts["networks_lost"] += 1
        await self._tell()

    async def _tell(self) -> None:
        if not self.phone.offline_stops:
            await self.phone.tell(self.book)

    async def _drive(self, goal: tuple[float, float], over: asyncio.Event) -> None:
        """Along the straight line, as slowly as the detour makes it, reporting on the way."""
        start = self.place or goal
        seconds = metres(start, goal) * DETOUR / MPS * self.dice.lognormvariate(0, 0.15)
        begun = time.monotonic()
        every = self.world.scale.report_every_s
        while (gone := time.monotonic() - begun) < seconds and not over.is_set():
            share = gone / seconds
            here = tuple(a + (b - a) * share for a, b in zip(start, goal, strict=True))
            await self._report(here[0], here[1])
            await asyncio.sleep(min(every, max(0.05, seconds - gone)))
        self.place = goal

    async def _report(self, longitude: float, latitude: float) -> None:
        report = self.phone.report
        now = time.time()
        if (
            report is None
            or self.phone.offline_stops
            or now - self.fixes < self.world.scale.report_every_s * 0.9
        ):
            return
        self.fixes = now
        noise = [self.dice.gauss(0, NOISE_M) / METRES_A_DEGREE for _ in range(2)]
        fix = {
            "recorded_at": round(now * 1000),
            "longitude": longitude + noise[0] / math.cos(math.radians(latitude)),
            "latitude": latitude + noise[1],
            "accuracy_m": round(abs(self.dice.gauss(6, 2)) + 2, 1),
            "speed_mps": round(MPS, 1),
        }
        body = {"device_id": report["device"], "positions": [fix]}
        key = f"Bearer {report['key']}"
        await self.phone.client.ask("position", "POST", "/ingest/v1/positions", json=body, Authorization=key)


def _count(counts: dict[str, int], name: str) -> None:
    counts[name] = counts.get(name, 0) + 1


async def _until(event: asyncio.Event, seconds: float) -> None:
    """Wait so long, or until the event."""
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return
