"""The rehearsal from beginning to end: set up, upload, plan, drive, look, and wait until nothing is under way."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp

from dispatch.rehearsal.client import Client
from dispatch.rehearsal.driver import Driver
from dispatch.rehearsal.others import customers, supervisors
from dispatch.rehearsal.scale import DAY_S, SLOT_S
from dispatch.rehearsal.settling import Town, settle, windows
from dispatch.rehearsal.tally import Tally
from dispatch.rehearsal.world import World

UPLOADS_WITHIN_S, ENDS_WITHIN = 1_800, 3.0
LOOK_S = 2.0
Say = Callable[[str], None]
MOVING = ("created", "ready", "assigned", "out_for_delivery")


@dataclass
class Played:
    """What a rehearsal came to, as far as anybody outside can see."""

    world: World
    tally: Tally
    towns: list[Town] = field(default_factory=list)
    drivers: list[Driver] = field(default_factory=list)
    uploads: list[dict[str, Any]] = field(default_factory=list)
    begun: float = 0.0
    seconds: dict[str, float] = field(default_factory=dict)


async def play(world: World, *, base_url: str, key: str, solve_s: int, say: Say) -> Played:
    """Play the day. Raises Refused where the product will not have what is needed to begin."""
    played = Played(world, Tally(), begun=time.time())
    connector = aiohttp.TCPConnector(limit=64)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:
        api = Client(session, base_url, played.tally, {"Authorization": f"Bearer {key}"})
        public = Client(session, base_url, played.tally, {})
        say(f"setting up {len(world.cities)} cities with {world.drivers:,} drivers")
        played.towns = await settle(world, api, now=datetime.now(UTC))
        _lap(played, "set_up")
        first = _morning(world)
        say(f"uploading {world.shipments:,} shipments")
        played.uploads = await _upload(world, played.towns, api, first)
        _lap(played, "uploads")
        first = max(first, datetime.now(UTC) + timedelta(seconds=5))
        times = await windows(world, played.towns, api, first=first, seconds=solve_s)
        say(f"windows at {', '.join(f'{at:%H:%M}' for at in times)} UTC; drivers sign in")
        await _drive(world, played, session, api, public, say, ends=first + world.slots)
        _lap(played, "day")
    return played


def _morning(world: World) -> datetime:
    """When the first slot begins: late enough for set-up and upload, which take what they take."""
    return datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=60 + world.shipments / 500)


async def _upload(world: World, towns: list[Town], api: Client, first: datetime) -> list[dict[str, Any]]:
    """A file for each city; each is sent twice, as happens. Back once all are read."""
    made = []
    for town in towns:
        content = world.file(town.city, first)
        for _ in range(2):
            path = f"/api/v1/shipment-uploads?hub={town.hub}&file_name={world.run}-{town.city.number}.csv"
            sent = await api.ask("upload", "POST", path, data=content, **{"Content-Type": "text/csv"})
        made.append(sent["id"])
    deadline = time.monotonic() + UPLOADS_WITHIN_S
    while time.monotonic() < deadline:
        found = [await api.ask("set_up", "GET", f"/api/v1/shipment-uploads/{one}") for one in made]
        if all(one["state"] in {"done", "failed"} for one in found):
            return found
        await asyncio.sleep(LOOK_S)
    api.tally.problem("the uploads were not read in time")
    return found


async def _drive(
    world: World,
    played: Played,
    session: aiohttp.ClientSession,
    api: Client,
    public: Client,
    say: Say,
    *,
    ends: datetime,
) -> None:
    over, visited = asyncio.Event(), set[tuple[str, int]]()
    played.drivers = [
        Driver(world, link, api.base_url, played.tally, f"{world.seed}:{town.city.number}:{n}", visited)
        for town in played.towns
        for n, link in enumerate(town.sign_in)
    ]
    names = [
        parcel.external_id for town in played.towns for parcel in world.parcels(town.city, datetime.now(UTC))
    ]
    tasks = [asyncio.create_task(_whole(driver, session, over)) for driver in played.drivers]
    tasks += [asyncio.create_task(customers(api, public, names, over, world.seed))]
    tasks += [asyncio.create_task(supervisors(api, played.towns, world.zone, over, world.seed))]
    try:
        await _until_over(world, played, api, say, ends=ends)
    finally:
        over.set()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in tasks:
        if not task.cancelled() and (error := task.exception()) is not None:
            played.tally.problem(repr(error))


async def _whole(driver: Driver, session: aiohttp.ClientSession, over: asyncio.Event) -> None:
    """A driver whose day breaks off is a problem of its own, and no other driver's."""
    try:
        await driver.work(session, over)
    except Exception as error:
        driver.tally.problem(f"a driver's day broke off: {error!r}")


async def _until_over(world: World, played: Played, api: Client, say: Say, *, ends: datetime) -> None:
    """Until nothing is under way, or the last slot is over and nothing has changed since for longer than a failed
    attempt waits; or until the day is three times as long as it should be. What is left then must be somewhere: the
    judgement asks where."""
    length = world.scale.seconds(DAY_S + SLOT_S) + 240
    settled = timedelta(seconds=world.scale.waits()["first_wait_s"] + 90)
    deadline, told, changed_at, before = time.monotonic() + ENDS_WITHIN * length, 0.0, ends, (-1, -1)
    while time.monotonic() < deadline:
        totals = await api.ask("metrics", "GET", "/api/v1/hub-totals")
        left = _open_in(totals, played.towns, doubtful=sum(one["doubtful"] for one in played.uploads))
        if left != before:
            changed_at, before = max(ends, datetime.now(UTC)), left
        if sum(left) == 0 or datetime.now(UTC) - changed_at > settled:
            return
        if time.monotonic() - told > 20:
            told = time.monotonic()
            say(
                f"{left[0]:,} of {world.shipments:,} shipments are under way, {left[1]:,} wait after a failed attempt"
            )
        await asyncio.sleep(LOOK_S * 2)
    api.tally.problem("the day did not end in time")


def _open_in(totals: dict[str, Any], towns: list[Town], *, doubtful: int) -> tuple[int, int]:
    """Shipments of the rehearsal's zones that are under way, and that wait after a failed attempt.

    Those whose place a person must confirm first go nowhere today.
    """
    ours = {town.hub for town in towns}
    rows = [row["shipments"] for row in totals["data"] if row["hub"] in ours]
    under_way = sum(row.get(state, 0) for row in rows for state in MOVING)
    return max(0, under_way - doubtful), sum(row.get("failed", 0) for row in rows)


def _lap(played: Played, name: str) -> None:
    played.seconds[name] = time.time() - played.begun - sum(played.seconds.values())
