"""What became of the reports: counts that add up to the unit, and the reports that were not kept."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.tracker.caller import REQUEST, a_count, a_device, a_set_aside, problem, yesterday
from tracker.ingestion.models import OutcomeCount, SetAsideReport
from tracker.ingestion.services import fold_outcomes, forget_set_aside


def iso(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def test_without_reports_every_count_is_zero(api):
    document = api.json("outcomes", from_="2026-05-01T00:00:00Z", to="2026-05-02T00:00:00Z")
    assert document == {
        "from": "2026-05-01T00:00:00.000000Z",
        "to": "2026-05-02T00:00:00.000000Z",
        "received": 0,
        "accepted": 0,
        "duplicate": 0,
        "filtered": {},
        "quarantined": {},
    }


def test_received_is_the_sum_of_all_outcomes_over_seconds_and_lanes(api, customer, rival):
    for lane in (0, 1):
        a_count(customer.test, yesterday(8), "accepted", 5, lane=lane)
    a_count(customer.test, yesterday(8, 0, 1), "duplicate", 2)
    a_count(customer.test, yesterday(8, 0, 1), "filtered", 3, reason="teleport")
    a_count(customer.test, yesterday(8, 0, 2), "filtered", 4, reason="zero_island")
    a_count(customer.test, yesterday(8, 0, 2), "quarantined", 1, reason="bad_latitude")
    a_count(customer.live, yesterday(8), "accepted", 100)
    a_count(rival.test, yesterday(8), "accepted", 1000)
    document = api.json("outcomes", from_=iso(yesterday(7)), to=iso(yesterday(9)))
    assert {name: document[name] for name in document if name not in {"from", "to"}} == {
        "received": 20,
        "accepted": 10,
        "duplicate": 2,
        "filtered": {"teleport": 3, "zero_island": 4},
        "quarantined": {"bad_latitude": 1},
    }


def test_spans_that_touch_add_up(api, customer):
    for second in range(10):
        a_count(customer.test, yesterday(8, 0, second), "accepted", 1)
    first = api.json("outcomes", from_=iso(yesterday(8)), to=iso(yesterday(8, 0, 4)))
    second = api.json("outcomes", from_=iso(yesterday(8, 0, 4)), to=iso(yesterday(8, 0, 10)))
    assert (first["received"], second["received"]) == (4, 6)


def test_a_time_inside_a_second_takes_the_whole_second_and_says_so(api, customer):
    a_count(customer.test, yesterday(8, 0, 0), "accepted", 1)
    a_count(customer.test, yesterday(8, 0, 2), "accepted", 1)
    half = timedelta(milliseconds=500)
    document = api.json("outcomes", from_=iso(yesterday(8) + half), to=iso(yesterday(8, 0, 2) + half))
    assert document["received"] == 2
    assert document["from"] == iso(yesterday(8))
    assert document["to"] == iso(yesterday(8, 0, 3))


def test_without_a_span_it_is_the_last_24_hours(api, customer):
    now = datetime.now(UTC).replace(microsecond=0)
    a_count(customer.test, now - timedelta(hours=23), "accepted", 1)
    a_count(customer.test, now - timedelta(hours=25), "accepted", 1)
    assert api.json("outcomes")["received"] == 1


@pytest.mark.parametrize(
    ("query", "param"),
    [({"from_": "x"}, "from"), ({"to": "1e5"}, "to"), ({"from_": "2026-05-02", "to": "2026-05-01"}, "from")],
)
def test_a_wrong_time_is_refused_by_name(api, query, param):
    problem(api.get("outcomes", **query), 400, "invalid_parameter", param)


def test_folding_changes_no_sum_and_a_second_time_does_nothing(api, customer, rival):
    now = datetime.now(UTC)
    old = (now - timedelta(hours=60)).replace(second=0, microsecond=0)
    for second in (0, 1, 59):
        for lane in (0, 3):
            a_count(customer.test, old + timedelta(seconds=second), "accepted", 2, lane=lane)
    a_count(customer.test, old + timedelta(seconds=61), "filtered", 7, reason="teleport")
    a_count(rival.test, old + timedelta(seconds=5), "accepted", 4)
    a_count(customer.test, now.replace(microsecond=0), "accepted", 1)
    span = {"from_": iso(old + timedelta(seconds=30)), "to": iso(old + timedelta(seconds=90))}
    before = api.json("outcomes", **span)
    assert before["received"] == 19
    assert before["from"] == iso(old)
    assert before["to"] == iso(old + timedelta(minutes=2))
    assert fold_outcomes(now=now) == 7
    assert api.json("outcomes", **span) == before
    counts = OutcomeCount.objects.for_environment(customer.test).order_by("second")
    assert list(counts.values_list("second", "outcome", "lane", "count")) == [
        (old, "accepted", 0, 12),
        (old + timedelta(minutes=1), "filtered", 0, 7),
        (now.replace(microsecond=0), "accepted", 0, 1),
    ]
    assert fold_outcomes(now=now) == 0
    assert api.json("outcomes", **span) == before


def test_a_count_that_comes_late_is_added_to_the_folded_minute(api, customer):
    now = datetime.now(UTC)
    old = (now - timedelta(hours=60)).replace(second=0, microsecond=0)
    a_count(customer.test, old + timedelta(seconds=10), "accepted", 5, lane=1)
    fold_outcomes(now=now)
    a_count(customer.test, old + timedelta(seconds=11), "accepted", 3, lane=2)
    assert fold_outcomes(now=now) == 1
    [(second, count)] = OutcomeCount.objects.for_environment(customer.test).values_list("second", "count")
    assert (second, count) == (old, 8)


def test_a_quarantined_report_shows_reason_device_and_what_was_sent(api, customer):
    device = a_device(customer.test)
    a_set_aside(customer.test, yesterday(8), device=device, recorded_at=yesterday(7))
    [report] = api.json("quarantine")["data"]
    assert report == {
        "id": report["id"],
        "outcome": "quarantined",
        "reason": "bad_latitude",
        "detail": "latitude must lie within -90 and 90, not 123.4",
        "device": {"id": device.public_id, "external_id": "van-1"},
        "payload": {"latitude": 123.4},
        "recorded_at": iso(yesterday(7)),
        "received_at": iso(yesterday(8)),
        "request_id": f"req_{REQUEST.hex}",
    }
    assert len(report["id"]) == len("rep_") + 2 * (16 + 8)
    assert report["id"].startswith("rep_")
    assert api.json("quarantine")["data"][0]["id"] == report["id"]


@pytest.mark.parametrize(
    ("payload", "shown"),
    [
        ("17", 17),
        ('"text"', "text"),
        ("null", None),
        ('{"a":"\\u0000\\ud83d\\ude00"}', {"a": "\x00😀"}),
        ('{"latitude": 1, "cut', '{"latitude": 1, "cut'),
        ("", ""),
        ("NaN", "NaN"),
        ('{"a":1} x', '{"a":1} x'),
        ('{"a":1e999}', '{"a":1e999}'),
    ],
)
def test_a_payload_is_json_where_it_still_is_and_a_text_where_not(api, customer, payload, shown):
    a_set_aside(customer.test, yesterday(8), payload=payload)
    [report] = api.json("quarantine")["data"]
    if payload == '{"a":1e999}':  # a number that only some readers take: either form, never a failure
        assert report["payload"] in (shown, {"a": float("inf")})
    else:
        assert report["payload"] == shown


def test_a_deeply_nested_payload_is_shown_as_a_text(api, customer):
    a_set_aside(customer.test, yesterday(8), payload="[" * 900 + "]" * 900)
    [report] = api.json("quarantine")["data"]
    assert report["payload"] == "[" * 900 + "]" * 900


def test_a_device_that_never_registered_has_only_its_owners_id(api, customer):
    a_set_aside(customer.test, yesterday(8), external_id="ghost")
    assert api.json("quarantine")["data"][0]["device"] == {"id": None, "external_id": "ghost"}


def test_filters_narrow_the_list(api, customer):
    device = a_device(customer.test)
    a_set_aside(customer.test, yesterday(8), device=device, reason="bad_latitude")
    a_set_aside(customer.test, yesterday(9), external_id="a/b", reason="bad_longitude")
    a_set_aside(customer.test, yesterday(10), outcome="filtered", reason="teleport")

    def found(**query):
        return [r["reason"] for r in api.json("quarantine", **query)["data"]]

    assert found() == ["bad_longitude", "bad_latitude"]
    assert found(outcome="filtered") == ["teleport"]
    assert found(reason="bad_latitude") == ["bad_latitude"]
    assert found(reason="unheard_of") == []
    assert found(device=device.public_id) == ["bad_latitude"]
    assert found(device="external:a/b") == ["bad_longitude"]
    assert found(device="dev_" + "0" * 32) == []
    assert found(from_=iso(yesterday(9))) == ["bad_longitude"]
    assert found(to=iso(yesterday(9))) == ["bad_latitude"]


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ({"outcome": "accepted"}, "outcome"),
        ({"device": "van-1"}, "device"),
        ({"device": "external:"}, "device"),
        ({"from_": "x"}, "from"),
        ({"from_": "2026-05-02", "to": "2026-05-01"}, "from"),
        ({"limit": "2000"}, "limit"),
        ({"cursor": "x"}, "cursor"),
        ({"reason": "x" * 41}, "reason"),
    ],
)
def test_a_wrong_parameter_is_refused_by_name(api, query, param):
    problem(api.get("quarantine", **query), 400, "invalid_parameter", param)


def test_pages_follow_each_other_newest_first(api, customer):
    for minute in range(5):
        a_set_aside(customer.test, yesterday(8, minute), external_id=str(minute))
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = api.json("quarantine", limit=2, **({"cursor": cursor} if cursor else {}))
        seen += [r["device"]["external_id"] for r in page["data"]]
        cursor = page["next_cursor"]
    assert seen == ["4", "3", "2", "1", "0"]


def test_a_rival_sees_none_of_it(rival_api, customer):
    a_set_aside(customer.test, yesterday(8), device=a_device(customer.test))
    assert rival_api.json("quarantine")["data"] == []
    assert rival_api.json("quarantine", device="external:van-1")["data"] == []


def test_a_list_costs_the_same_queries_however_long(api, customer, django_assert_num_queries):
    api.json("quarantine")
    device = a_device(customer.test)
    for minute in range(20):
        a_set_aside(customer.test, yesterday(8, minute), device=device)
    with django_assert_num_queries(5):  # savepoint, scope, key, reports with their devices, release
        assert len(json.loads(api.get("quarantine").content)["data"]) == 20


def test_reports_are_forgotten_after_a_week_batch_by_batch(customer, rival):
    now = datetime.now(UTC)
    for days in (8, 9, 10, 6):
        a_set_aside(customer.test, now - timedelta(days=days))
    a_set_aside(rival.test, now - timedelta(days=8))
    assert forget_set_aside(now=now, at_once=2) == 4
    assert SetAsideReport.objects.for_environment(customer.test).count() == 1
    assert forget_set_aside(now=now, at_once=2) == 0
