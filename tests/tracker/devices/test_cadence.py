"""How often a device usually reports, learned from its newest positions."""

import statistics
from datetime import UTC, datetime, timedelta

import pytest

from tests.tracker.caller import a_device, a_position, a_state
from tracker.devices.cadence import GAPS, HEARD_WITHIN, learn
from tracker.devices.models import Device, DeviceState


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def with_gaps(environment, now: datetime, gaps: list[float], external_id: str = "van-1") -> Device:
    """A device whose newest position is now, and whose positions before it lie these many seconds apart."""
    device = a_device(environment, external_id)
    at = now
    a_position(device, at)
    for gap in gaps:
        at -= timedelta(seconds=gap)
        a_position(device, at)
    a_state(device, now)
    return device


def cadence(device: Device) -> float | None:
    return DeviceState.objects.for_environment(device.environment_id).get(pk=device.pk).cadence_s


@pytest.mark.parametrize(
    "gaps", [[10.0] * 20, [1200.0] * 8, [10, 10, 10, 36_000, 10, 12, 11], [5, 6, 7, 8, 9, 10], [0.5] * 40]
)
def test_it_is_the_median_of_the_newest_gaps(customer, now, gaps):
    device = with_gaps(customer.test, now, gaps)
    assert learn(now=now) == 1
    assert cadence(device) == pytest.approx(statistics.median(gaps[:GAPS]))


def test_too_few_gaps_say_nothing(customer, now):
    device = with_gaps(customer.test, now, [10.0] * 4)
    assert learn(now=now) == 0
    assert cadence(device) is None


def test_what_hardly_changed_is_not_written_again(customer, now):
    device = with_gaps(customer.test, now, [10.0] * 10)
    for known, written in [(9.0, 0), (12.0, 0), (20.0, 1)]:
        DeviceState.objects.for_environment(customer.test).update(cadence_s=known)
        assert learn(now=now) == written
    assert cadence(device) == 10.0


def test_only_devices_heard_of_lately_are_looked_at(customer, now):
    device = with_gaps(customer.test, now, [10.0] * 10)
    assert learn(now=now + HEARD_WITHIN + timedelta(seconds=3)) == 0
    assert cadence(device) is None


def test_all_devices_of_all_customers_are_reached_a_few_at_a_time(customer, rival, now):
    devices = [with_gaps(customer.test, now, [10.0] * 6, f"van-{n}") for n in range(5)]
    devices += [with_gaps(rival.test, now, [30.0] * 6, f"van-{n}") for n in range(4)]
    assert learn(now=now, at_once=2) == 9
    assert [cadence(device) for device in devices] == [10.0] * 5 + [30.0] * 4
