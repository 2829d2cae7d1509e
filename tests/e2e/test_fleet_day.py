"""A fleet's whole day through HTTP, counted from outside to the unit; then sent again, which changes nothing."""

import re
from collections import Counter
from datetime import UTC, datetime

import pytest

from tests.e2e.fleet_days import MADE_UP, TRACES, Day, moved_day
from tests.e2e.product import Customer, manage, new_customer
from tests.e2e.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
needs_traces = pytest.mark.skipif(not TRACES.is_dir(), reason="the recordings are not beside this checkout")
SAME_PLACE_DEG = 1e-6
PHONE_DAY = "2024-06-10"
ALONE = {"too_old", "clock_ahead", "clock_behind", "poor_accuracy"}


def replay(stack, customer: Customer, day: Day) -> dict:
    """Send the day by the product's own command; the outcomes once every fix has ended."""
    since = datetime.now(UTC)
    keys = ("--key", customer.publishable_key, "--secret-key", customer.secret_key)
    said = manage(stack, "replay", str(day.path), "--own-times", "--base-url", customer.base_url, *keys)
    until(lambda: customer.outcomes(since)["received"] >= day.count, timeout_s=120, says="every fix ended")
    counts = customer.outcomes(since)
    rows = dict(re.findall(r"^(.+?)  +([\d,]+) *$", said, re.MULTILINE))
    assert rows["accepted"].replace(",", "") == str(counts["accepted"]), said
    assert counts["received"] == day.count, "not one fix more or less than was sent"
    return counts


def stored(customer: Customer, day: Day) -> dict[str, dict[datetime, tuple[float, float]]]:
    """What the API gives back, by vehicle and time; a time that came twice fails."""
    found = {}
    for vehicle in day.rows:
        features = customer.positions(vehicle, *day.span)
        times = [datetime.fromisoformat(feature["properties"]["recorded_at"]) for feature in features]
        assert len(times) == len(set(times)), f"{vehicle} holds a fix twice"
        found[vehicle] = {
            at: tuple(feature["geometry"]["coordinates"][:2])
            for at, feature in zip(times, features, strict=True)
        }
    return found


def check_places(customer: Customer, day: Day, kept: dict) -> int:
    """Every stored fix is one that was sent, where it was sent; the markers stand at the last. Counts stored ones."""
    devices = customer.devices()
    for vehicle, own in kept.items():
        sent = day.plausible(vehicle)
        assert own.keys() <= sent.keys(), f"{vehicle}: something was stored that was never sent"
        for at, (longitude, latitude) in own.items():
            assert longitude == pytest.approx(sent[at].longitude, abs=SAME_PLACE_DEG)
            assert latitude == pytest.approx(sent[at].latitude, abs=SAME_PLACE_DEG)
        latest = devices[vehicle]["latest_position"]
        last = max(own)
        assert datetime.fromisoformat(latest["recorded_at"]) == last, (
            f"the marker of {vehicle} is not at its last"
        )
        assert (latest["longitude"], latest["latitude"]) == pytest.approx(own[last], abs=SAME_PLACE_DEG)
    return sum(map(len, kept.values()))


def check_day(stack, customer: Customer, day: Day, *, at_least: float) -> dict:
    """The whole promise on one day; `at_least` is the share of plausible fixes that must have been kept."""
    counts = replay(stack, customer, day)
    kept = stored(customer, day)
    assert check_places(customer, day, kept) == counts["accepted"]
    plausible = sum(len(day.plausible(vehicle)) for vehicle in day.rows)
    assert counts["accepted"] >= at_least * plausible
    if counts["accepted"] < plausible:
        assert sum(counts["filtered"].values()) >= plausible - counts["accepted"], (
            "one is gone without a reason"
        )
    again = replay(stack, customer, day)
    assert again["accepted"] == 0, "a second replay adds nothing"
    # what is wrong by itself is so each time; of what its neighbours made unbelievable a repeat is a duplicate
    alone = {reason: count for reason, count in counts["filtered"].items() if reason in ALONE}
    assert again["filtered"] == alone, "what was not believed once is not believed the second time"
    assert stored(customer, day) == kept
    return counts


def test_a_made_up_fleet_day_ends_as_it_was_made_to(stack, tmp_path):
    customer = new_customer(stack, "made-up-day")
    day = moved_day(MADE_UP, tmp_path / "day.csv.gz")
    counts = check_day(stack, customer, day, at_least=0.99)
    expected = Counter(seen.expect for rows in day.rows.values() for seen in rows)
    accepted, duplicate = expected.pop("accepted"), expected.pop("duplicate")
    assert (counts["accepted"], counts["duplicate"]) == (accepted, duplicate)
    assert Counter(counts["filtered"]) == expected
    assert counts["quarantined"] == {}
    for vehicle, rows in day.rows.items():
        true = {seen.at for seen in rows if seen.expect == "accepted"}
        assert {*stored(customer, Day(day.path, {vehicle: rows}))[vehicle]} == true


@needs_traces
def test_a_real_bus_day_of_329_vehicles(stack, tmp_path):
    customer = new_customer(stack, "bus-day")
    day = moved_day(TRACES / "capmetro_fleet_2017-03-21.csv.gz", tmp_path / "buses.csv.gz")
    assert (day.count, len(day.rows)) == (45_386, 329)
    counts = check_day(stack, customer, day, at_least=0.985)
    assert counts["filtered"]["zero_island"] == 3


@needs_traces
def test_a_real_phone_day_at_one_fix_a_second(stack, tmp_path):
    customer = new_customer(stack, "phone-day")
    day = moved_day(TRACES / "ssi_nl_phones.csv.gz", tmp_path / "phone.csv.gz", only={"ts": PHONE_DAY})
    assert day.count > 20_000
    counts = check_day(stack, customer, day, at_least=0.99)
    repeats = day.count - sum(len({seen.at for seen in rows}) for rows in day.rows.values())
    assert counts["duplicate"] >= repeats
