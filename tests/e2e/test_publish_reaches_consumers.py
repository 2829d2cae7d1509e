"""A publish decides every fix recorded from its moment on, in every consumer that is warm, and no fix before."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.e2e.product import Customer, call, new_customer
from tests.e2e.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
VANS = [f"van-{n}" for n in range(24)]  # enough for every lane, so for each of the consumers
HERE = (73.86, 18.52)


def published(customer: Customer, name: str, east: float) -> dict:
    """A square kilometre `east` degrees from here, each fix deciding; the version that it became part of."""
    west, south = HERE[0] + east - 0.005, HERE[1] - 0.005
    ring = [
        [west, south],
        [west + 0.01, south],
        [west + 0.01, south + 0.01],
        [west, south + 0.01],
        [west, south],
    ]
    facts = {
        "name": name,
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "margin_m": 0,
        "publish": True,
    }
    answer = call("POST", f"{customer.base_url}/api/v1/geofences", customer.secret_key, facts)
    assert answer.status == 201, answer.text
    newest: dict = customer.get("geofence-versions", limit=1)["data"][0]
    return newest


def report(customer: Customer, at: datetime) -> None:
    """A fix of each van, here."""
    for van in VANS:
        fix = {"recorded_at": at.isoformat(), "longitude": HERE[0], "latitude": HERE[1], "accuracy_m": 5}
        assert customer.post(van, [fix]).status == 202


def counted(customer: Customer, since: datetime, count: int) -> None:
    until(lambda: customer.outcomes(since)["accepted"] == count, timeout_s=60, says="every fix was stored")


def test_a_publish_reaches_every_consumer_before_its_moment(stack):
    customer, begun = new_customer(stack, "publish-reaches"), datetime.now(UTC)
    published(customer, "elsewhere", 1.0)
    report(customer, begun - timedelta(minutes=1))
    counted(customer, begun, len(VANS))
    version = published(customer, "here", 0.0)
    moment = datetime.fromisoformat(version["effective_at"])
    assert moment - datetime.fromisoformat(version["published_at"]) <= timedelta(seconds=2)
    # clocks that run a little ahead: their fixes are dated before and after the moment, and sent at once
    report(customer, moment - timedelta(microseconds=1))
    counted(customer, begun, 2 * len(VANS))
    assert customer.get("visits")["data"] == []
    report(customer, moment)
    counted(customer, begun, 3 * len(VANS))
    span = {"to": (moment + timedelta(minutes=1)).isoformat()}
    told = customer.get("crossings", **span)["data"]
    assert sorted(row["device"]["external_id"] for row in told) == sorted(VANS)
    assert {(row["to"]["name"], row["geofence_version"]) for row in told} == {("here", version["number"])}
    assert {datetime.fromisoformat(row["decided_at"]) for row in told} == {moment}
