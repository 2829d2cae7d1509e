"""One batch to its end by Lambda's rules: partial answers, bisect, retries, age, giving up. No stream, no threads."""

from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ingest_lambda.source_delivery import (
    MAX_PAYLOAD_BYTES,
    Delivery,
    GivenUp,
    MappingSettings,
    cut,
    done_before,
)
from ingest_lambda.stream.shards import ShardRecord

NOW = 1_000_000.0


def records(count, arrived_at=NOW):
    return [ShardRecord(str(n + 1), f"k{n % 3}", b"%d" % n, arrived_at) for n in range(count)]


def failing_from(sequence):
    return {"batchItemFailures": [{"itemIdentifier": sequence}]}


class Trial:
    """A function whose answers the test writes, and what became of the records."""

    def __init__(self, answer, **settings):
        self.batches: list[list[int]] = []
        self.given_up: list[GivenUp] = []
        self.rests: list[float] = []
        self.answer = answer
        self.go_on = True
        self.delivery = Delivery(
            self.invoke, self.given_up.append, MappingSettings(**settings), now=lambda: NOW, rest=self.rest
        )

    def invoke(self, batch):
        self.batches.append([int(one.sequence) for one in batch])
        answer = self.answer(batch)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def rest(self, seconds):
        self.rests.append(seconds)
        return self.go_on

    @property
    def dropped(self):
        return [(int(one.sequence), gone.condition) for gone in self.given_up for one in gone.records]


def test_a_batch_that_succeeds_is_brought_once():
    trial = Trial(lambda batch: {"batchItemFailures": []})
    assert trial.delivery.deliver(records(5)) == 5
    assert trial.batches == [[1, 2, 3, 4, 5]]
    assert trial.delivery.trouble == ""


def test_what_counts_as_success_is_what_lambda_counts():
    batch = records(4)
    successes: list[Any] = [None, {}, "", {"batchItemFailures": []}, {"batchItemFailures": None}]
    for success in successes:
        assert done_before(success, batch) == 4
    for failure in (
        "x",
        [1],
        failing_from(""),
        failing_from(None),
        failing_from("99"),
        {"batchItemFailures": [1]},
    ):
        assert done_before(failure, batch) == 0
    several = {"batchItemFailures": [{"itemIdentifier": "4"}, {"itemIdentifier": "3"}]}
    assert done_before(several, batch) == 2


def test_a_named_record_and_those_behind_it_come_again():
    answers = iter([failing_from("3"), {}])
    trial = Trial(lambda batch: next(answers), bisect=False)
    assert trial.delivery.deliver(records(5)) == 5
    assert trial.batches == [[1, 2, 3, 4, 5], [3, 4, 5]]


def test_without_partial_answers_they_say_nothing():
    trial = Trial(lambda batch: failing_from("1"), report_item_failures=False)
    assert trial.delivery.deliver(records(3)) == 3
    assert trial.batches == [[1, 2, 3]]


def test_bisecting_finds_the_one_record_that_fails_and_gives_up_that_one_alone():
    trial = Trial(
        lambda batch: RuntimeError("no") if any(one.sequence == "6" for one in batch) else {}, retries=2
    )
    assert trial.delivery.deliver(records(8)) == 8
    assert trial.dropped == [(6, "RetryAttemptsExhausted")]
    assert trial.given_up[0].invocations == 3
    assert trial.batches[:4] == [[1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 3, 4], [5, 6, 7, 8], [5, 6]]
    assert trial.batches.count([6]) == 3


def test_without_bisect_the_whole_rest_is_given_up():
    trial = Trial(lambda batch: RuntimeError("no"), bisect=False, retries=1)
    assert trial.delivery.deliver(records(4)) == 4
    assert [number for number, _ in trial.dropped] == [1, 2, 3, 4]
    assert trial.batches == [[1, 2, 3, 4]] * 2


def test_retries_without_end_go_on_until_it_works_with_a_growing_pause():
    answers: Iterator[Any] = iter([*[RuntimeError("away")] * 9, {}])
    trial = Trial(lambda batch: next(answers), bisect=False)
    assert trial.delivery.deliver(records(2)) == 2
    assert trial.rests == sorted(trial.rests)
    assert trial.rests[-1] == 30.0
    assert trial.dropped == []


def test_records_beyond_their_age_are_given_up_and_the_younger_are_brought():
    batch = [*records(2, NOW - 100), *records(4)[2:]]
    trial = Trial(lambda batch: {}, record_age_s=60)
    assert trial.delivery.deliver(batch) == 4
    assert trial.dropped == [(1, "RecordAgeExceeded"), (2, "RecordAgeExceeded")]
    assert trial.batches == [[3, 4]]


def test_told_to_stop_it_says_how_far_it_is_done():
    trial = Trial(lambda batch: RuntimeError("away") if any(one.sequence == "5" for one in batch) else {})
    trial.go_on = False
    assert trial.delivery.deliver(records(8)) == 0
    trial = Trial(lambda batch: failing_from("5"))
    trial.go_on = False
    assert trial.delivery.deliver(records(8)) == 4
    assert "come again" in trial.delivery.trouble


@given(
    count=st.integers(1, 30),
    bad=st.sets(st.integers(1, 30), max_size=6),
    partial=st.booleans(),
    retries=st.integers(0, 3),
)
def test_whatever_fails_each_record_is_done_or_given_up_once_and_in_order(count, bad, partial, retries):
    done = []

    def answer(batch):
        for one in batch:
            if int(one.sequence) in bad:
                return failing_from(one.sequence) if partial else RuntimeError("no")
            if partial:
                done.append(int(one.sequence))
        if not partial:
            done.extend(int(one.sequence) for one in batch)
        return {}

    trial = Trial(answer, retries=retries)
    assert trial.delivery.deliver(records(count)) == count
    gone = [number for number, _ in trial.dropped]
    assert gone == sorted(bad & set(range(1, count + 1)))
    assert done == [number for number in range(1, count + 1) if number not in bad]


def test_a_batch_is_cut_at_its_count_and_at_what_an_event_can_carry():
    assert cut(records(10), 4) == 4
    assert cut(records(3), 4) == 3
    large = [ShardRecord(str(n), "k", b"x" * 1_000_000, NOW) for n in range(10)]
    assert 1 <= cut(large, 200) * 4 // 3 <= MAX_PAYLOAD_BYTES // 1_000_000
    assert cut([ShardRecord("1", "k", b"x" * 9_000_000, NOW)], 200) == 1
