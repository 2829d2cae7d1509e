"""The webhook leg of a story: from a report's request id to each attempt at an endpoint, and to nobody else's."""

import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from tests.tracker.webhooks.rows import an_endpoint, an_event, messages
from tracker.follow import telling
from tracker.follow.story import tell
from tracker.outbox.relay import relay_batch
from tracker.tenants import scope
from tracker.webhooks import claims, results
from tracker.webhooks.body import trace_headers
from tracker.webhooks.client import Answer


@pytest.fixture
def request_id() -> UUID:
    """As the door makes them: version 7, of this millisecond."""
    return UUID(int=(int(time.time() * 1000) << 80) | (7 << 76) | (2 << 62) | 0x5F0C)


def test_a_request_leads_to_its_events_messages_and_attempts(customer, rival, settings, request_id):
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    endpoint = an_endpoint(customer.test)
    event = an_event(customer.test, request_id=request_id)
    an_event(customer.test)
    now = datetime.now(UTC) + timedelta(seconds=1)
    relay_batch(now=now)
    held = claims.claim(now=now, limit=9, busy={})
    answers = {one.event: Answer(500, "it answered 500") for one in held}
    done = [results.result_of(one, answers[one.event], started_at=now, now=now) for one in held]
    results.record(done, now=now)
    with scope.scope(environment_id=customer.test.pk, tenant_id=customer.tenant.pk):
        story = tell(request_id, customer.test, now=now)
    titles = [chapter.title for chapter in story.chapters]
    assert titles == [
        "event device.silent",
        "handed on by the relay",
        "webhook attempt 1",
        "the message is waiting",
    ]
    attempt = story.chapters[2].facts
    [message] = messages(event=event)
    assert attempt["endpoint"] == endpoint.public_id
    assert (attempt["message"], attempt["status"]) == (message.public_id, 500)
    text = "\n".join(telling.lines(story))
    assert event.public_id in text
    assert "127.0.0.1" not in text, "a URL may hold a secret"
    with scope.scope(environment_id=rival.test.pk, tenant_id=rival.tenant.pk):
        assert not tell(request_id, rival.test, now=now).known


def test_a_receiver_is_told_the_request_by_its_own_and_the_worlds_header(request_id):
    headers = trace_headers(request_id, UUID(int=7 << 64))
    assert headers["milepost-request-id"] == f"req_{request_id.hex}"
    version, trace, span, flags = headers["traceparent"].split("-")
    assert (version, trace, len(span), flags) == ("00", request_id.hex, 16, "01")
    assert trace_headers(None, request_id) == {}
