"""The relay process as a whole, against real endpoints of the loopback: from a commit to a signed request."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from channels.db import database_sync_to_async as sync_to_async
from standardwebhooks import Webhook

from tests.tracker.webhooks.receiver import Receiver, answers, never, repeats_the_challenge
from tests.tracker.webhooks.rows import NOW, an_endpoint, an_event, attempts, fresh, messages, secret_of
from tracker.outbox.catalogue import Kind
from tracker.outbox.process import RelayProcess
from tracker.tenants import scope
from tracker.webhooks import services
from tracker.webhooks.models import WebhookEndpoint
from tracker.webhooks.signing import secret_text

pytestmark = [pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def development(settings):
    settings.WEBHOOKS_ALLOW_PRIVATE = True


@contextlib.asynccontextmanager
async def running(count: int = 1) -> AsyncIterator[None]:
    """That many relays, until the block ends."""
    stop = asyncio.Event()
    tasks = [asyncio.create_task(RelayProcess().run(stop)) for _ in range(count)]
    try:
        yield
    finally:
        stop.set()
        await asyncio.gather(*tasks)


async def until(look: Callable[[], Any], *, timeout_s: float = 20.0) -> Any:
    """What `look` gives once it is true."""
    ends = time.monotonic() + timeout_s
    while not (seen := await sync_to_async(look)()):
        assert time.monotonic() < ends, f"not within {timeout_s} s; last seen: {seen!r}"
        await asyncio.sleep(0.02)
    return seen


async def test_an_event_is_delivered_signed_and_logged(customer):
    async with Receiver(repeats_the_challenge) as receiver, running():
        endpoint = await sync_to_async(an_endpoint)(customer.test, url=receiver.url("/hook?token=hidden"))
        event = await sync_to_async(an_event)(customer.test, data={"device": {"id": "dev_1"}})
        [message] = await until(lambda: messages(state="delivered"))
    [request] = receiver.requests
    assert request.path == "/hook?token=hidden"
    assert request.json == {
        "id": event.public_id,
        "type": "device.silent",
        "timestamp": "2026-05-04T08:30:00.000000Z",
        "environment": customer.test.public_id,
        "data": {"device": {"id": "dev_1"}},
    }
    assert request.headers["webhook-id"] == event.public_id
    secret = secret_text(await sync_to_async(secret_of)(endpoint))
    assert Webhook(secret).verify(request.body, request.headers)
    [attempt] = await sync_to_async(attempts)(message_id=message.pk)
    assert (attempt.number, attempt.status, attempt.error, message.attempts) == (1, 200, "", 1)


async def test_nothing_is_sent_before_the_endpoint_repeated_the_challenge(customer):
    def make(url):
        with scope.scope(environment_id=customer.test.pk, tenant_id=customer.tenant.pk):
            return services.create_endpoint(customer.test, url=url, by=None, now=NOW)[0]

    def verify(endpoint):
        with scope.scope(environment_id=customer.test.pk):
            services.verify_endpoint(endpoint, now=NOW)

    async with Receiver(answers(200, b"welcome")) as receiver, running():
        endpoint = await sync_to_async(make)(receiver.url())
        await until(lambda: fresh(endpoint).state_reason)
        await sync_to_async(an_event)(customer.test)
        row = await until(lambda: (r := fresh(endpoint)).verify_at is None and r)
        assert (row.state, row.verified_at) == (WebhookEndpoint.State.UNVERIFIED, None)
        assert "did not repeat the challenge" in row.state_reason
        receiver.reply = repeats_the_challenge
        await sync_to_async(verify)(endpoint)
        await until(lambda: fresh(endpoint).state == WebhookEndpoint.State.ENABLED)
        await sync_to_async(an_event)(customer.test)
        await until(lambda: messages(state="delivered"))
    assert [r.json["type"] for r in receiver.requests] == ["webhook.verification"] * 2 + ["device.silent"]


async def test_an_endpoint_that_never_answers_delays_no_other(customer):
    async with Receiver() as well, Receiver(never) as dead, running():
        await sync_to_async(an_endpoint)(customer.test, url=dead.url(), kinds=["trip.*"])
        await sync_to_async(an_endpoint)(customer.test, url=well.url(), kinds=["device.*"])
        for _ in range(30):
            await sync_to_async(an_event)(customer.test, Kind.TRIP_CREATED)
        for _ in range(5):
            await sync_to_async(an_event)(customer.test)
        await until(lambda: len(well.events) == 5)
        assert len(dead.requests) <= 4, "a few at once"
        assert not await sync_to_async(messages)(state="delivered", endpoint__kinds=["trip.*"])
        for writer in list(dead._writers):
            writer.transport.abort()


async def test_two_relays_share_the_work_and_send_nothing_twice(customer):
    async with Receiver() as receiver, running(2):
        await sync_to_async(an_endpoint)(customer.test, url=receiver.url())
        for _ in range(60):
            await sync_to_async(an_event)(customer.test)
        await until(lambda: len(messages(state="delivered")) == 60)
    assert len(receiver.events) == len(set(receiver.events)) == 60
