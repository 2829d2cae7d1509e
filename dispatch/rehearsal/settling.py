"""Sets the day up through the API: rules, hubs, types, vehicles, drivers with shifts and phones, and the windows."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dispatch.rehearsal.client import Client
from dispatch.rehearsal.scale import DAY_S, REDISPATCH_S, Scale
from dispatch.rehearsal.world import BEGINS, City, World

AT_ONCE = 16
SPEED_KMH, DETOUR = 25.0, 1.35
TYPES = (
    {
        "key": "two_wheeler",
        "name": "Two-wheeler",
        "capacities": {"parcels": 45, "kg": 90},
        "cost_per_km": 0.6,
    },
    {
        "key": "four_wheeler",
        "name": "Four-wheeler",
        "capacities": {"parcels": 90, "kg": 600},
        "cost_per_km": 1.0,
    },
)


@dataclass
class Town:
    """A city once it is set up."""

    city: City
    hub: str
    drivers: list[str] = field(default_factory=list)
    sign_in: list[str] = field(default_factory=list)


async def settle(world: World, api: Client, *, now: datetime) -> list[Town]:
    """All cities, at most so many requests at once. The first window is at the second whole minute from now."""
    await api.ask("set_up", "PATCH", "/api/v1/dispatch-settings", json=rules(world.scale))
    types = await _types(api)
    region = await _make(api, "hubs", _hub(world.zone, "Rehearsal", "region", f"{world.run}-region", None))
    gate = asyncio.Semaphore(AT_ONCE)
    towns = await asyncio.gather(
        *(_town(world, city, api, region["id"], types, gate, now) for city in world.cities)
    )
    return list(towns)


def rules(scale: Scale) -> dict[str, Any]:
    """The settings of dispatch in scale. What customers may choose instead is always of another day."""
    weights = {"speed_kmh": SPEED_KMH, "detour": DETOUR, "late_per_minute": 1.0, "overtime_per_hour": 1.0}
    return {
        **scale.waits(),
        "weights": weights,
        "brand": "Rehearsal Stores",
        "proofs": [],
        "notify_channels": [],
        "slots_offered": [[f"{BEGINS - 2:02}:00", f"{BEGINS - 1:02}:00"]],
    }


async def windows(
    world: World, towns: list[Town], api: Client, *, first: datetime, seconds: int
) -> list[datetime]:
    """The morning's window and the later one, which release their plans. Returns when they are, in UTC."""
    later = first + timedelta(seconds=max(120, world.scale.seconds(REDISPATCH_S)))
    times = sorted({_minute(first), _minute(later)})
    for town in towns:
        for at in times:
            body = {
                "hub": town.hub,
                "at": f"{at.astimezone(ZoneInfo(world.zone)):%H:%M}",
                "seconds": seconds,
                "releases": True,
            }
            await api.ask("set_up", "POST", "/api/v1/dispatch-windows", json=body)
    return times


def _minute(at: datetime) -> datetime:
    """The next whole minute: windows have no seconds."""
    return at.replace(second=0, microsecond=0) + timedelta(minutes=1 if at.second or at.microsecond else 0)


async def _town(
    world: World,
    city: City,
    api: Client,
    region: str,
    types: list[str],
    gate: asyncio.Semaphore,
    now: datetime,
) -> Town:
    name = f"{world.run}-{city.number:02}"
    async with gate:
        centre = await _make(
            api, "hubs", _hub(world.zone, city.name, "centre", f"{name}-centre", region, city)
        )
        zone = await _make(
            api, "hubs", _hub(world.zone, f"{city.name} zone", "zone", f"{name}-zone", centre["id"], city)
        )
    town = Town(city, zone["id"])
    count = world.in_city(world.drivers, city)
    made = await asyncio.gather(*(_driver(world, town, n, api, types, gate, now) for n in range(count)))
    for driver, link in made:
        town.drivers.append(driver)
        town.sign_in.append(link)
    return town


async def _driver(
    world: World, town: Town, n: int, api: Client, types: list[str], gate: asyncio.Semaphore, now: datetime
) -> tuple[str, str]:
    name = f"{world.run}-{town.city.number:02}-{n:04}"
    kind = types[0 if n % 5 else 1]
    async with gate:
        driver = await _make(api, "drivers", {"name": f"Driver {name}", "hub": town.hub, "external_id": name})
        vehicle = await _make(
            api, "vehicles", {"type": kind, "hub": town.hub, "external_id": name, "plate": name[-14:]}
        )
        path = f"/api/v1/drivers/{driver['id']}"
        await api.ask("set_up", "POST", f"{path}/vehicle", json={"vehicle": vehicle["id"]})
        await api.ask("set_up", "POST", f"{path}/shifts", json=_shift(world, now))
        link = await api.ask("set_up", "POST", f"{path}/sign-in-links")
    return driver["id"], link["url"]


def _shift(world: World, now: datetime) -> dict[str, Any]:
    """From now to the end of the day in scale, in whole minutes, with time for what comes before its first slot."""
    begins = now.astimezone(ZoneInfo(world.zone)).replace(second=0)
    before_s = 300 + world.drivers / 2 + world.shipments / 50
    ends = begins + timedelta(seconds=max(600, before_s + world.scale.seconds(DAY_S) * 1.3))
    return {"weekdays": [1, 2, 3, 4, 5, 6, 7], "starts": f"{begins:%H:%M}", "ends": f"{ends:%H:%M}"}


async def _types(api: Client) -> list[str]:
    known = {
        one["key"]: one["id"] for one in (await api.ask("set_up", "GET", "/api/v1/vehicle-types"))["data"]
    }
    ids = []
    for kind in TYPES:
        found = known.get(str(kind["key"]))
        ids.append(found or (await _make(api, "vehicle-types", dict(kind)))["id"])
    return ids


async def _make(api: Client, what: str, body: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = await api.ask("set_up", "POST", f"/api/v1/{what}", json=body)
    return made


def _hub(
    zone: str, name: str, kind: str, external_id: str, parent: str | None, city: City | None = None
) -> dict[str, Any]:
    body: dict[str, Any] = {"name": name, "kind": kind, "timezone": zone, "external_id": external_id}
    if parent:
        body["parent"] = parent
    if city:
        body |= {"longitude": city.longitude, "latitude": city.latitude}
    return body
