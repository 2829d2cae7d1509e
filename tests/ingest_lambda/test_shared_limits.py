"""Several doors, one limit: never much more passes than is allowed, and nearly all that is allowed does."""

from hypothesis import given, settings
from hypothesis import strategies as st

from ingest_lambda.bucket import BURST_S, Bucket, most_owed, settle

TICK_US, STEP_US, SECOND = 100_000, 20_000, 1_000_000
T0 = 1_795_338_000_000_000


class Doors:
    """Doors that settle with one pool, each at its own phase of the tick, in a time that only this advances."""

    def __init__(self, count: int, rate: float) -> None:
        self.rate, self.burst = rate, rate * BURST_S
        self.buckets = [Bucket("key:1", rate) for _ in range(count)]
        self.pool, self.now_us, self.seen = self.burst, T0, 1
        self.passed = 0
        self.due_us = [T0 + TICK_US * number // count for number in range(count)]

    def offer(self, door: int, reports: int) -> bool:
        """One request of that many reports at one door."""
        bucket = self.buckets[door]
        if not bucket.awake:
            bucket.wake(self.now_us, self.seen)
        if not bucket.open:
            bucket.asked += reports
            return False
        bucket.spend(reports)
        self.passed += reports
        return True

    def step(self) -> None:
        self.now_us += STEP_US
        self.pool = min(self.burst, self.pool + self.rate * STEP_US / SECOND)
        for number, bucket in enumerate(self.buckets):
            if self.now_us < self.due_us[number]:
                continue
            self.due_us[number] += TICK_US
            if bucket.awake and bucket.is_due(self.now_us, self.seen):
                self.seen = len(self.buckets)
                position, need = bucket.offer(self.seen)
                share = settle(self.pool, self.burst, position, need)
                self.pool = share.rest
                bucket.settled(position, bucket.asked, share, self.now_us, self.seen)


class OneBucket:
    """What a single door with all the requests in one place would let through."""

    def __init__(self, rate: float) -> None:
        self.rate, self.burst = rate, rate * BURST_S
        self.tokens, self.passed = self.burst, 0

    def offer(self, reports: int) -> None:
        if self.tokens > 0:
            self.tokens -= reports
            self.passed += reports

    def step(self) -> None:
        self.tokens = min(self.burst, self.tokens + self.rate * STEP_US / SECOND)


# for each door and each stretch of a few seconds: requests a step of 20 ms
demands = st.lists(
    st.lists(st.sampled_from([0, 0, 0, 1, 3, 10, 40]), min_size=4, max_size=4), min_size=1, max_size=6
)


@settings(max_examples=60, deadline=None)
@given(demand=demands, rate=st.sampled_from([1.0, 15.0, 100.0, 700.0]), reports=st.sampled_from([1, 7, 50]))
def test_doors_together_pass_what_one_door_would_within_what_they_may_owe(demand, rate, reports):
    doors, one = Doors(len(demand), rate), OneBucket(rate)
    # begin with an empty pool half of the time: the burst hides nothing then
    if reports == 7:
        doors.pool = one.tokens = 0.0
        for bucket in doors.buckets:
            bucket.rest = 0.0
    began_with, steps = doors.pool, 4 * 150
    for step in range(steps):
        for number, stretches in enumerate(demand):
            for _ in range(stretches[step * 4 // steps]):
                doors.offer(number, reports)
                one.offer(reports)
        doors.step()
        one.step()
        allowed = began_with + rate * (step + 1) * STEP_US / SECOND
        # each door may owe its part (all of it before it heard of the others), and its last request whole
        owed = len(demand) * (most_owed(rate) + reports)
        assert doors.passed <= allowed + owed
    # nothing that is allowed is lost, but for a tick's worth and what one request leaves as a debt
    assert doors.passed >= 0.95 * one.passed - rate * 0.2 - reports


def test_a_lone_busy_door_among_idle_ones_gets_all_there_is():
    doors = Doors(8, rate=100.0)
    doors.pool = 0.0
    for bucket in doors.buckets:
        bucket.rest = 0.0
    for _ in range(50 * 30):
        for _ in range(10):
            doors.offer(0, 1)
        doors.step()
    assert 0.97 * 3_000 <= doors.passed <= 3_000


def test_what_a_door_took_and_did_not_need_comes_back():
    doors = Doors(2, rate=100.0)
    doors.pool = 0.0
    for bucket in doors.buckets:
        bucket.rest = 0.0
    for _ in range(50 * 5):
        for _ in range(20):
            doors.offer(0, 1)
        doors.step()
    for _ in range(50 * 20):
        for _ in range(20):
            doors.offer(1, 1)
        doors.step()
    assert doors.passed >= 0.97 * 2_500


def test_many_doors_that_open_at_once_owe_it_afterwards():
    doors = Doors(8, rate=10.0)
    for _ in range(50 * 120):
        for number in range(8):
            doors.offer(number, 1)
        doors.step()
    assert doors.passed <= 600 + 10 * 120 + 8
    assert doors.passed >= 0.99 * (600 + 10 * 120) - 20


def test_the_default_limit_of_a_key_lets_a_fleet_flush_45_batches_of_a_thousand_in_two_seconds():
    doors = Doors(2, rate=10_000.0)
    for step in range(100):
        if step % 2 == 0:
            assert doors.offer(step // 2 % 2, 1_000)
        doors.step()
    assert doors.passed == 50_000
