"""GET /api/v1/crossings and /api/v1/visits: what was told, what is known now, and nothing of anybody else."""

import uuid
from typing import Any

import pytest

from tests.tracker.caller import a_device, problem, yesterday
from tests.tracker.geofences.places import a_geofence, a_visit
from tracker.geofences.models import Geofence, GeofenceCrossing


def a_crossing(device, *, to=None, origin=None, at, **facts):
    values: Any = {
        "kind": "crossed",
        "cause": "moved",
        "decided_at": at,
        "received_at": at,
        "stored_at": at,
        "version": 1,
        "longitude": 4.9,
        "latitude": 52.37,
        "request_id": uuid.UUID(int=5),
    } | facts
    return GeofenceCrossing.objects.create(
        environment_id=device.environment_id,
        device=device,
        from_geofence=origin,
        to_geofence=to,
        from_name=origin.external_id if origin else None,
        to_name=to.external_id if to else None,
        occurred_at=at,
        **values,
    )


@pytest.fixture
def told(customer):
    """Van 1 entered the depot at eight, or so it was told; at nine a late fix said half past seven. Van 2 passed."""
    depot = a_geofence(customer.test, "depot")
    yard = Geofence.objects.create(environment=customer.test, external_id="yard")
    one, two = a_device(customer.test, "van-1"), a_device(customer.test, "van-2")
    wrong = a_crossing(one, to=depot, at=yesterday(8), superseded_at=yesterday(9))
    a_crossing(one, to=depot, at=yesterday(7, 30), stored_at=yesterday(9), corrects=wrong)
    a_crossing(two, to=yard, origin=depot, at=yesterday(10))
    a_visit(one, depot, yesterday(7, 30), None)
    a_visit(two, depot, yesterday(9, 30), yesterday(10))
    return depot


SPAN = {"from_": yesterday(0).isoformat(), "to": yesterday(23).isoformat()}


def _told(api, **query):
    rows = api.json("crossings", **SPAN, **query)["data"]
    return [
        (row["device"]["external_id"], *((row[side] or {}).get("name") for side in ("from", "to")))
        for row in rows
    ]


def test_what_is_believed_now_comes_in_the_order_it_was_told(api, told):
    assert _told(api) == [("van-1", None, "depot"), ("van-2", "depot", "yard")]
    first = api.json("crossings", **SPAN)["data"][0]
    assert (first["cause"], first["location"]) == ("moved", {"longitude": 4.9, "latitude": 52.37})
    assert first["superseded_at"] is None


def test_what_was_put_right_is_there_for_who_asks_and_is_named_by_what_did_so(api, told):
    wrong, right, _ = api.json("crossings", superseded="include", **SPAN)["data"]
    assert right["corrects"] == wrong["id"]
    assert wrong["superseded_at"] == right["stored_at"]


@pytest.mark.parametrize(
    ("query", "devices"),
    [
        ({"device": "external:van-2"}, ["van-2"]),
        ({"geofence": "external:depot"}, ["van-1", "van-2"]),
        ({"geofence": "external:yard"}, ["van-2"]),
    ],
)
def test_crossings_of_a_device_or_of_either_side_of_a_border(api, told, query, devices):
    assert [row[0] for row in _told(api, **query)] == devices


def test_pages_hold_each_crossing_and_each_visit_once(api, told):
    for path in ("crossings", "visits"):
        whole = api.json(path, **SPAN)["data"]
        page = api.json(path, limit=1, **SPAN)
        rest = api.json(path, limit=1, cursor=page["next_cursor"], **SPAN)
        assert page["data"] + rest["data"] == whole
        assert rest["next_cursor"] is None


def test_visits_are_those_that_touch_the_time(api, told):
    def during(begin, end):
        span = {"from_": yesterday(*begin).isoformat(), "to": yesterday(*end).isoformat()}
        rows = api.json("visits", **span)["data"]
        return [(row["device"]["external_id"], row["duration_s"]) for row in rows]

    assert during((0,), (7,)) == []
    assert during((9,), (9, 15)) == [("van-1", None)]
    assert during((9, 45), (11,)) == [("van-1", None), ("van-2", 1800.0)]
    assert during((10,), (11,)) == [("van-1", None)]


def test_a_device_or_geofence_that_is_not_ours_is_not_there(api, told, rival):
    theirs = a_device(rival.test, "theirs")
    for path in ("crossings", "visits"):
        problem(api.get(path, device=theirs.public_id), 404, "not_found")
        problem(api.get(path, geofence="external:elsewhere"), 404, "not_found")
        problem(api.get(path, superceded="include"), 400, "unknown_parameter", "superceded")


def test_a_rival_sees_no_crossing_of_ours(rival_api, told):
    for path in ("crossings", "visits"):
        assert rival_api.json(path, **SPAN)["data"] == []
