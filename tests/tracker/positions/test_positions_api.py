"""A device's history as GeoJSON: what is in it, its bounds, its pages, and that only the days asked for are read."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from tests.tracker.caller import REQUEST, a_device, a_position, problem, yesterday
from tracker.positions.selectors import positions_query

VAN = "devices/external:van-1/positions"


@pytest.fixture
def van(customer):
    return a_device(customer.test)


def iso(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def times(page):
    return [feature["properties"]["recorded_at"] for feature in page["features"]]


def test_a_position_is_a_feature_with_three_clocks_and_all_facts(api, van):
    at = yesterday(8) + timedelta(microseconds=123_456)
    a_position(
        van, at, accuracy_m=4.2, speed_mps=8.3, heading_deg=270, altitude_m=-3, battery=0.81, charging=True,
        activity="driving", permissions={"location": "always"}, extra={"trip": [1, {"a": None}], "big": 10**30},
    )  # fmt: skip
    answer = api.get(VAN, from_=iso(yesterday()), to=iso(yesterday(23)))
    assert answer["Content-Type"] == "application/geo+json"
    page = json.loads(answer.content)
    assert (page["type"], page["next_cursor"]) == ("FeatureCollection", None)
    [feature] = page["features"]
    assert feature == {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [4.8952, 52.3702, -3.0]},
        "properties": {
            "recorded_at": iso(at),
            "received_at": iso(at + timedelta(seconds=1)),
            "stored_at": iso(at + timedelta(seconds=2)),
            "accuracy_m": 4.2,
            "altitude_m": -3.0,
            "speed_mps": 8.3,
            "heading_deg": 270.0,
            "battery": 0.81,
            "charging": True,
            "activity": "driving",
            "permissions": {"location": "always"},
            "extra": {"trip": [1, {"a": None}], "big": 10**30},
            "request_id": f"req_{REQUEST.hex}",
        },
    }


def test_a_position_without_facts_says_null_and_has_two_coordinates(api, van):
    a_position(van, yesterday(8))
    [feature] = api.json(VAN, from_=iso(yesterday()))["features"]
    assert feature["geometry"]["coordinates"] == [4.8952, 52.3702]
    assert feature["properties"]["extra"] is None
    assert feature["properties"]["battery"] is None


def test_extra_with_a_number_no_double_holds_is_handed_on_as_it_was_stored(api, van):
    a_position(van, yesterday(8))
    with connection.cursor() as cursor:
        cursor.execute("""UPDATE tracker_position SET extra = '{"a": 1.5e400, "b": 1e-400}'""")
    content = api.get(VAN, from_=iso(yesterday())).content
    assert b'"a": 15000000' in content


def test_from_is_included_and_to_is_not_so_that_touching_spans_neither_overlap_nor_leave_a_gap(api, van):
    for hour in (8, 9, 10):
        a_position(van, yesterday(hour))
    first = api.json(VAN, from_=iso(yesterday(8)), to=iso(yesterday(9)))
    second = api.json(VAN, from_=iso(yesterday(9)), to=iso(yesterday(11)))
    assert times(first) == [iso(yesterday(8))]
    assert times(second) == [iso(yesterday(9)), iso(yesterday(10))]


def test_without_a_span_it_is_the_last_24_hours(api, van):
    now = datetime.now(UTC)
    for hours in (1, 23, 25):
        a_position(van, now - timedelta(hours=hours))
    assert len(api.json(VAN)["features"]) == 2
    assert len(api.json(VAN, from_=iso(now - timedelta(days=3)))["features"]) == 3
    assert len(api.json(VAN, to=iso(now - timedelta(hours=2)))["features"]) == 2


def test_pages_follow_each_other_over_days_in_recorded_order(api, van):
    moments = [yesterday(hour) - timedelta(days=day) for day in range(3) for hour in range(0, 24, 5)]
    for moment in moments:
        a_position(van, moment)
    found: list[str] = []
    cursor: str | None = ""
    pages = 0
    while cursor is not None:
        page = api.json(
            VAN, limit=4, from_=iso(yesterday() - timedelta(days=9)), **({"cursor": cursor} if cursor else {})
        )
        found, cursor, pages = found + times(page), page["next_cursor"], pages + 1
    assert found == [iso(moment) for moment in sorted(moments)]
    assert pages == 4


def test_a_cursor_goes_on_although_now_has_moved(api, van):
    """Callers ask for `to=now` on every page."""
    for hour in (1, 2, 3):
        a_position(van, yesterday(hour))
    cursor = api.json(VAN, limit=2, from_=iso(yesterday()), to=iso(yesterday(20)))["next_cursor"]
    page = api.json(VAN, limit=2, from_=iso(yesterday()), to=iso(yesterday(21)), cursor=cursor)
    assert times(page) == [iso(yesterday(3))]


def test_a_cursor_of_another_device_is_refused(api, van, customer):
    for hour in (1, 2):
        a_position(van, yesterday(hour))
    a_device(customer.test, "van-2")
    cursor = api.json(VAN, limit=1, from_=iso(yesterday()))["next_cursor"]
    answer = api.get("devices/external:van-2/positions", cursor=cursor)
    problem(answer, 400, "invalid_parameter", "cursor")


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ({"from_": "yesterday"}, "from"),
        ({"to": "x"}, "to"),
        ({"from_": "2026-05-02T00:00Z", "to": "2026-05-01T00:00Z"}, "from"),
        ({"limit": "0"}, "limit"),
        ({"cursor": "x"}, "cursor"),
    ],
)
def test_a_wrong_parameter_is_refused_by_name(api, van, query, param):
    problem(api.get(VAN, **query), 400, "invalid_parameter", param)


def test_an_offset_whose_plus_nobody_escaped_is_understood(api, van):
    a_position(van, yesterday(8))
    raw = yesterday(8).isoformat()
    assert "+00:00" in raw
    answer = api.send("GET", f"{VAN}?from={raw}")
    assert len(json.loads(answer.content)["features"]) == 1


def test_positions_of_other_devices_are_not_among_them(api, van, customer, rival):
    a_position(a_device(customer.test, "van-2"), yesterday(8))
    a_position(a_device(rival.test), yesterday(8))
    a_position(a_device(customer.live), yesterday(8))
    assert api.json(VAN, from_=iso(yesterday()))["features"] == []


def test_a_history_costs_the_same_queries_however_long(api, van, django_assert_num_queries):
    api.json(VAN)
    for minute in range(40):
        a_position(van, yesterday(8, minute))
    with django_assert_num_queries(6):  # savepoint, scope, key, device, positions, release
        assert len(api.json(VAN, from_=iso(yesterday()))["features"]) == 40


def test_only_the_days_asked_for_are_read_and_in_order_without_sorting(van):
    """With 98 daily partitions a query that reads them all would be slow for everybody."""
    since = yesterday(6)
    rows = positions_query(van, since, since + timedelta(hours=30), after=since + timedelta(hours=1))
    with connection.cursor() as cursor:  # a partition of ten rows is read whole, whatever its indexes
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = rows[:1001].explain()
    days = {f"tracker_position_{(since + timedelta(days=day)):%Y%m%d}" for day in (0, 1)}
    assert set(re.findall(r"tracker_position_\d{8}", plan)) == days
    assert "Seq Scan" not in plan
    assert "Sort" not in plan
