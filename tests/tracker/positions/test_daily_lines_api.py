"""A device's days as GeoJSON: they stay when the positions are gone."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.tracker.caller import a_daily_line, a_device, problem

VAN = "devices/external:van-1/daily-lines"


@pytest.fixture
def van(customer):
    return a_device(customer.test)


def days(page):
    return [feature["properties"]["day"] for feature in page["features"]]


def test_a_day_is_a_line_with_what_is_known_of_it(api, van):
    a_daily_line(van, date(2026, 5, 1))
    answer = api.get(VAN, from_="2026-05-01", to="2026-05-02")
    assert answer["Content-Type"] == "application/geo+json"
    assert json.loads(answer.content) == {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "geometry": {"type": "LineString", "coordinates": [[4.9, 52.3], [5.0, 52.4]]},
                "properties": {
                    "day": "2026-05-01",
                    "first_at": "2026-05-01T08:00:00.000000Z",
                    "last_at": "2026-05-01T09:00:00.000000Z",
                    "positions": 42,
                    "distance_m": 1234.6,
                    "error_bound_m": 9.88,
                    "made_at": "2026-05-02T08:00:00.000000Z",
                },
            }
        ],
        "next_cursor": None,
    }


def test_spans_that_touch_neither_overlap_nor_leave_a_gap(api, van):
    for day in (1, 2, 3):
        a_daily_line(van, date(2026, 5, day))
    assert days(api.json(VAN, from_="2026-05-01", to="2026-05-02")) == ["2026-05-01"]
    assert days(api.json(VAN, from_="2026-05-02", to="2026-05-04")) == ["2026-05-02", "2026-05-03"]


def test_without_a_span_it_is_the_last_30_days(api, van):
    today = datetime.now(UTC).date()
    for back in (1, 30, 31):
        a_daily_line(van, today - timedelta(days=back))
    assert len(days(api.json(VAN))) == 2
    assert len(days(api.json(VAN, to=(today - timedelta(days=1)).isoformat()))) == 2
    assert days(api.json(VAN, to="0001-01-02")) == []


def test_pages_follow_each_other(api, van):
    for day in range(1, 8):
        a_daily_line(van, date(2026, 5, day))
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = api.json(
            VAN, limit=3, from_="2026-05-01", to="2026-06-01", **({"cursor": cursor} if cursor else {})
        )
        found, cursor = found + days(page), page["next_cursor"]
    assert found == [f"2026-05-0{day}" for day in range(1, 8)]


def test_a_way_over_the_antimeridian_is_cut_there(api, van):
    a_daily_line(van, date(2026, 5, 1), (179.0, -17.0), (181.0, -18.0))
    [feature] = api.json(VAN, from_="2026-05-01", to="2026-05-02")["features"]
    assert feature["geometry"] == {
        "type": "MultiLineString",
        "coordinates": [[[179.0, -17.0], [180.0, -17.5]], [[-180.0, -17.5], [-179.0, -18.0]]],
    }


def test_lines_of_others_are_not_among_them(api, van, customer, rival):
    day = date(2026, 5, 1)
    for other in (a_device(customer.test, "van-2"), a_device(rival.test), a_device(customer.live)):
        a_daily_line(other, day)
    assert days(api.json(VAN, from_="2026-05-01", to="2026-05-02")) == []


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ({"from_": "yesterday"}, "from"),
        ({"to": "2026-13-01"}, "to"),
        ({"to": "20260501"}, "to"),
        ({"to": "2026-05-01T00:00Z"}, "to"),
        ({"from_": "2026-05-02", "to": "2026-05-01"}, "from"),
        ({"cursor": "x"}, "cursor"),
    ],
)
def test_a_wrong_parameter_is_refused_by_name(api, van, query, param):
    problem(api.get(VAN, **query), 400, "invalid_parameter", param)
