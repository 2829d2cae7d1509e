"""Nothing is taken from a customer without a mail a week before, and payment undoes all at once."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.payments.dunning import NOTICE, Standing, decide

NOW = datetime(2026, 11, 10, tzinfo=UTC)


def test_the_first_step_only_tells():
    step = decide(Standing.OK, owes=True, told_at=None, now=NOW)
    assert step is not None
    assert (step.to, step.warns_of, step.not_before) == (Standing.REMINDED, Standing.RESTRICTED, NOW + NOTICE)


@pytest.mark.parametrize(
    ("standing", "to"), [(Standing.REMINDED, Standing.RESTRICTED), (Standing.RESTRICTED, Standing.PAUSED)]
)
def test_each_step_waits_a_week_after_its_mail(standing, to):
    assert decide(standing, owes=True, told_at=NOW - NOTICE + timedelta(seconds=1), now=NOW) is None
    step = decide(standing, owes=True, told_at=NOW - NOTICE, now=NOW)
    assert step is not None
    assert step.to is to


def test_a_standing_nobody_was_told_of_goes_no_further():
    assert decide(Standing.REMINDED, owes=True, told_at=None, now=NOW) is None


@pytest.mark.parametrize("standing", [Standing.REMINDED, Standing.RESTRICTED, Standing.PAUSED])
def test_payment_leads_back_at_once(standing):
    step = decide(standing, owes=False, told_at=NOW, now=NOW)
    assert step is not None
    assert step.to is Standing.OK


@given(st.lists(st.tuples(st.integers(0, 200), st.booleans()), max_size=60))
def test_limits_never_fall_without_a_weeks_notice_whatever_is_paid_and_when(days):
    standing, told_at, now, order = Standing.OK, None, NOW, list(Standing)
    warned: dict[Standing, datetime] = {}
    for hours, owes in days:
        now += timedelta(hours=hours)
        step = decide(standing, owes=owes, told_at=told_at, now=now)
        if step is None:
            continue
        if step.to in (Standing.RESTRICTED, Standing.PAUSED):
            assert order.index(step.to) == order.index(standing) + 1
            assert now - warned[step.to] >= NOTICE
        warned = {} if step.to is Standing.OK else warned
        if step.warns_of is not None:
            warned[step.warns_of] = now
        standing, told_at = step.to, None if step.to is Standing.OK else now
