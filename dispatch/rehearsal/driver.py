"""A driver of a rehearsal: signs in on a phone, drives from stop to stop, delivers or fails, loses the network now and
then, and sends things twice. What they did is in their own book, by which the end of the day is judged."""

import asyncio
import math
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import aiohttp

from dispatch.rehearsal.client import Client, Refused
from dispatch.rehearsal.phone import Book, Phone
from dispatch.rehearsal.settling import DETOUR, SPEED_KMH
from dispatch.rehearsal.tally import Tally
from dispatch.rehearsal.world import METRES_A_DEGREE, World, metres

FAILS = 0.07  # of visits
REASONS = ("nobody_home", "nobody_home", "no_access", "address_not_found", "refused")
LOSES_NETWORK = 0.05  # at a stop; for some stops then
NOISE_M = 4.0
LOOKS_EVERY_S = 4.0
TELLS_WITHIN_S = 300.0  # once the day is over
MPS = SPEED_KMH / 3.6


class Driver:
    """One driver's day."""

    def __init__(
        self, world: World, link: str, base_url: str, tally: Tally, seed: str, visited: set[tuple[str, int]]
    ) -> None:
        """`visited` is the street, the same for all: which parcel was taken to its door at which attempt."""
        self.world, self.link, self.base_url, self.tally = world, link, base_url, tally
        self.visited = visited
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
        await self.day(over)

    async def day(self, over: asyncio.Event) -> None:
        """With a phone that is signed in."""
        while not over.is_set():
            with self.patience():
                await self.phone.look()
                if self._next_stop() is not None:
                    await self._round(over)
            self.phone.offline_stops = 0  # back at the hub there is a network
            await self._tell()
            await _until(over, LOOKS_EVERY_S * self.dice.uniform(0.8, 1.2))
        await self._tell_all()

    async def _tell_all(self) -> None:
        """Whatever the phone still holds: nobody goes home before it is told."""
        deadline = time.monotonic() + TELLS_WITHIN_S
        while self.phone.waiting and time.monotonic() < deadline:
            self.phone.offline_stops = 0
            await self._tell()
            await asyncio.sleep(1 if self.phone.waiting else 0)
        if self.phone.waiting:
            self.tally.problem(f"{len(self.phone.waiting)} actions of a phone could not be told")

    @contextmanager
    def patience(self) -> Iterator[None]:
        """A product that is slow or away for a while is asked again later, by this phone as by any."""
        try:
            yield
        except Refused as refusal:
            if not refusal.passing:
                raise
            self.tally.counts["put_off"] += 1

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
        while (stop := self._next_stop()) is not None and not over.is_set():
            await self._drive(goal=(stop["longitude"], stop["latitude"]), over=over)
            await self._wait_for_slot(stop, over)
            if self._is_still_mine(stop) and not over.is_set():
                await self._visit(stop)

    def _next_stop(self) -> dict[str, Any] | None:
        """The first that is open. A parcel that somebody else took to its door, whose phone has no network to tell it,
        is not in this van."""
        return next((one for one in self.phone.open_stops if _visit_of(one) not in self.visited), None)

    def _is_still_mine(self, stop: dict[str, Any]) -> bool:
        return _visit_of(stop) not in self.visited and any(
            one["stop"] == stop["stop"] for one in self.phone.open_stops
        )

    async def _wait_for_slot(self, stop: dict[str, Any], over: asyncio.Event) -> None:
        """Nobody is home before it; a slot of another day is not waited for."""
        if not stop.get("slot"):
            return
        begins = datetime.fromisoformat(stop["slot"][0]).timestamp()
        patience = self.world.slots.total_seconds()
        while 0 < begins - time.time() < patience and self._is_still_mine(stop) and not over.is_set():
            await _until(over, min(LOOKS_EVERY_S, max(0.0, begins - time.time())))
            await self._report(*(self.place or (stop["longitude"], stop["latitude"])))
            if not self.phone.offline_stops:
                with self.patience():
                    await self.phone.look()

    async def _visit(self, stop: dict[str, Any]) -> None:
        self.visited.add(_visit_of(stop))
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
            with self.patience():
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
        with self.patience():
            await self.phone.client.ask(
                "position", "POST", "/ingest/v1/positions", json=body, Authorization=key
            )


def _visit_of(stop: dict[str, Any]) -> tuple[str, int]:
    return stop["shipment"], stop.get("attempt") or 1


def _count(counts: dict[str, int], name: str) -> None:
    counts[name] = counts.get(name, 0) + 1


async def _until(event: asyncio.Event, seconds: float) -> None:
    """Wait so long, or until the event."""
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return
