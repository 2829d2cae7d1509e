"""Claims and what is written down of attempts: leases, fairness, retries, ends, health of endpoints."""

from datetime import timedelta

import pytest
from django.core import mail

from tests.tracker.webhooks.rows import NOW, WHY, an_endpoint, an_event, attempts, fresh, messages
from tracker.outbox.relay import relay_batch
from tracker.tenants import scope
from tracker.webhooks import claims, health, notices, results
from tracker.webhooks.client import Answer
from tracker.webhooks.models import WebhookEndpoint, WebhookMessage
from tracker.webhooks.schedule import ATTEMPTS

LATER = NOW + timedelta(days=36500)  # after whatever the database's own clock wrote
FAILED = Answer(500, "it answered 500", "oh no")


@pytest.fixture(autouse=True)
def development(settings):
    settings.WEBHOOKS_ALLOW_PRIVATE = True


def claimed(now=LATER, limit=100, **options):
    return claims.claim(now=now, limit=limit, **{"busy": {}} | options)


def settle(delivery, answer, now=LATER):
    results.record([results.result_of(delivery, answer, started_at=now, now=now)], now=now)


def owe(environment, count=1):
    for _ in range(count):
        an_event(environment)
    relay_batch(now=NOW)


def test_a_claimed_message_is_nobody_elses_until_its_lease_ends(customer):
    an_endpoint(customer.test)
    owe(customer.test)
    [held] = claimed()
    assert claimed() == []
    assert claimed(LATER + claims.LEASE - timedelta(seconds=1)) == []
    [again] = claimed(LATER + claims.LEASE)
    assert again.message_id == held.message_id


def test_one_endpoints_backlog_does_not_fill_the_claim(customer):
    first = an_endpoint(customer.test, kinds=["device.*"])
    owe(customer.test, 50)
    second = an_endpoint(customer.test)
    owe(customer.test, 1)
    found = claimed(limit=10)
    assert [one.endpoint_id for one in found].count(first.pk) == claims.EACH
    assert [one.endpoint_id for one in found].count(second.pk) == 1
    assert claimed(limit=10, busy={first.pk: claims.EACH}) == []
    assert len(claimed(limit=10, busy={first.pk: claims.EACH - 1})) == 1


def test_failing_slow_and_parked_endpoints_are_left_to_the_slow_lane_or_alone(customer):
    failing = an_endpoint(customer.test, failing_since=NOW)
    slow, well, parked = (an_endpoint(customer.test) for _ in range(3))
    owe(customer.test, 3)
    found = claimed(slow=[slow.pk], parked=[parked.pk])
    assert {one.endpoint_id for one in found} == {well.pk}
    found = claimed(slow=[slow.pk], parked=[parked.pk], slow_lane=True)
    assert sorted(one.endpoint_id for one in found) == [failing.pk] + [slow.pk] * 3


def test_a_failure_is_logged_and_tried_again_by_the_table(customer):
    endpoint = an_endpoint(customer.test)
    owe(customer.test)
    [held] = claimed()
    settle(held, FAILED)
    [message] = messages()
    assert (message.state, message.attempts, message.leased_until) == ("pending", 1, None)
    assert timedelta(seconds=4) < message.due_at - LATER < timedelta(seconds=7)
    [attempt] = attempts()
    assert (attempt.number, attempt.status, attempt.error, attempt.answer) == (
        1,
        500,
        "it answered 500",
        "oh no",
    )
    assert fresh(endpoint).failing_since == LATER
    assert claimed() == []


def test_a_success_ends_the_message_and_the_endpoints_trouble(customer):
    endpoint = an_endpoint(customer.test, failing_since=NOW, told_failing_at=NOW)
    owe(customer.test)
    [held] = claimed(slow_lane=True)
    settle(held, Answer(204))
    [message] = messages()
    assert (message.state, message.ended_at) == ("delivered", LATER)
    row = fresh(endpoint)
    assert (row.failing_since, row.told_failing_at) == (None, None)


def test_after_the_last_attempt_a_message_is_given_up(customer):
    an_endpoint(customer.test)
    owe(customer.test)
    now = LATER
    for number in range(1, ATTEMPTS + 1):
        [held] = claimed(now, slow_lane=number > 1)
        settle(held, FAILED, now)
        [message] = messages()
        assert message.attempts == number
        now = message.due_at
    assert message.state == WebhookMessage.State.FAILED
    assert [attempt.number for attempt in attempts()] == list(range(1, ATTEMPTS + 1))
    assert timedelta(days=1) < attempts()[-1].started_at - attempts()[0].started_at


def test_retry_after_is_honoured_and_capped(customer):
    an_endpoint(customer.test)
    owe(customer.test)
    [held] = claimed()
    settle(held, Answer(503, "it answered 503", retry_after="7200"))
    assert messages()[0].due_at == LATER + timedelta(hours=2)
    [held] = claimed(LATER + timedelta(hours=3), slow_lane=True)
    settle(held, Answer(429, "it answered 429", retry_after="99999999"), LATER + timedelta(hours=3))
    assert messages()[0].due_at == LATER + timedelta(hours=27)


def test_who_lost_the_lease_changes_nothing_by_failing_and_something_by_succeeding(customer):
    an_endpoint(customer.test)
    owe(customer.test)
    [slow] = claimed()
    [quick] = claimed(LATER + claims.LEASE)
    settle(slow, FAILED, LATER + claims.LEASE)
    [message] = messages()
    assert (message.attempts, message.leased_until) == (0, quick.leased_until)
    settle(slow, Answer(200), LATER + claims.LEASE)
    settle(quick, FAILED, LATER + claims.LEASE)
    [message] = messages()
    assert message.state == "delivered"
    assert len(attempts()) == 3


def test_410_disables_at_once_and_withholds_the_rest(customer):
    endpoint = an_endpoint(customer.test)
    owe(customer.test, 3)
    held, *_ = claimed()
    settle(held, Answer(410, "it answered 410"))
    row = fresh(endpoint)
    assert (row.state, row.disabled_at, row.told_disabled_at) == (WebhookEndpoint.State.DISABLED, LATER, None)
    assert "410" in row.state_reason
    assert sorted(message.state for message in messages()) == ["failed", "withheld", "withheld"]


def test_three_days_of_failures_disable_and_three_days_less_a_second_do_not(customer):
    endpoint = an_endpoint(customer.test, failing_since=LATER - health.DISABLE_AFTER + timedelta(seconds=1))
    owe(customer.test, 2)
    [held] = claimed(slow_lane=True)
    settle(held, FAILED)
    assert fresh(endpoint).state == WebhookEndpoint.State.ENABLED
    [held] = claimed(slow_lane=True)
    settle(held, FAILED, LATER + timedelta(seconds=1))
    assert fresh(endpoint).state == WebhookEndpoint.State.DISABLED


def test_many_messages_given_up_in_a_row_disable(customer):
    endpoint = an_endpoint(customer.test, failing_since=LATER - timedelta(days=2))
    owe(customer.test, health.MOST_GIVEN_UP)
    with scope.scope(unscoped=WHY):
        WebhookMessage.objects.unscoped(WHY).update(attempts=ATTEMPTS - 1)
    for number in range(health.MOST_GIVEN_UP):
        assert fresh(endpoint).state == WebhookEndpoint.State.ENABLED, number
        [held] = claimed(slow_lane=True)
        settle(held, FAILED)
    row = fresh(endpoint)
    assert row.state == WebhookEndpoint.State.DISABLED
    assert "given up" in row.state_reason


def test_messages_of_an_endpoint_that_is_closed_meanwhile_are_withheld(customer):
    endpoint = an_endpoint(customer.test)
    owe(customer.test)
    with scope.scope(unscoped=WHY):
        WebhookEndpoint.objects.unscoped(WHY).filter(pk=endpoint.pk).update(state="disabled")
    assert claimed() == []
    assert messages()[0].state == WebhookMessage.State.WITHHELD


def test_messages_that_are_gone_meanwhile_hinder_no_other(customer):
    an_endpoint(customer.test)
    owe(customer.test, 2)
    held = claimed()
    with scope.scope(unscoped=WHY):
        WebhookMessage.objects.unscoped(WHY).filter(pk=held[0].message_id).delete()
    done = [results.result_of(one, Answer(200), started_at=LATER, now=LATER) for one in held]
    results.record(done, now=LATER)
    assert [message.state for message in messages()] == ["delivered"]


def test_a_failed_attempt_is_one_line_with_ids_and_without_secrets(customer, caplog):
    endpoint = an_endpoint(customer.test, url="http://127.0.0.1:9/hook?token=hidden")
    owe(customer.test)
    [held] = claimed()
    settle(held, FAILED)
    [line] = [record for record in caplog.records if record.message == "a webhook was not delivered"]
    assert (line.endpoint, line.event) == (endpoint.public_id, messages()[0].event.public_id)
    assert line.message_id == messages()[0].public_id
    assert "hidden" not in str(line.__dict__)


def test_the_owner_is_told_once_when_it_fails_and_once_when_it_is_disabled(customer, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    endpoint = an_endpoint(customer.test, url="http://127.0.0.1:9/hook?token=hidden", failing_since=LATER)
    assert notices.tell_owners(now=LATER + notices.NOTICE_AFTER - timedelta(seconds=1)) == 0
    assert notices.tell_owners(now=LATER + notices.NOTICE_AFTER) == 1
    assert notices.tell_owners(now=LATER + notices.NOTICE_AFTER) == 0
    owe(customer.test)
    [held] = claimed(slow_lane=True)
    settle(held, Answer(410, "it answered 410"))
    assert notices.tell_owners(now=LATER) == 1
    assert notices.tell_owners(now=LATER) == 0
    first, second = mail.outbox
    assert first.to == second.to == [customer.owner.email]
    assert "is failing" in first.subject
    assert "was disabled" in second.subject
    for one in (first, second):
        assert endpoint.public_id in one.body
        assert "127.0.0.1:9/hook" in one.body
        assert "hidden" not in one.body


def test_a_mail_that_cannot_be_sent_is_sent_later(customer, settings):
    an_endpoint(customer.test, failing_since=NOW)
    settings.EMAIL_BACKEND = "tests.tracker.webhooks.no_mail.EmailBackend"
    assert notices.tell_owners(now=LATER) == 0
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert notices.tell_owners(now=LATER) == 1
