"""Who else is about in a rehearsal: customers who look at their page, supervisors who move stops."""

import asyncio
import random
import re
from collections.abc import Sequence
from datetime import datetime
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

from dispatch.rehearsal.client import Client, Refused
from dispatch.rehearsal.settling import Town

LOOKS_A_SECOND = 5.0
MOVES_EVERY_S = 6.0
KNOWN_LINKS = 200  # pages that are looked at again and again
NOTES = 0.02  # of looks
RATHER_LATER = 0.05  # of customers
REASON = ("other", "Rehearsal: the supervisor knows better")
OFFERED = re.compile(r'name="slot" value="([^"]+)"')


async def customers(
    api: Client, public: Client, names: Sequence[str], over: asyncio.Event, seed: int
) -> None:
    """Look at pages of shipments picked at random, some again and again; leave a note, choose another time."""
    dice = random.Random(f"customers:{seed}")  # noqa: S311  made-up people
    links: dict[str, bool] = {}  # whether that customer would rather have another day
    while not over.is_set():
        try:
            if len(links) < KNOWN_LINKS and names:
                path = f"/api/v1/shipments/external:{dice.choice(names)}/tracking-link"
                found = await api.ask("set_up", "GET", path)
                links.setdefault(found["url"].removeprefix(public.base_url), dice.random() < RATHER_LATER)
            link = dice.choice(list(links))
            await _look(public, link, links, dice)
        except Refused as refusal:
            if not refusal.passing:
                public.tally.problem(str(refusal))
        await _pause(over, 1 / LOOKS_A_SECOND)


async def _look(public: Client, link: str, links: dict[str, bool], dice: random.Random) -> None:
    try:
        page = (await public.ask("customer_page", "GET", link)).decode()
    except Refused as gone:
        if gone.status != 404:  # a page that has ended is as it should be
            raise
        del links[link]
        return
    slots = OFFERED.findall(page)
    if slots and links[link]:
        links[link] = False
        await _change(public, f"{link}/slot", {"slot": unescape(slots[0])}, "rescheduled")
    elif "<textarea" in page and dice.random() < NOTES:
        await _change(public, f"{link}/note", {"note": "Second door, please"}, "notes")


async def _change(public: Client, path: str, data: dict[str, str], what: str) -> None:
    """What the page offered a moment ago may not be possible any more: then it says so."""
    try:
        await public.ask("customer_change", "POST", path, data=data)
        public.tally.counts[what] += 1
    except Refused as refusal:
        if refusal.status not in {404, 409}:
            raise
        public.tally.counts["changes_too_late"] += 1


async def supervisors(api: Client, towns: Sequence[Town], zone: str, over: asyncio.Event, seed: int) -> None:
    """Every few seconds one stop goes to another driver, as the API lets a supervisor's program do it; and plans that
    are waiting for a person go out."""
    dice = random.Random(f"supervisors:{seed}")  # noqa: S311  made-up people
    while not over.is_set():
        await _pause(over, MOVES_EVERY_S)
        for deed in (_move, _release):
            try:
                await deed(api, dice.choice(towns), zone, dice)
            except Refused as refusal:
                if refusal.status not in {404, 409, 422} and not refusal.passing:
                    api.tally.problem(str(refusal))
                api.tally.counts["moves_refused" if deed is _move else "releases_refused"] += 1


async def _release(api: Client, town: Town, zone: str, dice: random.Random) -> None:
    """What was planned because something changed: it is released by a person, never by itself."""
    found = await api.ask("supervisor", "GET", f"/api/v1/manifests?hub={town.hub}&state=draft&limit=100")
    if drafts := [one["id"] for one in found["data"]]:
        await api.ask("supervisor", "POST", "/api/v1/manifest-releases", json={"manifests": drafts})
        api.tally.counts["releases"] += 1


async def _move(api: Client, town: Town, zone: str, dice: random.Random) -> None:
    date = f"{datetime.now(ZoneInfo(zone)):%Y-%m-%d}"
    path = f"/api/v1/manifests?hub={town.hub}&service_date={date}&limit=100"
    found = await api.ask("supervisor", "GET", path)
    live = [one for one in found["data"] if one["state"] in {"released", "acknowledged", "in_progress"}]
    if len(live) < 2:
        return
    giver, taker = dice.sample(live, 2)
    whole = await api.ask("supervisor", "GET", f"/api/v1/manifests/{giver['id']}")
    stops = [one for one in whole["stops"] if one["state"] == "planned"]
    if len(stops) < 2:
        return
    move: dict[str, Any] = {"shipment": stops[-1]["shipment"], "to": taker["driver"], "before": None}
    body = {
        "hub": town.hub, "date": date, "moves": [move], "reason_code": REASON[0], "reason": REASON[1],
        "expected": {one["id"]: one["revision"] for one in (giver, taker)},
    }  # fmt: skip
    await api.ask("supervisor", "POST", "/api/v1/overrides", json=body)
    api.tally.counts["moves"] += 1


async def _pause(over: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(over.wait(), seconds)
    except TimeoutError:
        return
