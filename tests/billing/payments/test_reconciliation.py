"""A difference between the provider's count and ours is found, shown once, told again and seen to be gone."""

from datetime import timedelta

import pytest

from billing.payments import metering, reconciliation
from billing.payments.client import payments
from billing.payments.models import MeterSubmission, Reconciliation
from tests.billing.payments.conftest import NOON, rows
from tests.billing.payments.test_metering import tick, told

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def compare(fake, now):
    fake.at(now)
    return reconciliation.compare(now=now)


@pytest.fixture
def told_use(fake, customer, book, subscribe):
    account = subscribe()
    for n in range(4):
        book.use(NOON + n * HOUR, 10 + n)
    tick(fake, NOON + 5 * HOUR)
    return account


def lose(fake, value: str) -> None:
    """Whatever the fake has of that value never was."""
    fake.state.meter_events = [one for one in fake.state.meter_events if one["payload"]["value"] != value]


@pytest.mark.parametrize("later", [6 * HOUR, 2 * DAY, 20 * DAY])
def test_what_agrees_is_no_difference(fake, customer, told_use, later):
    assert compare(fake, NOON + later).hours_that_differ == 0
    assert rows(Reconciliation, customer) == []


@pytest.mark.parametrize("later", [6 * HOUR, 2 * DAY, 20 * DAY])
def test_a_lost_hour_is_found_alarmed_told_again_and_settled(fake, customer, told_use, caplog, later):
    lose(fake, "12")
    now = NOON + later
    assert compare(fake, now).hours_that_differ == 1
    (row,) = rows(Reconciliation, customer)
    assert (row.hour, row.ours, row.theirs, row.state) == (NOON + 2 * HOUR, 12, 0, "open")
    assert "counted otherwise" in caplog.text
    assert tick(fake, now).sent == 1
    assert told(fake, customer)[int((NOON + 2 * HOUR).timestamp())] == 12
    assert compare(fake, now + HOUR).settled == 1
    (row,) = rows(Reconciliation, customer)
    assert (row.state, row.theirs) == ("settled", 12)


def test_what_the_provider_counts_and_we_do_not_is_set_to_nought(fake, customer, told_use):
    account = told_use
    fake.at(NOON + 8 * HOUR)
    payments().tell_use(
        meter="fixes_accepted",
        customer=account.customer,
        quantity=9,
        at=NOON + 7 * HOUR,
        identifier="by hand",
    )
    now = NOON + 9 * HOUR
    assert compare(fake, now).hours_that_differ == 1
    assert tick(fake, now).sent == 1
    assert told(fake, customer)[int((NOON + 7 * HOUR).timestamp())] == 0
    assert compare(fake, now + HOUR).hours_that_differ == 0


def test_what_was_told_a_moment_ago_or_waits_is_no_difference(fake, customer, book, told_use):
    fake.state.holds_aggregation = True
    book.use(NOON, 99)
    now = NOON + 6 * HOUR
    metering.send_due(now=now)
    assert compare(fake, now + timedelta(minutes=5)).hours_that_differ == 0
    fake.aggregate()
    assert compare(fake, now + HOUR).hours_that_differ == 0


def test_beyond_35_days_a_difference_is_shown_and_not_repaired(fake, customer, told_use):
    lose(fake, "12")
    now = NOON + 40 * DAY
    assert compare(fake, now).hours_that_differ == 1
    assert [row.state for row in rows(Reconciliation, customer)] == ["lost"]
    assert all(
        row.state != MeterSubmission.State.WAITING
        for row in rows(MeterSubmission, customer)
        if row.meter == "fixes_accepted"
    )


def test_trouble_with_one_customer_is_counted_and_ends_nothing(fake, customer, told_use):
    fake.broken(1)
    found = compare(fake, NOON + 6 * HOUR)
    assert (found.accounts, found.failed) == (1, 1)
