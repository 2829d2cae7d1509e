"""Who else is about in a rehearsal: customers who look at their page, supervisors who move stops."""

import asyncio
import random
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from dispatch.rehearsal.client import Client, Refused
from dispatch.rehearsal.settling import ZONE, Town

LOOKS_A_SECOND = 5.0
MOVES_EVERY_S = 6.0
NOTES = 0.02  # of looks
REASON = ("other", "Rehearsal: the supervisor knows better")
OFFERED = re.compile(r'name="slot" value="([^"]+)"')


async def customers(
    api: Client, public: Client, names: Sequence[str], over: asyncio.Event, seed: int
) -> None:
    """Look at pages of shipments picked at random, some again and again; leave a note, choose another time."""
    dice = random.Random(f"customers:{seed}")  # noqa: S311  made-up people
    links: list[str] = []
    while not over.is_set():
        if len(links) < 200 and names:
            found = await api.ask(
                "set_up", "GET", f"/api/v1/shipments/external:{dice.choice(names)}/tracking-link"
            )
            links.append(found["url"].removeprefix(public.base_url))
        link = dice.choice(links)
        try:
            page = (await public.ask("customer_page", "GET", link)).decode()
            await _act(public, link, page, dice)
        except Refused as gone:
            if gone.status != 404:  # a page that has ended is as it should be
                public.tally.problem(str(gone))
            links.remove(link)
        await _pause(over, 1 / LOOKS_A_SECOND)


async def _act(public: Client, link: str, page: str, dice: random.Random) -> None:
    slots = OFFERED.findall(page)
    if slots and dice.random() < 0.2:
        slot = slots[0].replace("&#x2B;", "+").replace("&#43;", "+")
        await public.ask("customer_change", "POST", f"{link}/slot", data={"slot": slot})
        public.tally.counts["rescheduled"] += 1
    elif "<textarea" in page and dice.random() < NOTES:
        await public.ask("customer_change", "POST", f"{link}/note", data={"note": "Second door, please"})
        public.tally.counts["notes"] += 1


async def supervisors(api: Client, towns: Sequence[Town], over: asyncio.Event, seed: int) -> None:
    """Every few seconds one stop goes to another driver, as the API lets a supervisor's program do it."""
    dice = random.Random(f"supervisors:{seed}")  # noqa: S311  made-up people
    while not over.is_set():
        await _pause(over, MOVES_EVERY_S)
        try:
            await _move(api, dice.choice(towns), dice)
        except Refused as refusal:
            if refusal.status not in {404, 409, 422}:
                api.tally.problem(str(refusal))
            api.tally.counts["moves_refused"] += 1


async def _move(api: Client, town: Town, dice: random.Random) -> None:
    date = f"{datetime.now(ZoneInfo(ZONE)):%Y-%m-%d}"
    found = await api.ask("supervisor", "GET", f"/api/v1/manifests?hub={town.hub}&date={date}&limit=100")
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
