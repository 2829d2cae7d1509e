"""The provider's totals are ours, whatever breaks on the way, and nothing is told twice as two."""

import random
from contextlib import nullcontext
from datetime import timedelta

import pytest
from django.db import transaction

from billing.payments import client, metering
from billing.payments.models import MeterSubmission
from billing.payments.port import Final
from tests.billing.payments.conftest import FIRST, NOON, account_of, rows
from tests.fake_stripe import meters as fake_meters

HOUR = timedelta(hours=1)


def tick(fake, now):
    """One tick at that time, on both sides."""
    fake.at(now)
    return metering.send_due(now=now)


def told(fake, customer, meter="fixes_accepted"):
    """The fake's hours of one meter."""
    row = next(one for one in fake.state.all("meter") if one["event_name"] == f"milepost_{meter}")
    number = account_of(customer).customer or ""
    found = fake_meters.hours(fake.state, row, number, 0, 2**40)
    return {hour: int(amount) for hour, amount in found.items()}


def test_totals_are_told_hour_by_hour_and_again_when_they_change(fake, customer, book, subscribe):
    subscribe()
    book.use(NOON, 5)
    book.use(NOON + HOUR, 7)
    assert tick(fake, NOON + 2 * HOUR).sent == 3  # and the plan's fee
    assert tick(fake, NOON + 2 * HOUR).sent == 0
    book.use(NOON, 6)
    assert tick(fake, NOON + 2 * HOUR).sent == 1
    assert told(fake, customer) == {int(NOON.timestamp()): 6, int((NOON + HOUR).timestamp()): 7}


def test_what_the_month_held_before_the_subscription_goes_with_its_first_hour(
    fake, customer, book, subscribe
):
    book.use(FIRST - HOUR, 1000)  # the month before is no part of it
    book.use(FIRST, 40)
    book.use(NOON - HOUR, 2)
    subscribe()
    book.use(NOON, 5)
    tick(fake, NOON + HOUR)
    assert told(fake, customer) == {int(NOON.timestamp()): 47}
    book.use(FIRST + HOUR, 3)  # late, and before
    tick(fake, NOON + 3 * HOUR)
    assert told(fake, customer) == {int(NOON.timestamp()): 50}
    assert told(fake, customer, "plan_fee") == {int(NOON.timestamp()): 500}


def test_a_lost_answer_is_no_second_use(fake, customer, book, subscribe):
    subscribe()
    tick(fake, NOON + HOUR)
    book.use(NOON, 5)
    fake.lose_next = 1
    assert tick(fake, NOON + HOUR).put_off == 1
    assert tick(fake, NOON + HOUR).sent == 0  # not due yet
    assert tick(fake, NOON + HOUR + timedelta(seconds=6)).sent == 1
    assert told(fake, customer) == {int(NOON.timestamp()): 5}
    (row,) = [one for one in rows(MeterSubmission, customer) if one.meter == "fixes_accepted"]
    assert (row.state, row.tries) == ("sent", 1)


def test_429_puts_the_whole_lane_off_and_the_waits_grow(fake, customer, book, subscribe):
    subscribe()
    tick(fake, NOON + HOUR)
    for n in range(3):
        book.use(NOON + n * HOUR, 5)
    now = NOON + 3 * HOUR
    waits = []
    for _ in range(3):
        fake.too_many()
        tick(fake, now)
        row = next(one for one in rows(MeterSubmission, customer) if one.due_at)
        waits.append((row.due_at - now).total_seconds())
        now = row.due_at
    assert waits == [5, 10, 20]
    assert tick(fake, now).sent == 3


def test_what_changes_after_35_days_is_refused_here_and_shown(fake, customer, book, subscribe, caplog):
    subscribe()
    book.use(NOON, 5)
    tick(fake, NOON + HOUR)
    late = NOON + timedelta(days=36)
    book.use(NOON, 6)
    asked = len(fake.asked)
    tick(fake, late)
    row = next(one for one in rows(MeterSubmission, customer) if one.meter == "fixes_accepted")
    assert row.state == "too_old"
    assert ("POST", "/v1/billing/meter_events") not in fake.asked[asked + 3 :]
    assert "too late" in caplog.text


def test_what_is_refused_for_good_is_shown_and_holds_nothing_up(customer, fake, book, subscribe, monkeypatch):
    subscribe()
    tick(fake, NOON + HOUR)
    book.use(NOON, 5)
    book.use(NOON + HOUR, 6)
    real = client.StripePayments.tell_use

    def refuse(self, **values):
        if values["quantity"] == 5:
            raise Final("no such thing")
        return real(self, **values)

    monkeypatch.setattr(client.StripePayments, "tell_use", refuse)
    result = tick(fake, NOON + 2 * HOUR)
    assert (result.sent, result.refused) == (1, 1)


def test_nothing_is_told_where_no_provider_is_set_up(db, customer, book, settings):
    settings.STRIPE_SECRET_KEY = ""
    assert metering.send_due(now=NOON).sent == 0


class Crash(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("seed", range(12))
def test_crashes_lost_answers_429s_repeats_and_late_data_end_in_our_totals(  # noqa: C901  one story
    fake, customer, book, subscribe, monkeypatch, seed
):
    """Property: whatever happens on the way, once it is quiet the fake has our ledger to the unit."""
    dice, account = random.Random(seed), subscribe()
    now, real = NOON + HOUR, client.StripePayments.tell_use
    crashes = {"before": 0, "after": 0}

    def tell(self, **values):
        fate = dice.random()
        if quiet:
            return real(self, **values)
        if fate < 0.08:
            crashes["before"] += 1
            raise Crash
        if fate < 0.16:
            fake.too_many()
        elif fate < 0.24:
            fake.lose_next = 1
        elif fate < 0.3:
            fake.broken()
        found = real(self, **values)
        if fate > 0.88:
            crashes["after"] += 1
            raise Crash  # told, and not written down
        return found

    monkeypatch.setattr(client.StripePayments, "tell_use", tell)
    quiet = False
    for _ in range(25):
        for _ in range(dice.randrange(1, 5)):
            ago = dice.randrange(0, 30)
            hour = (now - ago * HOUR).replace(minute=0, second=0)
            if hour >= FIRST:
                book.use(hour, dice.randrange(0, 1000))
        try:
            # all of a tick is undone, or what it had not written down
            with transaction.atomic() if dice.random() < 0.5 else nullcontext():
                tick(fake, now)
        except Crash:
            pass  # nothing of this tick is kept in our database, and all of it at the provider
        now += dice.choice([timedelta(seconds=7), timedelta(minutes=20), 3 * HOUR, timedelta(hours=26)])
    quiet, fake.fail_next, fake.lose_next = True, [], 0
    for _ in range(4):
        now += 2 * HOUR
        tick(fake, now)
    sent = told(fake, customer)
    ours = {
        int(one.hour.timestamp()): one.quantity
        for one in metering.totals(account, "fixes_accepted", FIRST, now)
    }
    assert {hour: n for hour, n in sent.items() if n} == {hour: n for hour, n in ours.items() if n}
    assert sum(sent.values()) == book.total()
    assert crashes["before"] + crashes["after"] > 0
