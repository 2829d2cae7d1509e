"""A storm on the whole product: recognised within a minute, coalesced, not metered, lifted by itself."""

import itertools
import threading
import time
from datetime import UTC, datetime
from functools import partial

import psycopg
import pytest

from tests.e2e.product import call, new_customer
from tests.e2e.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]
FIND = """SELECT s.reason, s.recognised_at - s.began_at < interval '60 seconds', s.ended_at IS NOT NULL, s.coalesced
    FROM billing_storm s JOIN tracker_environment e ON e.id = s.environment_id
    WHERE e.uid = %s::uuid AND s.kind = %s"""
DEVICES = """SELECT count(*) FROM billing_usagerecord u JOIN tracker_environment e ON e.id = u.environment_id
    WHERE e.uid = %s::uuid AND u.meter = 'active_devices' AND u.quantity > 1"""


def storm_of(stack, customer, kind):
    """Reason, whether within a minute, whether over, and how many were coalesced; None before it is recognised."""
    uid = customer.environment_id.removeprefix("env_")
    with psycopg.connect(
        stack.database_url("owner"), autocommit=True, options="-c milepost.unscoped=test"
    ) as connection:
        assert connection.execute(DEVICES, (uid,)).fetchone() == (0,)
        return connection.execute(FIND, (uid, kind)).fetchone()


def is_over(stack, customer, kind):
    return storm_of(stack, customer, kind)[2]


class Minting:
    """An app that makes up a device id at each start, in bodies of fifty, and a device that repeats one fix."""

    def __init__(self, customer):
        self.customer, self.stop, self.numbers = customer, threading.Event(), itertools.count()
        self.fix = {"recorded_at": datetime.now(UTC).isoformat(), "latitude": 52.37, "longitude": 4.9}
        self.threads = [threading.Thread(target=act) for act in (self.mint, self.repeat)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join()

    def post(self, path, body):
        return call("POST", f"{self.customer.base_url}/ingest/v1/{path}", self.customer.publishable_key, body)

    def mint(self):
        while not self.stop.wait(0.25):
            devices = [{"device_id": f"mint-{next(self.numbers)}", "app_version": "9.9"} for _ in range(50)]
            self.post("devices", {"devices": devices})

    def repeat(self):
        while not self.stop.wait(0.2):
            self.post("positions", {"device_id": "stuck", "positions": [self.fix] * 20})


def coalesces(app, number):
    """Whether of fifty ids that no door can remember most went nowhere."""
    devices = [{"device_id": f"round-{number}-{n}"} for n in range(50)]
    answer = app.post("devices", {"devices": devices}).document
    return answer["accepted"] < 25


def test_storms_are_recognised_coalesced_not_metered_and_lifted(stack):
    customer, rounds = new_customer(stack, "storms"), itertools.count()
    with Minting(customer) as app:
        began = time.monotonic()
        until(lambda: storm_of(stack, customer, "registrations"), timeout_s=60, says="minted ids are a storm")
        until(lambda: storm_of(stack, customer, "repeats"), timeout_s=60, says="repeats are a storm")
        assert time.monotonic() - began < 60
        until(lambda: coalesces(app, next(rounds)), timeout_s=10, says="the door coalesces")
    for kind in ("registrations", "repeats"):
        until(partial(is_over, stack, customer, kind), timeout_s=90, says=f"{kind} are over")
    reason, soon, _, coalesced = storm_of(stack, customer, "registrations")
    assert (reason, soon) == ("mute", True)
    assert coalesced > 0
    outcomes = customer.outcomes(datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0))
    assert outcomes["accepted"] == 1
    assert app.post("devices", {"device_id": "honest"}).document["accepted"] == 1
