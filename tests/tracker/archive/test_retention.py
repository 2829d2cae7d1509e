"""Positions go when they are past their retention and archived: by partition, or by day where it is shorter."""

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.tracker.archive.conftest import archived, day_before, later, read, store
from tests.tracker.caller import a_device, a_position, yesterday
from tracker.archive.nightly import archive_due
from tracker.archive.selectors import stored_days
from tracker.positions.models import ArchivedDay, DailyLine, Position
from tracker.positions.services import MOST_DAYS_BACK, NotArchived, forget_past_retention, keep_partitions
from tracker.tenants.models import Environment

NOW = datetime.now(UTC)


def keep_for(environment, days):
    Environment.objects.for_tenant(environment.tenant_id).filter(pk=environment.pk).update(
        retention_days=days
    )


@pytest.fixture
def van(customer):
    return a_device(customer.test)


def test_partitions_are_kept_again_and_again_without_harm(db):
    keep_partitions(now=NOW)  # the test's database may have been made before midnight
    assert keep_partitions(now=NOW) == (0, 0)
    assert len(stored_days()) == 91 + 1 + 7


def test_partitions_ahead_are_made_and_old_ones_dropped_with_their_positions(van, settings):
    settings.ARCHIVE = False
    keep_partitions(now=NOW)
    a_position(van, yesterday(8) - timedelta(days=20))
    a_position(van, yesterday(8))
    kept = keep_partitions(days_back=10, days_ahead=9, now=NOW)
    assert kept == (2, 81)
    assert [p.recorded_at for p in Position.objects.for_environment(van.environment_id)] == [yesterday(8)]


def test_no_partition_is_dropped_from_the_first_day_on_that_is_not_archived(van, caplog):
    keep_partitions(now=NOW)
    old = a_position(van, yesterday(8) - timedelta(days=20))
    a_position(van, yesterday(8) - timedelta(days=30))
    day = (yesterday(8) - timedelta(days=30)).date()
    with caplog.at_level(logging.ERROR):
        assert keep_partitions(days_back=10, days_ahead=9, now=NOW) == (2, 60)  # made ahead all the same
    assert "they are not archived" in caplog.text
    assert caplog.records[-1].day == day.isoformat()
    assert Position.objects.for_environment(van.environment_id).count() == 2
    # one row that counts another number of positions is not enough
    facts: Any = {
        "day": day,
        "location": "x",
        "bytes": 1,
        "sha256": b"",
        "archived_at": NOW,
        "newest_stored_at": NOW,
    }
    row = ArchivedDay.objects.create(environment=van.environment, rows=2, **facts)
    assert keep_partitions(days_back=10, days_ahead=9, now=NOW) == (0, 0)
    ArchivedDay.objects.for_environment(van.environment_id).filter(day=day).update(rows=1)
    assert keep_partitions(days_back=10, days_ahead=9, now=NOW) == (0, 10)
    assert [p.recorded_at for p in Position.objects.for_environment(van.environment_id)] == [old.recorded_at]
    row.refresh_from_db()
    assert row.released_at == NOW


def test_a_day_that_waits_for_longer_than_partitions_can_be_kept_is_an_error(van, monkeypatch):
    keep_partitions(now=NOW)
    day = yesterday(8) - timedelta(days=80)
    a_position(van, day)
    monkeypatch.setattr("tracker.positions.services.MOST_DAYS_BACK", 60)
    with pytest.raises(NotArchived, match=f"{day.date()} is not archived"):
        keep_partitions(days_back=10, now=NOW)
    assert MOST_DAYS_BACK == 400  # the bound of the database's function
    assert Position.objects.for_environment(van.environment_id).count() == 1


def test_the_workers_role_may_do_all_of_it(folder, vans, customer, request):
    """It owns no table: what it does must be within its rights."""
    store(vans[0], day_before(6))
    keep_for(customer.test, 2)
    request.getfixturevalue("as_worker")
    assert archive_due(now=NOW).archived == 1
    keep_partitions(days_back=80, now=NOW)
    assert forget_past_retention(now=NOW) == 8
    keep_partitions(now=NOW)


def test_a_shorter_retention_ends_days_of_its_own_environment_alone(folder, vans, customer, rival):
    theirs = a_device(rival.test)
    for device in (vans[0], theirs):
        for days in (4, 5, 6):
            store(device, day_before(days))
    archive_due(now=NOW)
    keep_for(customer.test, 3)
    # the last moment of a day must be past the retention, not its first
    assert forget_past_retention(now=later(day_before(5), 24 + 3 * 24 - 0.1)) == 8
    assert forget_past_retention(now=later(day_before(5), 24 + 3 * 24)) == 8
    left = Position.objects.for_environment(customer.test).values_list("recorded_at__date", flat=True)
    assert set(left) == {day_before(4)}
    assert archived(customer.test, day_before(5)).released_at is not None
    assert Position.objects.for_environment(rival.test).count() == 24


def test_days_past_their_retention_wait_for_the_archive(folder, vans, customer, caplog):
    store(vans[0], day_before(6))
    keep_for(customer.test, 1)
    with caplog.at_level(logging.ERROR):
        assert forget_past_retention(now=NOW) == 0
    assert "they are not archived" in caplog.text
    archive_due(now=NOW)
    late = NOW + timedelta(minutes=1)
    store(vans[0], day_before(6), 1, stored_at=late, first_s=50_000)
    assert forget_past_retention(now=NOW) == 0  # archived, but not all of it
    archive_due(now=NOW)
    assert forget_past_retention(now=NOW) == 9
    assert not Position.objects.for_environment(customer.test).exists()


def test_what_reaches_a_day_whose_positions_are_gone_is_added_to_its_archive(folder, vans, customer):
    """A report that lay on the stream while its day was forgotten must not replace the only copy."""
    day = day_before(6)
    store(vans[0], day)
    store(vans[1], day)
    archive_due(now=NOW)
    keep_for(customer.test, 1)
    assert forget_past_retention(now=NOW) == 16
    assert archive_due(now=NOW, exact=True) == (0, 0, 0, None)
    store(vans[0], day, 2, stored_at=NOW + timedelta(minutes=1), first_s=20)  # over two of them in time
    store(vans[0], day, 1, stored_at=NOW + timedelta(minutes=1), first_s=50_000)
    assert forget_past_retention(now=NOW) == 0
    assert archive_due(now=NOW).archived == 1
    rows = read(archived(customer.test, day))
    assert [row["device"] for row in rows] == [vans[0].public_id] * 11 + [vans[1].public_id] * 8
    for device in vans:
        times = [row["recorded_at"] for row in rows if row["device"] == device.public_id]
        assert times == sorted(set(times))
    assert DailyLine.objects.for_environment(customer.test).get(device=vans[0]).positions == 11
    assert forget_past_retention(now=NOW) == 3
    assert archive_due(now=NOW, exact=True) == (0, 0, 0, None)


def test_with_archiving_off_nothing_is_waited_for(vans, customer, settings):
    settings.ARCHIVE = False
    store(vans[0], day_before(6))
    keep_for(customer.test, 1)
    assert forget_past_retention(now=NOW) == 8
