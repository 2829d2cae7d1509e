"""The arithmetic of a shared limit, with clocks that the tests hold."""

import pytest

from ingest_lambda.bucket import Bucket, Share, most_owed, settle

T0 = 1_795_338_000_000_000
SECOND = 1_000_000


def a_bucket(rate: float = 100.0, doors: int = 1) -> Bucket:
    bucket = Bucket("key:1", rate)
    bucket.wake(T0, doors)
    return bucket


def test_a_pool_takes_debts_and_leases_and_holds_no_more_than_the_burst():
    assert settle(100, 600, -30, 0) == Share(0, 70)
    assert settle(100, 600, 20, 50) == Share(50, 70)
    assert settle(590, 600, 50, 0) == Share(0, 600)


def test_a_pool_gives_what_it_has_and_nothing_while_in_debt():
    assert settle(30, 600, 0, 50) == Share(30, 0)
    assert settle(-10, 600, -5, 50) == Share(0, -15)
    assert settle(-10, 600, 15, 50) == Share(5, 0)


@pytest.mark.parametrize(("rate", "owed"), [(0.1, 6), (1, 20), (10, 20), (20, 40), (10_000, 20_000)], ids=str)
def test_doors_may_owe_two_seconds_of_a_limit_or_twenty_reports_and_never_more_than_the_burst(rate, owed):
    assert most_owed(rate) == pytest.approx(owed)


def test_a_new_bucket_opens_with_its_part_of_what_may_be_owed():
    bucket = a_bucket(100, doors=4)
    assert bucket.credit == 50
    bucket.spend(49)
    assert bucket.open
    bucket.spend(1)
    assert not bucket.open


def test_a_request_larger_than_the_burst_passes_and_those_behind_it_wait_until_it_is_paid_for():
    bucket = a_bucket(rate=1)  # a burst of 60
    bucket.spend(1_000)
    assert not bucket.open
    assert bucket.retry_after_s() == 940
    position, need = bucket.offer(1)
    share = settle(60, bucket.burst, position, need)
    bucket.settled(position, bucket.asked, share, T0 + SECOND // 10, 1)
    assert (share, bucket.open, bucket.retry_after_s()) == (Share(0, -940), False, 940)
    assert not bucket.is_due(T0 + SECOND // 2, 1)  # asking each tick would not hasten it
    later = settle(share.rest + 941, bucket.burst, bucket.left, 1)
    bucket.settled(bucket.left, 0, later, T0 + 941 * SECOND, 1)
    assert bucket.open


def test_what_was_spent_while_the_answer_was_under_way_stays_spent():
    bucket = a_bucket(100)
    bucket.spend(30)
    position, need = bucket.offer(1)
    assert (position, need) == (-30, 0)
    asked = bucket.asked
    bucket.spend(5)
    bucket.settled(position, asked, Share(0, 5_970), T0 + SECOND, 1)
    assert (bucket.left, bucket.asked, bucket.awake) == (-5, 5, True)
    assert bucket.remaining == 5_965


def test_a_lease_is_asked_for_only_where_the_credit_runs_short():
    bucket = a_bucket(100)
    bucket.spend(10)
    assert bucket.offer(1) == (-10, 0)
    bucket.spend(150)
    assert bucket.offer(1) == (-160, 200)


def test_it_settles_at_once_when_it_runs_short_and_else_every_second():
    bucket = a_bucket(100)
    assert not bucket.is_due(T0 + SECOND // 10, 1)
    assert bucket.is_due(T0 + SECOND, 1)
    bucket.spend(101)
    assert bucket.is_due(T0 + SECOND // 10, 1)


def test_a_bucket_that_settled_everything_goes_to_sleep_and_wakes_with_what_has_come_back_since():
    bucket = a_bucket(100)
    bucket.spend(10)
    bucket.settled(-10, bucket.asked, Share(0, 40), T0 + SECOND, 1)
    assert not bucket.awake
    assert bucket.credit == 40
    bucket.wake(T0 + 2 * SECOND, 1)
    assert (bucket.rest, bucket.credit) == (140, 140)
    bucket.settled(0, 0, Share(0, 0), T0 + 3 * SECOND, 1)
    bucket.wake(T0 + 1_000 * SECOND, 1)
    assert bucket.rest == bucket.burst


def test_alone_a_door_gives_out_its_part_by_the_clock():
    bucket = a_bucket(100, doors=2)
    bucket.spend(100)
    assert not bucket.open
    bucket.fill_alone(T0 + SECOND, 2)
    assert bucket.left == -50
    bucket.fill_alone(T0 + 1_000 * SECOND, 2)
    assert bucket.left == 3_000  # half the burst, however long it lasts
    bucket.come_back()
    assert bucket.left == 0


def test_a_limit_that_is_changed_holds_from_then_on():
    bucket = a_bucket(100)
    bucket.change(7)
    assert (bucket.rate, bucket.burst, bucket.owed) == (7, 420, 20)
