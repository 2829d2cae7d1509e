"""Crossings of late, shuffled, doubled, withdrawn and split reports, with publishes among them, are those of the
ordered run: the same visits, the same believed crossings, and one event for each that was ever told."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest_lambda.presence.state import decode
from ingest_lambda.report import PositionReport
from ingest_lambda.steps.store import Store, connect
from tests.ingest_lambda.consumer.ground import HOUR, SECOND
from tests.ingest_lambda.consumer.test_convergence import cut, placed, run
from tests.ingest_lambda.consumer.zoned import Area, believed, each_crossing_has_its_event, publish, visits

pytestmark = pytest.mark.django_db

# A street of two hundred metres' squares going east, one overlapping, one that needs evidence, one that tells of stays
STREET = {
    "first": Area(4.900, 52.36, 4.903, 52.38),
    "second": Area(4.903, 52.36, 4.906, 52.38, dwell_s=60),
    "over": Area(4.9045, 52.36, 4.9075, 52.38, margin_m=None),
    "third": Area(4.909, 52.36, 4.912, 52.38, margin_m=None, dwell_s=120),
}
CHANGED = {
    "first": Area(4.900, 52.36, 4.9045, 52.38),  # its border moved
    "over": STREET["over"],
    "fourth": Area(4.903, 52.36, 4.9055, 52.38),
}  # and two are retired
JUMP, NOWHERE = (8.0, 50.0), (0.0, 0.0)


@pytest.fixture
def stores(edge_url):
    """Three consumers' connections."""
    with connect(edge_url) as one, connect(edge_url) as two, connect(edge_url) as three:
        yield [Store(one), Store(two), Store(three)]


@st.composite
def journeys(draw):
    """Up and down the street: drives, stands, jumps, poor fixes, gaps."""
    steps, metres = [], draw(st.sampled_from([-100, 0, 250, 700]))
    for _ in range(draw(st.integers(1, 45))):
        seconds = draw(st.sampled_from([1, 5, 20, 20, 40, 40, 90, 400]))
        metres += draw(st.sampled_from([0, 0, 15, -15, 60, 60, 120, -60, -120, 250, -250]))
        place = (4.9 + metres * 1.4e-5, 52.37)
        place = draw(st.sampled_from([place] * 12 + [JUMP, NOWHERE]))
        steps.append(
            (
                seconds,
                PositionReport(0, place[0], place[1], accuracy_m=draw(st.sampled_from([None, 5.0, 45.1]))),
            )
        )
    return steps


def everything(ground, device):
    """What is a function of the fixes: stays, believed crossings, and what the state keeps of them."""
    [(device_id,)] = ground.rows(
        "SELECT id FROM tracker_device WHERE environment_id = %s AND external_id = %s",
        *(ground.environment_id, device),
    )
    kept = ground.rows("SELECT presence FROM tracker_devicestate WHERE device_id = %s", device_id)
    inside = [decode(bytes(presence)).inside for (presence,) in kept if presence is not None]
    return [visits(ground, device), believed(ground, device), inside]


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=journeys(), data=st.data())
def test_any_order_doubling_and_batching_tells_what_the_ordered_run_tells(
    ground, stores, client, steps, data
):
    fixes = placed(steps, ground.now_us)
    first_us, last_us = fixes[0].recorded_at_us, fixes[-1].recorded_at_us
    for table in ("geofenceversionmember", "geofenceversion"):
        ground.change(f"DELETE FROM tracker_{table} WHERE environment_id = %s", ground.environment_id)
    middle_us = data.draw(st.integers(first_us, last_us), "when the set changes")
    publish(ground, STREET, data.draw(st.sampled_from([first_us - HOUR, first_us + 60 * SECOND]), "begin"))
    publish(ground, CHANGED, max(middle_us, first_us + 61 * SECOND))
    sent, batches = cut(fixes, data)
    name = f"d{ground.rows('SELECT count(*) FROM tracker_device')[0][0]}"
    run(ground, stores[:1], client, f"{name}-ordered", [sorted(sent, key=lambda one: one.recorded_at_us)])
    run(ground, stores[: data.draw(st.integers(1, 3), "consumers")], client, name, batches)
    assert ground.rows("SELECT reason, error FROM tracker_deadletter") == []
    assert everything(ground, name) == everything(ground, f"{name}-ordered")
    each_crossing_has_its_event(ground, name)
