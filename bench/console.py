"""The console and the API for 50 people at once, over 100 tenants with ten million rows of usage between them.

Each person asks for a page every two seconds, pages and API in turn, whether or not the last answer has come; times
count from when a request was due. The data are made by one statement in the database, so that the time goes into the
measurement: hours back from now, every meter, both environments of each tenant.
"""

import asyncio
import json
import random
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from box.place import PROJECT

from bench.stage import Stage, share

TENANTS, PEOPLE, ROWS = 100, 50, 10_000_000
PERIOD_S = 2.0
PAGES = (
    "/console/",
    "/console/usage/",
    "/console/billing/",
    "/console/billing/ledger/",
    "/console/budget/",
    "/console/storms/",
    "/console/devices/",
    "/console/keys/",
    "/console/quarantine/",
    "/console/webhooks/",
    "/console/members/",
    "/console/audit/",
    "/console/environments/",
    "/console/data/",
    "/console/settings/",
)
API = ("/api/v1/devices", "/api/v1/outcomes", "/api/v1/usage", "/api/v1/environment")
MAKE = """
import json
from importlib import import_module
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db import transaction
from tracker.tenants.models import User
from tracker.tenants.services import create_tenant
store = import_module(settings.SESSION_ENGINE).SessionStore
people = []
for number in range({tenants}):
    with transaction.atomic():
        user = User.objects.create_user(f"bench-{{number}}@example.com")
        made = create_tenant(f"Bench {{number}}", owner=user)
    session = store()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session["environment"] = made.test.environment.public_id
    session.create()
    people.append({{"session": session.session_key, "key": made.test.secret_key}})
print("PEOPLE " + json.dumps({{"cookie": settings.SESSION_COOKIE_NAME, "people": people}}))
"""
FILL = """
    INSERT INTO billing_usagerecord (environment_id, meter, hour, quantity, revision, computed_at)
    SELECT e.id, m.code, date_trunc('hour', now()) - h * interval '1 hour', (e.id * 31 + h * 7) %% 1000, 1, now()
    FROM (SELECT id FROM tracker_environment ORDER BY id DESC LIMIT %s) e
    CROSS JOIN unnest(%s::text[]) AS m (code)
    CROSS JOIN generate_series(1, %s) AS h
    ON CONFLICT DO NOTHING
    RETURNING 1
"""


@dataclass
class _Times:
    pages_ms: list[float] = field(default_factory=list)
    api_ms: list[float] = field(default_factory=list)
    by_path: dict[str, list[float]] = field(default_factory=dict)
    failed: dict[str, int] = field(default_factory=dict)


def measure(stage: Stage, seconds: int) -> dict[str, Any]:
    """Figures by what they are."""
    made = _people(stage)
    rows = _fill(stage)
    there = _found(stage, made)
    asyncio.run(_load(stage.stack.base_url, made, there, min(seconds, 5), _Times()))  # caches as on any day
    times = _Times()
    asyncio.run(_load(stage.stack.base_url, made, there, seconds, times))
    slowest = sorted(times.by_path.items(), key=lambda one: -share(one[1], 0.99))[:4]
    return {
        "rows of usage": rows,
        "people at once": PEOPLE,
        "requests a second": round((len(times.pages_ms) + len(times.api_ms)) / seconds, 1),
        "pages, p50 ms": round(share(times.pages_ms, 0.5), 1),
        "pages, p99 ms (aim 100)": round(share(times.pages_ms, 0.99), 1),
        "API, p50 ms": round(share(times.api_ms, 0.5), 1),
        "API, p99 ms (aim 100)": round(share(times.api_ms, 0.99), 1),
        "slowest, p99 ms": ", ".join(f"{path} {share(of, 0.99):.0f}" for path, of in slowest),
        "not answered 200": times.failed or 0,
    }


def _people(stage: Stage) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "-c", MAKE.format(tenants=TENANTS)],
        cwd=PROJECT,
        env=stage.stack.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    found = next(line for line in done.stdout.splitlines() if line.startswith("PEOPLE "))
    made: dict[str, Any] = json.loads(found.removeprefix("PEOPLE "))
    return made


def _fill(stage: Stage) -> int:
    meters = ["fixes_accepted", "active_devices", "geofence_evaluations", "dispatch_stops"]
    meters += ["shipments_tracked", "webhooks_delivered", "archive_bytes"]
    hours = ROWS // (2 * TENANTS * len(meters)) + 1
    stage.sql(FILL, 2 * TENANTS, meters, hours)
    stage.do("ANALYZE billing_usagerecord")
    return int(stage.sql("SELECT count(*) FROM billing_usagerecord"))


def _found(stage: Stage, made: dict[str, Any]) -> list[str]:
    """Pages and addresses, each asked once: one that fails is no figure."""
    return asyncio.run(_ask_each(stage.stack.base_url, made))


async def _ask_each(url: str, made: dict[str, Any]) -> list[str]:
    there = []
    async with aiohttp.ClientSession(url) as session:
        for path in (*PAGES, *API):
            async with session.get(
                path, headers=_headers(made, made["people"][0]), allow_redirects=False
            ) as answer:
                if answer.status != 200:
                    raise RuntimeError(f"{path} answers {answer.status}")
                there.append(path)
    return there


def _headers(made: dict[str, Any], person: dict[str, str]) -> dict[str, str]:
    return {
        "Cookie": f"{made['cookie']}={person['session']}",
        "Authorization": f"Bearer {person['key']}",
    }


async def _load(url: str, made: dict[str, Any], paths: list[str], seconds: int, times: _Times) -> None:
    connector = aiohttp.TCPConnector(limit=4 * PEOPLE)
    async with aiohttp.ClientSession(url, connector=connector) as session, asyncio.TaskGroup() as group:
        for number, person in enumerate(made["people"][:PEOPLE]):
            group.create_task(
                _person(session, _headers(made, person), paths, seconds, times, random.Random(number))
            )


async def _person(
    session: aiohttp.ClientSession,
    headers: dict[str, str],
    paths: list[str],
    seconds: int,
    times: _Times,
    dice: random.Random,
) -> None:
    begin = time.monotonic() + dice.random() * PERIOD_S
    pages = [path for path in paths if path in PAGES]
    api = [path for path in paths if path in API]
    async with asyncio.TaskGroup() as group:
        for number in range(int(seconds / PERIOD_S)):
            due = begin + number * PERIOD_S
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            path = dice.choice(api if number % 2 and api else pages)
            group.create_task(_ask(session, path, headers, due, times))


async def _ask(
    session: aiohttp.ClientSession, path: str, headers: dict[str, str], due: float, times: _Times
) -> None:
    async with session.get(path, headers=headers, allow_redirects=False) as answer:
        await answer.read()
    took_ms = 1000 * (time.monotonic() - due)
    if answer.status != 200:
        times.failed[f"{path} {answer.status}"] = times.failed.get(f"{path} {answer.status}", 0) + 1
        return
    (times.api_ms if path in API else times.pages_ms).append(took_ms)
    times.by_path.setdefault(path, []).append(took_ms)
