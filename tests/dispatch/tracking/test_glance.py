"""What a customer may see: little, true, and nothing once it is over."""

from dataclasses import asdict
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dispatch.tracking.glance import Rules, Seen, glance, rounded
from dispatch.tracking.offers import LEAD, offered

NOW = datetime(2026, 5, 4, 8, 2, 30, tzinfo=UTC)
RULES = Rules("Kiran Stores", "en", 3, True, True, timedelta(days=1), False)
OUT = Seen(
    shipment_id=1, reference="MP-1001", state="out_for_delivery", slots=[], note="", language="", attempts=0,
    failed_reason="", cash_minor=0, currency="", not_before=None, changed_at=NOW, delivered_at=None, ended_at=None,
    timezone="Asia/Kolkata", manifest_state="in_progress", stop_state="planned",
    slot_from=NOW, slot_to=NOW + timedelta(hours=2), planned_arrival=NOW + timedelta(minutes=50),
    eta_at=NOW + timedelta(minutes=41), eta_latest_at=NOW + timedelta(minutes=63), longitude=73.9, latitude=18.5,
    stops_before=2, driver_recorded_at=NOW - timedelta(seconds=20), driver_longitude=73.8, driver_latitude=18.4,
    driver_heading_deg=90.0,
)  # fmt: skip


def see(rules: Rules = RULES, now: datetime = NOW, **changes):
    return glance(OUT._replace(**changes), rules, now=now)


def test_the_driver_is_shown_only_when_few_stops_are_left():
    assert see(stops_before=3).place["longitude"] == 73.8
    far = see(stops_before=4)
    assert (far.place, far.destination, far.stops_before) == (None, None, None)


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "delivered", "stop_state": "delivered"},
        {"state": "assigned"},
        {"state": "failed", "stop_state": "failed"},
        {"stops_before": None},  # the driver has not set out
        {"stop_state": "delivered"},  # told of by the stop before the shipment
        {"state": "cancelled"},
    ],
)
def test_before_and_after_the_way_to_them_no_place_is_shown(changes):
    assert see(**changes).place is None


def test_a_driver_who_never_reported_has_no_place_and_is_called_silent():
    found = see(driver_recorded_at=None, driver_longitude=None)
    assert (found.place, found.silent) == (None, True)
    assert see(driver_recorded_at=NOW - timedelta(minutes=16)).silent


def test_times_are_told_in_whole_five_minutes_wide_enough_for_both_ends():
    begin, end = see().eta
    assert begin == datetime(2026, 5, 4, 8, 40, tzinfo=UTC)
    assert end == datetime(2026, 5, 4, 9, 10, tzinfo=UTC)
    assert rounded(begin, up=True) == begin == rounded(begin, up=False)


def test_without_an_estimate_the_plan_stands_in_with_a_wide_band():
    begin, end = see(eta_at=None, eta_latest_at=None).eta
    assert begin <= OUT.planned_arrival
    assert end - begin >= timedelta(minutes=30)


def test_a_page_ends_some_time_after_the_delivery():
    ended: dict[str, Any] = {
        "state": "delivered",
        "delivered_at": NOW,
        "ended_at": NOW,
        "stop_state": "delivered",
    }
    assert see(now=NOW + timedelta(hours=23), **ended).delivered_at == NOW
    assert see(now=NOW + timedelta(hours=24), **ended) is None


def test_no_address_no_number_and_no_name_is_in_it():
    assert set(asdict(see())) & {"address", "phone", "recipient", "email", "driver"} == set()


@pytest.mark.parametrize(
    ("state", "move", "note"),
    [("created", True, True), ("ready", True, True), ("assigned", False, True), ("out_for_delivery", False, True),
     ("failed", True, True), ("delivered", False, False), ("returning", False, False), ("cancelled", False, False)],
)  # fmt: skip
def test_what_may_be_done_depends_on_the_state_and_on_the_sender(state, move, note):
    found = see(state=state)
    assert (found.may_move, found.may_note) == (move, note)
    strict = see(RULES._replace(reschedule=False, note=False), state=state)
    assert (strict.may_move, strict.may_note) == (False, False)


def test_the_code_is_shown_on_the_way_alone():
    rules = RULES._replace(code=True)
    assert see(rules).shows_code
    assert not see(rules, state="ready").shows_code
    assert not see().shows_code


HOURS = [(time(9), time(12)), (time(18), time(21)), (time(22), time(1))]


def test_slots_are_offered_from_two_hours_on_for_three_days():
    slots = offered(HOURS, ZoneInfo("Asia/Kolkata"), now=NOW)
    assert slots[0][0] == datetime(2026, 5, 4, 12, 30, tzinfo=UTC)  # 18:00 in Pune; 09:00 is over
    assert all(begin >= NOW + LEAD and begin < end for begin, end in slots)
    assert slots[1] == (datetime(2026, 5, 4, 16, 30, tzinfo=UTC), datetime(2026, 5, 4, 19, 30, tzinfo=UTC))
    assert len(slots) == 2 + 3 * 3


def test_an_hour_that_does_not_exist_is_moved_to_one_that_does():
    berlin = ZoneInfo("Europe/Berlin")
    slots = offered([(time(2, 30), time(4))], berlin, now=datetime(2026, 3, 28, 12, tzinfo=UTC))
    assert slots[0] == (datetime(2026, 3, 29, 1, 30, tzinfo=UTC), datetime(2026, 3, 29, 2, 0, tzinfo=UTC))
