"""The provider of the suite: the fake always, and Stripe's test mode where STRIPE_TEST_KEY holds a test key."""

import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from billing.payments.client import StripePayments
from tests.fake_stripe import FakeStripe

WAIT_S = 120  # Stripe adds up behind its answers
KEY = os.environ.get("STRIPE_TEST_KEY", "")


@pytest.fixture(params=["fake", "stripe"])
def provider(request) -> Iterator[StripePayments]:
    if request.param == "fake":
        with FakeStripe() as fake:
            yield StripePayments(fake.key, base=fake.url)
        return
    if not KEY:
        pytest.skip("STRIPE_TEST_KEY is not set: nothing is asked of Stripe itself")
    if not KEY.startswith(("sk_test_", "rk_test_")):
        pytest.fail("STRIPE_TEST_KEY is no test key: this suite makes customers and use")
    yield StripePayments(KEY)


@pytest.fixture
def hour() -> datetime:
    """A whole hour that is over."""
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)


def until(look: Callable[[], Any], wanted: Any) -> Any:
    """What it is in the end; asked again with growing pauses while it is something else."""
    deadline, pause, found = time.monotonic() + WAIT_S, 0.1, look()
    while found != wanted and time.monotonic() < deadline:
        time.sleep(pause)
        pause = min(pause * 2, 10)
        found = look()
    return found
