"""Late, shuffled, doubled, split: through the real steps into a real database, it ends as the ordered single run."""

import random
import threading
from collections import Counter

import msgspec
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest_lambda.batch import Batch
from ingest_lambda.consume import consume
from ingest_lambda.pipeline import walk
from ingest_lambda.report import PositionReport
from ingest_lambda.steps import statements
from ingest_lambda.steps.known import Known
from ingest_lambda.steps.store import Store, connect
from tests.ingest_lambda.consumer.ground import HOUR, SECOND, fix
from tests.ingest_lambda.consumer.tracks import RECORDED, recorded

pytestmark = pytest.mark.django_db


def bounded(examples):
    """Few examples: each walks the real steps some dozen times."""
    checks = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
    return settings(max_examples=examples, deadline=None, suppress_health_check=checks)


POSITION = """
    SELECT recorded_at, ST_X(location), ST_Y(location), accuracy_m, altitude_m, speed_mps, heading_deg, battery,
        charging, activity, permissions::text, extra::text, moved_at
    FROM tracker_position p WHERE p.environment_id = %s AND p.device_id = %s ORDER BY recorded_at"""
STATE = """
    SELECT recorded_at, longitude, latitude, accuracy_m, altitude_m, speed_mps, heading_deg, battery, charging,
        activity, moved_at, anchor_longitude, anchor_latitude, suspect_recorded_at, suspect_longitude,
        suspect_latitude, suspect_count, judged_to
    FROM tracker_devicestate WHERE environment_id = %s AND device_id = %s"""
ASIDE = """
    SELECT recorded_at, outcome, reason, detail, payload::jsonb->>'longitude' FROM tracker_setasidereport
    WHERE environment_id = %s AND device_id = %s ORDER BY 1, 2, 3, 4, 5"""


def everything(ground, device):
    """All that is stored of a device and is a function of its fixes."""
    [(device_id,)] = ground.rows(
        "SELECT id FROM tracker_device WHERE environment_id = %s AND external_id = %s",
        *(ground.environment_id, device),
    )
    return [ground.rows(sql, ground.environment_id, device_id) for sql in (POSITION, STATE, ASIDE)]


def run(ground, stores, client, device, batches):
    """Each batch through one of the consumers, each with its own lane; what it added to the counts."""
    before = Counter(ground.outcomes())
    memories = [Known() for _ in stores]
    for n, fixes in enumerate(batches):
        which = n % len(stores)
        envelopes = [ground.envelope(device, fixes[i : i + 7]) for i in range(0, len(fixes), 7)]
        stretch = ground.stretch(envelopes, lane=f"loc:{200 + which}")
        consume(stretch, stores[which], memories[which], client, now_us=ground.now_us)
    after = Counter(ground.outcomes())
    return {reason: after[reason] - before[reason] for reason in after if after[reason] != before[reason]}


def cut(fixes, data):
    """The same fixes in any order, some of them doubled, in batches of any size."""
    rng = random.Random(data.draw(st.integers(0, 2**32), "order"))
    doubled = [rng.choice(fixes) for _ in range(data.draw(st.integers(0, 8), "doubles"))]
    sent = fixes + doubled
    style = data.draw(st.sampled_from(["shuffled", "late blocks", "newest first"]), "order's kind")
    if style == "shuffled":
        rng.shuffle(sent)
    elif style == "newest first":
        sent.sort(key=lambda one: -one.recorded_at_us)
    size = data.draw(st.integers(1, max(2, len(sent) // 2)), "batch")
    batches = [sent[i : i + size] for i in range(0, len(sent), size)]
    if style == "late blocks":
        rng.shuffle(batches)
    return sent, batches


@pytest.fixture
def stores(edge_url):
    """Three consumers' connections."""
    with connect(edge_url) as one, connect(edge_url) as two, connect(edge_url) as three:
        yield [Store(one), Store(two), Store(three)]


def converges(ground, stores, client, fixes, data):
    sent, batches = cut(fixes, data)
    consumers = data.draw(st.integers(1, 3), "consumers")
    name = f"d{ground.rows('SELECT count(*) FROM tracker_device')[0][0]}"
    ordered = sorted(sent, key=lambda one: one.recorded_at_us)
    single = run(ground, stores[:1], client, f"{name}-ordered", [ordered])
    shuffled = run(ground, stores[:consumers], client, name, batches)
    assert everything(ground, name) == everything(ground, f"{name}-ordered")
    assert shuffled == single
    assert sum(shuffled.values()) == len(sent)


HERE, THERE, MIRROR, NOWHERE, COAST = (4.9, 52.37), (8.0, 50.0), (52.37, 4.9), (0.0, 0.0), (0.2, 0.1)


@st.composite
def made_up(draw):
    """A drive with jumps, swapped axes, zero islands, twins, repeats, stops and bad accuracy."""
    fixes, metres = [], 0.0
    for _ in range(draw(st.integers(1, 30))):
        seconds = draw(st.integers(0, 60) | st.just(20_000))
        place = draw(st.sampled_from([HERE] * 6 + [THERE] * 3 + [MIRROR, NOWHERE, COAST]))
        metres += draw(st.sampled_from([0, 0, 20, 500]))
        fixes.append(
            (
                seconds,
                PositionReport(
                    0,
                    place[0] + metres * 1e-5,
                    place[1],
                    accuracy_m=draw(st.sampled_from([None, 4.9, 45.1, 60.0])),
                    speed_mps=draw(st.sampled_from([None, None, 3.3, 140.1])),
                    battery=draw(st.sampled_from([None, 0.55])),
                    extra=draw(st.sampled_from([None, '{"b": 1.50, "a": "x"}', '{"a": "y"}'])),
                ),
            )
        )
    return fixes


def placed(steps, end_us):
    """Fixes at their instants, the last an hour before `end_us`."""
    at_us = end_us - HOUR - sum(seconds for seconds, _ in steps) * SECOND
    fixes = []
    for seconds, one in steps:
        at_us += seconds * SECOND
        fixes.append(msgspec.structs.replace(one, recorded_at_us=at_us))
    return fixes


@bounded(40)
@given(steps=made_up(), data=st.data())
def test_any_order_doubling_and_batching_ends_as_the_ordered_run(ground, stores, client, steps, data):
    converges(ground, stores, client, placed(steps, ground.now_us), data)


@pytest.mark.parametrize("name", RECORDED)
@bounded(5)
@given(data=st.data())
def test_so_do_recorded_tracks(ground, stores, client, name, data):
    tracks = recorded(name)
    if not tracks:
        pytest.skip("the recorded tracks are not on this machine")
    track = tracks[data.draw(st.sampled_from(sorted(tracks)))]
    start = data.draw(st.integers(0, max(0, len(track) - 20)))
    slice_ = track[start : start + data.draw(st.integers(1, 120))]
    shift = ground.now_us - HOUR - max(one.recorded_at_us for one in slice_)
    fixes = [msgspec.structs.replace(one, recorded_at_us=one.recorded_at_us + shift) for one in slice_]
    # a jump and a repeat in each: the recorded days have few of their own
    odd = data.draw(st.sampled_from(fixes))
    fixes.append(
        msgspec.structs.replace(
            odd, recorded_at_us=odd.recorded_at_us + SECOND // 2, longitude=odd.longitude / 2
        )
    )
    converges(ground, stores, client, fixes, data)


def test_a_better_twin_that_comes_later_takes_the_ending_over(ground, store, known, client):
    at_us = ground.now_us - HOUR
    for accuracy, extra in ((30.0, None), (None, None), (5.0, '{"n": 1}'), (40.0, None)):
        one = fix(at_us, 4.9 + (accuracy or 1) / 1e5, accuracy_m=accuracy, extra=extra)
        consume(ground.stretch([ground.envelope("a", [one])]), store, known, client, now_us=ground.now_us)
    assert ground.outcomes() == {"accepted": 1, "duplicate": 3}
    assert ground.positions("a") == [(at_us, 4.90005, 52.37)]
    assert ground.marker("a")[:2] == (at_us, 4.90005)


def test_a_repeated_jump_is_a_duplicate_and_listed_once(ground, store, known, client):
    here, jump = fix(ground.now_us - HOUR), fix(ground.now_us - HOUR + SECOND, 8.0, 50.0)
    for sent in ([here, jump], [jump], [jump, jump]):
        consume(ground.stretch([ground.envelope("a", sent)]), store, known, client, now_us=ground.now_us)
    assert ground.outcomes() == {"accepted": 1, "filtered teleport": 1, "duplicate": 3}
    assert len(everything(ground, "a")[2]) == 1


def test_a_withdrawn_fix_keeps_its_data_and_comes_back_with_its_own_request(ground, store, known, client):
    """A jump that came first is kept, withdrawn when its past arrives, and kept again when its witnesses do."""
    start = ground.now_us - HOUR
    jump = fix(start + 10 * SECOND, 8.0, 50.0, battery=0.5, activity="still", extra='{"k": [1, 2]}')
    first = ground.envelope("a", [jump], received_at_us=ground.now_us - 7 * SECOND)
    consume(ground.stretch([first]), store, known, client, now_us=ground.now_us)
    before = ground.rows("SELECT * FROM tracker_position WHERE environment_id = %s", ground.environment_id)
    here = [fix(start + n * SECOND) for n in range(3)]
    consume(ground.stretch([ground.envelope("a", here)]), store, known, client, now_us=ground.now_us)
    assert ground.outcomes() == {"accepted": 3, "filtered teleport": 1}
    assert ground.marker("a") == (here[-1].recorded_at_us, 4.9, 52.37, 1)
    witnesses = [fix(start + n * SECOND, 8.0, 50.0) for n in (8, 9)]
    consume(ground.stretch([ground.envelope("a", witnesses)]), store, known, client, now_us=ground.now_us)
    assert ground.outcomes() == {"accepted": 4, "filtered teleport": 2}
    again = ground.rows(
        "SELECT * FROM tracker_position WHERE environment_id = %s AND recorded_at = to_timestamp(%s)",
        *(ground.environment_id, jump.recorded_at_us / SECOND),
    )
    assert again == before
    assert ground.marker("a") == (jump.recorded_at_us, 8.0, 50.0, 0)


def test_a_device_left_with_no_believable_fix_has_no_marker(ground, store, known, client):
    """Near the zero island a fix on it is kept; when its neighbour turns out to be on it as well, neither is."""
    start = ground.now_us - HOUR
    coast, zero = fix(start, 0.2, 0.1, accuracy_m=9.0), fix(start + 600 * SECOND, 0.0, 0.0)
    for one in (coast, zero, fix(start, 0.0, 0.0, accuracy_m=3.0)):
        consume(ground.stretch([ground.envelope("a", [one])]), store, known, client, now_us=ground.now_us)
    assert ground.outcomes() == {"duplicate": 1, "filtered zero_island": 2, "accepted": 0}
    assert ground.marker("a") is None
    consume(ground.stretch([ground.envelope("a", [coast])]), store, known, client, now_us=ground.now_us)
    assert ground.marker("a") is None


def cross(ground, edge_url, client, first, second, device="a"):
    """`first` is stored but not committed yet when another consumer comes with `second` for the same device."""
    failures = []
    stretches = [
        ground.stretch([ground.envelope(device, [one])], lane=f"loc:{300 + n}")
        for n, one in enumerate((first, second))
    ]

    def work():
        try:
            with connect(edge_url, name="second") as connection:
                consume(stretches[1], Store(connection), Known(), client, now_us=ground.now_us)
        except Exception as error:
            failures.append(error)

    thread = threading.Thread(target=work)
    with connect(edge_url) as connection:
        holder = Store(connection)
        with holder.transaction():
            walk(Batch(stretches[0].lane, stretches[0].units, ground.now_us), holder, Known())
            thread.start()
            while thread.is_alive() and not ground.rows(
                "SELECT 1 FROM pg_stat_activity WHERE application_name = 'second'"
                " AND cardinality(pg_blocking_pids(pid)) > 0"
            ):
                thread.join(0.01)
    thread.join(30)
    assert failures == []


@pytest.mark.parametrize("held", [True, False], ids=["held", "not-held"])
@pytest.mark.parametrize("registered_only", [False, True], ids=["with-a-state", "registered-only"])
def test_two_consumers_of_one_device_take_turns(
    ground, store, known, client, edge_url, monkeypatch, registered_only, held
):
    """Without the lock both believe the state before, and a jump between their two fixes is kept."""
    if not held:
        for name in ("STATES", "STATELESS"):
            text = getattr(statements, name)
            monkeypatch.setattr(statements, name, text[: text.index("FOR NO KEY UPDATE")])
    start = ground.now_us - HOUR
    base, middle, last = fix(start), fix(start + 10 * SECOND, 4.89), fix(start + 20 * SECOND, 4.925)
    # what is wrong by itself registers a device and gives it no state
    begin = [] if registered_only else [base]
    poor = fix(start, accuracy_m=99.0)

    def ends(device):
        before = Counter(ground.outcomes())
        stretch = ground.stretch([ground.envelope(device, [poor, *begin])])
        consume(stretch, store, known, client, now_us=ground.now_us)
        cross(ground, edge_url, client, last, middle, device)
        return Counter(ground.outcomes()) - before

    jumped = {"accepted": len(begin) + 1, "filtered teleport": 1, "filtered poor_accuracy": 1}
    raced = {"accepted": len(begin) + 2, "filtered poor_accuracy": 1}
    if held:
        assert ends("a") == jumped
    else:  # a race is not lost each time
        assert any(ends(f"device {n}") == raced for n in range(5))


def test_consumers_at_the_same_time_end_as_the_ordered_run(ground, edge_url, stores, client):
    """Three workers, one device each of them has fixes of, all at once."""
    rng = random.Random(7)
    steps = [(rng.choice([1, 5, 30]), fix(0, *rng.choice([HERE, HERE, HERE, THERE]))) for _ in range(240)]
    fixes = placed(steps, ground.now_us)
    single = run(ground, stores[:1], client, "ordered", [fixes])
    before = Counter(ground.outcomes())
    mixed = [*fixes, *fixes[::10]]
    rng.shuffle(mixed)
    failures, looking = [], threading.Lock()

    def work(n):
        memory, mine = Known(), mixed[n::3]
        try:
            for i in range(0, len(mine), 9):
                with looking:
                    stretch = ground.stretch(
                        [ground.envelope("mixed", mine[i : i + 9])], lane=f"loc:{400 + n}"
                    )
                consume(stretch, stores[n], memory, client, now_us=ground.now_us)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert everything(ground, "mixed") == everything(ground, "ordered")
    after = Counter(ground.outcomes())
    assert after["accepted"] - before["accepted"] == single["accepted"]
    assert sum(after.values()) - sum(before.values()) == len(mixed)


def test_a_backlog_leaves_the_marker_alone_and_delays_nobody_behind_it(ground, store, known, client):
    """A phone that was offline for eight hours sends 3,000 fixes, newest request first, after it is back."""
    back = [fix(ground.now_us - n * SECOND, 5.0 + n * 1e-6) for n in (9, 6, 3)]
    consume(ground.stretch([ground.envelope("phone", back)]), store, known, client, now_us=ground.now_us)
    stood = ground.marker("phone")
    missed = [fix(ground.now_us - 8 * HOUR + n * 9 * SECOND, 4.9 + n * 3e-5) for n in range(3000)]
    requests = [ground.envelope("phone", missed[i : i + 50]) for i in range(0, 3000, 50)]
    others = [ground.envelope(f"van-{n}", [fix(ground.now_us - SECOND)]) for n in range(20)]
    stretch = ground.stretch([*reversed(requests), *others])
    statements_run: list[object] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(psycopg.Cursor, "execute", _noting(psycopg.Cursor.execute, statements_run))
        consume(stretch, store, known, client, now_us=ground.now_us)
    # the others' fixes are stored in the same transaction, and its round trips do not grow with the backlog
    assert ground.outcomes() == {"accepted": 3023}
    assert len(statements_run) < 25
    assert ground.marker("phone") == stood
    assert len(ground.positions("phone")) == 3003


def _noting(execute, noted):
    def noting(cursor, statement, *values, **named):
        noted.append(statement)
        return execute(cursor, statement, *values, **named)

    return noting
