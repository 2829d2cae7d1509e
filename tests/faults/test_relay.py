"""The relay killed with kill -9 wherever it may be: every event still arrives, and none is left waiting."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

import psycopg
import pytest
from box.place import PROJECT
from channels.db import database_sync_to_async
from django.conf import settings as django_settings
from django.db import connection

from tests.tracker.conftest import Customer, _customer
from tests.tracker.webhooks.receiver import Receiver, answers
from tests.tracker.webhooks.rows import WHY, an_endpoint, an_event, attempts, messages
from tests.tracker.webhooks.test_process import until
from tracker.outbox.models import OutboxEvent
from tracker.tenants import scope
from tracker.webhooks.models import WebhookMessage

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]


@pytest.fixture
def ours(settings, db) -> Customer:
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return _customer("ours")


def parameters() -> dict[str, Any]:
    values = connection.get_connection_params()
    return {name: values[name] for name in ("dbname", "user", "password", "host", "port") if values.get(name)}


def environment() -> dict[str, str]:
    """A relay of its own process, on the test's database."""
    url = psycopg.conninfo.make_conninfo(**parameters())
    pieces = psycopg.conninfo.conninfo_to_dict(url)
    host = str(pieces.get("host", "")).replace("/", "%2F")
    secret = f":{pieces['password']}" if pieces.get("password") else ""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "MILEPOST_DATABASE_URL": f"postgresql://{pieces['user']}{secret}@/{pieces['dbname']}?host={host}"
        f"&port={pieces.get('port', 5432)}",
        "MILEPOST_REDIS_URL": django_settings.REDIS_URL,
        "MILEPOST_WEBHOOKS_ALLOW_PRIVATE": "1",
    }


class Relay:
    """`manage.py relay`; `kill` it as often as you like, `start` gives the next one."""

    def __init__(self) -> None:
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "manage.py", "relay", cwd=PROJECT, env=environment(),
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip

    async def end(self, number: int) -> int:
        """Signal it; what it ended with."""
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)
        return await self.process.wait()

    async def kill(self) -> None:
        await self.end(signal.SIGKILL)


@contextlib.asynccontextmanager
async def relay() -> AsyncIterator[Relay]:
    one = Relay()
    try:
        yield one
    finally:
        if one.process is not None and one.process.returncode is None:
            await one.kill()


@contextlib.contextmanager
def locked(statement: str, *values: Any) -> Any:
    """Hold something in the database, so that the relay stands still before it."""
    with psycopg.connect(**parameters(), options="-c milepost.unscoped=test") as holder, holder.transaction():
        holder.execute(statement, values)
        yield


def waits_for(table: str) -> bool:
    """Whether somebody stands before that table."""
    query = "SELECT count(*) FROM pg_locks WHERE relation = %s::regclass AND NOT granted"
    with psycopg.connect(**parameters()) as looking:
        row = looking.execute(query, [table]).fetchone()
    return bool(row and row[0])


def end_leases() -> None:
    """Let the minute pass for which a dead relay's messages are its own."""
    with scope.scope(unscoped=WHY):
        WebhookMessage.objects.unscoped(WHY).filter(leased_until__isnull=False).update(
            leased_until="2020-01-01T00:00Z"
        )


def counts() -> tuple[int, int]:
    """Events not handed on, messages not delivered."""
    with scope.scope(unscoped=WHY):
        waiting = OutboxEvent.objects.unscoped(WHY).filter(relayed_at=None).count()
    return waiting, len([message for message in messages() if message.state != "delivered"])


def has_more_than(receiver: Receiver, already: int) -> bool:
    """Whether more came, or nothing is left to come."""
    return len(receiver.requests) > already or counts() == (0, 0)


async def in_thread(do: Callable[..., Any], *values: Any, **named: Any) -> Any:
    return await database_sync_to_async(do)(*values, **named)


async def owed(customer: Customer, receiver: Receiver, count: int) -> list[str]:
    await in_thread(an_endpoint, customer.test, url=receiver.url())
    return [(await in_thread(an_event, customer.test)).public_id for _ in range(count)]


async def all_arrive(receiver: Receiver, events: list[str]) -> None:
    """A new relay finishes what the dead one began."""
    await in_thread(end_leases)
    async with relay() as one:
        await one.start()
        await until(lambda: counts() == (0, 0), timeout_s=60)
        assert await one.end(signal.SIGTERM) == 0
    assert set(receiver.events) == set(events)


async def test_killed_while_it_hands_on(ours):
    async with Receiver() as receiver, relay() as one:
        events = await owed(ours, receiver, 20)
        with locked("LOCK TABLE tracker_webhookmessage IN EXCLUSIVE MODE"):
            await one.start()
            await until(lambda: waits_for("tracker_webhookmessage"), timeout_s=60)
            await one.kill()
        assert await in_thread(counts) == (20, 0), "nothing of the batch is half done"
        await all_arrive(receiver, events)
        assert len(receiver.events) == 20


async def test_killed_while_requests_are_under_way(ours):
    held = asyncio.Event()

    async def holds(request, writer):
        await held.wait()
        await answers(200)(request, writer)

    async with Receiver(holds) as receiver, relay() as one:
        events = await owed(ours, receiver, 20)
        await one.start()
        await until(lambda: len(receiver.requests) == 4, timeout_s=60)
        await one.kill()
        assert (await in_thread(counts))[1] == 20
        held.set()
        await all_arrive(receiver, events)
        assert len(receiver.events) == 24, "the four that were under way came twice, under the same ids"


async def test_killed_after_the_answers_and_before_they_are_written_down(ours):
    async with Receiver() as receiver, relay() as one:
        events = await owed(ours, receiver, 4)
        with locked("LOCK TABLE tracker_webhookattempt IN EXCLUSIVE MODE"):
            await one.start()
            await until(lambda: waits_for("tracker_webhookattempt"), timeout_s=60)
            await one.kill()
        assert set(receiver.events) == set(events), "the endpoint had them all"
        assert await in_thread(counts) == (0, 4), "and we do not know it"
        await all_arrive(receiver, events)
        assert len(await in_thread(attempts)) == 4


async def test_killed_again_and_again_at_random_moments(ours):
    async with Receiver() as receiver, relay() as one:
        events = await owed(ours, receiver, 5)
        for round_number in range(5):
            await one.start()
            more = partial(has_more_than, receiver, len(receiver.requests))
            await until(more, timeout_s=60)
            await one.kill()
            events += [(await in_thread(an_event, ours.test)).public_id for _ in range(10 * round_number)]
            await in_thread(end_leases)
        await all_arrive(receiver, events)


async def test_told_to_stop_it_finishes_what_is_under_way(ours):
    held = asyncio.Event()

    async def holds(request, writer):
        await held.wait()
        await answers(200)(request, writer)

    async with Receiver(holds) as receiver, relay() as one:
        await owed(ours, receiver, 4)
        await one.start()
        await until(lambda: len(receiver.requests) == 4, timeout_s=60)
        assert one.process is not None
        one.process.send_signal(signal.SIGTERM)
        held.set()
        assert await one.process.wait() == 0
        assert await in_thread(counts) == (0, 0)
        assert len(receiver.events) == 4
