"""A crash between any two statements: whatever was half done is undone, and each event still arrives."""

from datetime import timedelta

import pytest
from django.db import connection

from tests.tracker.webhooks.rows import NOW, WHY, an_endpoint, an_event, attempts, messages
from tracker.outbox.models import OutboxEvent
from tracker.outbox.relay import relay_batch
from tracker.webhooks import claims, results
from tracker.webhooks.client import Answer

EVENTS = 3


class Killed(BaseException):
    """As kill -9 does, it lets nothing of ours react."""


class KillsAt:
    """Dies before the n-th statement."""

    def __init__(self, number: int) -> None:
        self.left = number

    def __call__(self, execute, sql, params, many, context):
        if self.left == 0:
            raise Killed
        self.left -= 1
        return execute(sql, params, many, context)


class Endpoint:
    """Counts what arrives. `fails` first attempts are answered 500."""

    def __init__(self, fails: int = 0) -> None:
        self.arrived: list[str] = []
        self.fails = fails

    def post(self, delivery):
        if self.fails:
            self.fails -= 1
            return Answer(500, "it answered 500")
        self.arrived.append(delivery.event)
        return Answer(200)


def work(endpoint: Endpoint, now) -> None:
    """One round of a relay: hand on, claim, send, write down."""
    relay_batch(now=now)
    held = claims.claim(now=now, limit=100, busy={})
    held += claims.claim(now=now, limit=100, busy={}, slow_lane=True)
    done = [results.result_of(one, endpoint.post(one), started_at=now, now=now) for one in held]
    if done:
        results.record(done, now=now)


def rounds_until_done(endpoint: Endpoint, now):
    """Later relays, each after the lease of the dead one ended."""
    for _ in range(20):
        if not OutboxEvent.objects.unscoped(WHY).filter(relayed_at=None).exists() and not messages(
            state="pending"
        ):
            return
        now += timedelta(hours=1)
        work(endpoint, now)
    raise AssertionError("it never came to an end")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("fails", [0, 1])
def test_every_event_arrives_whichever_statement_was_the_last(customer, settings, fails):
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    an_endpoint(customer.test)
    number, arrivals = 0, []
    while True:
        events = [an_event(customer.test).public_id for _ in range(EVENTS)]
        now = NOW + timedelta(days=36500)  # after whatever the database's own clock wrote
        endpoint = Endpoint(fails)
        kills = KillsAt(number)
        try:
            with connection.execute_wrapper(kills):
                work(endpoint, now)
        except Killed:
            connection.close()
        crashed = kills.left == 0
        rounds_until_done(endpoint, now)
        assert sorted(set(endpoint.arrived)) == sorted(events), f"killed before statement {number}"
        [*_, last] = messages()
        assert last.state == "delivered"
        assert len(attempts(message_id=last.pk)) == last.attempts, "the log says what the message says"
        arrivals.append(len(endpoint.arrived))
        if not crashed:
            break
        number += 1
    assert number > 15, "there were statements to die between"
    assert arrivals[-1] == EVENTS, "without a crash nothing is sent twice"
    assert max(arrivals) == 2 * EVENTS - fails or fails, "sent, and not written down: sent again"
