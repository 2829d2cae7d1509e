"""Judging again, alone: whatever came when, the end is that of the plain fold over all of it. No database."""

import bisect
import uuid

from hypothesis import given, settings
from hypothesis import strategies as st

from ingest_lambda.history import Item, Past, Where, rank, rejudge
from ingest_lambda.judgement import Believed, Bounds
from ingest_lambda.outcomes import ACCEPTED, DUPLICATE
from ingest_lambda.report import Envelope, PositionReport
from ingest_lambda.standing import Anchor
from tests.ingest_lambda.consumer.ground import SECOND

START = 1_700_000_000 * SECOND
BOUNDS = Bounds(50.0, 100.0, 10**18)
# near each other, one jump away, the jump's neighbour, the mirror of the first, the zero island and its coast
PLACES = [
    (4.9, 52.37),
    (4.9003, 52.37),
    (4.901, 52.3702),
    (8.0, 50.0),
    (8.0004, 50.0),
    (52.37, 4.9),
    (0.0, 0.0),
]
PLACES += [(0.2, 0.1)]

fixes = st.builds(
    lambda second, place, accuracy, speed, battery: PositionReport(
        START + second * SECOND, place[0], place[1], accuracy_m=accuracy, speed_mps=speed, battery=battery
    ),
    st.integers(0, 40) | st.integers(0, 100_000),
    st.sampled_from(PLACES),
    st.sampled_from([None, 5.0, 40.0]),
    st.sampled_from([None, 2.5, 130.1]),
    st.sampled_from([None, 0.1, 0.2]),
)


def envelope(n):
    return Envelope(1, 1, 1, "a", None, START + n, uuid.UUID(int=n).bytes, None, "http", [])


def plain_fold(sent):
    """The whole set at once, in recorded order: (kept: instant -> fix and anchor, set aside: instant -> reason)."""
    items = [Item(one, envelope(n)) for n, one in enumerate(sent)]
    done = rejudge(Past(), items, 2**62, BOUNDS)
    kept = {
        end.item.fix.recorded_at_us: (rank(end.item.fix), end.moved_at_us)
        for end in done.endings
        if end.verdict is ACCEPTED
    }
    aside = {
        end.item.fix.recorded_at_us: (rank(end.item.fix), end.verdict)
        for end in done.endings
        if end.verdict is not ACCEPTED and end.verdict is not DUPLICATE
    }
    return kept, aside, done.past


class Shelf:
    """A history in memory, kept by `rejudge` from the accepted fix before what comes until it is settled."""

    def __init__(self):
        self.items: dict[int, Item] = {}
        self.looked_at = 0

    def take(self, arriving):
        arriving = sorted(arriving, key=lambda item: item.fix.recorded_at_us)
        first, last = arriving[0].fix.recorded_at_us, arriving[-1].fix.recorded_at_us
        instants = sorted(self.items)
        before = [at for at in instants if at < first and self.items[at].where is Where.KEPT]
        past = self._past(before[-1]) if before else Past()
        begin = bisect.bisect_right(instants, before[-1]) if before else 0
        for page in (2, 7, 10**9):
            stop = bisect.bisect_right(instants, last) + page
            stored = [self.items[at] for at in instants[begin:stop]]
            self.looked_at = len(stored)
            done = rejudge(past, [*stored, *arriving], last, BOUNDS)
            if done.settled:
                break
        for end in done.endings:
            at = end.item.fix.recorded_at_us
            if end.verdict is ACCEPTED:
                self.items[at] = end.item._replace(where=Where.KEPT, moved_at_us=end.moved_at_us)
            elif end.verdict is not DUPLICATE:
                self.items[at] = end.item._replace(where=Where.ASIDE, verdict=end.verdict)
        return done

    def _past(self, at):
        item = self.items[at]
        assert item.moved_at_us is not None
        fix, stands = item.fix, self.items[item.moved_at_us].fix
        believed = Believed(at, fix.longitude, fix.latitude, fix.accuracy_m, fix.speed_mps)
        return Past(believed, Anchor(item.moved_at_us, stands.longitude, stands.latitude), item)


@settings(max_examples=300, deadline=None)
@given(st.lists(fixes, min_size=1, max_size=40), st.data())
def test_any_order_doubling_and_batching_ends_as_the_plain_fold(sent, data):
    copies = [
        Item(one, envelope(n)) for n, one in enumerate(sent + data.draw(st.lists(st.sampled_from(sent))))
    ]
    copies = data.draw(st.permutations(copies))
    shelf, balance = Shelf(), 0
    while copies:
        size = data.draw(st.integers(1, 8))
        done, copies = shelf.take(copies[:size]), copies[size:]
        # to the unit: each ending of a stored copy takes its former one back
        balance += sum(1 for end in done.endings if end.item.where is Where.ARRIVING)
    kept, aside, _ = plain_fold(sent)
    items = shelf.items.items()
    assert {at: (rank(one.fix), one.moved_at_us) for at, one in items if one.where is Where.KEPT} == kept
    assert {at: (rank(one.fix), one.verdict) for at, one in items if one.where is Where.ASIDE} == aside
    assert balance >= len(sent)


def drive(count):
    return [PositionReport(START + n * SECOND, 4.9 + n * 0.001, 52.37) for n in range(count)]


def test_a_late_fix_on_a_drive_is_settled_by_the_next_one():
    shelf, track = Shelf(), drive(1000)
    shelf.take([Item(one, envelope(n)) for n, one in enumerate(track) if n != 500])
    done = shelf.take([Item(track[500], envelope(500))])
    assert done.settled
    assert [end.item.fix for end in done.endings] == [track[500]]
    assert shelf.looked_at <= 3


def test_a_kept_jump_is_withdrawn_when_what_came_before_it_arrives():
    """Alone it was the device's first fix; with a believable fix before it, it is a jump."""
    shelf = Shelf()
    jump = PositionReport(START + 10 * SECOND, 8.0, 50.0)
    shelf.take([Item(jump, envelope(1))])
    done = shelf.take([Item(PositionReport(START, 4.9, 52.37), envelope(2))])
    assert [(end.item.where, end.verdict.reason) for end in done.endings] == [
        (Where.ARRIVING, ""),
        (Where.KEPT, "teleport"),
    ]


def test_a_filtered_fix_is_taken_up_when_its_witnesses_arrive():
    shelf = Shelf()
    here, *jumps = [
        PositionReport(START + n * SECOND, *place) for n, place in enumerate([PLACES[0]] + [PLACES[3]] * 4)
    ]
    shelf.take([Item(one, envelope(n)) for n, one in enumerate([here, jumps[0], jumps[3]])])
    assert [one.where for one in shelf.items.values()] == [Where.KEPT, Where.ASIDE, Where.ASIDE]
    done = shelf.take([Item(jumps[1], envelope(7))])
    assert [(end.item.fix, end.verdict.reason) for end in done.endings] == [
        (jumps[1], "teleport"),
        (jumps[3], ""),
    ]


def test_an_anchor_that_is_another_copy_now_is_followed_on():
    """Its time is the same, so the positions that stand at it look unchanged; where it is decides about the next."""
    shelf = Shelf()
    metre = 1 / 67_900  # degrees of longitude, here
    anchor, near, far = (
        PositionReport(START + n * 10 * SECOND, 4.9 + metres * metre, 52.37)
        for n, metres in enumerate((0, 25, -20))
    )
    shelf.take([Item(one, envelope(n)) for n, one in enumerate((anchor, near, far))])
    better = PositionReport(START, 4.9 + 34 * metre, 52.37, accuracy_m=5.0)
    done = shelf.take([Item(better, envelope(9))])
    assert [end.item.fix for end in done.endings if end.verdict is ACCEPTED] == [better, far]
    assert done.endings[-1].moved_at_us == far.recorded_at_us


@given(fixes, fixes, fixes)
def test_rank_is_one_total_order_of_content_alone(one, other, third):
    assert (rank(one) == rank(other)) == (rank(other) == rank(one))
    if rank(one) <= rank(other) <= rank(third):
        assert rank(one) <= rank(third)


def test_rank_compares_what_the_database_gives_back():
    sent = PositionReport(0, 1.0, 2.0, 4.9, extra='{"b": 1.0, "a": [1, 2]}')
    stored = PositionReport(0, 1.0, 2.0, 4.900000095367432, extra='{"a": [1, 2.0], "b": 1}')
    assert rank(sent) == rank(stored)
    assert rank(PositionReport(0, 1.0, 2.0, 5.0)) < rank(PositionReport(0, 1.0, 2.0, None))
    assert rank(PositionReport(0, 1.0, 2.0, 4.0)) < rank(PositionReport(0, 0.0, 2.0, 5.0))
