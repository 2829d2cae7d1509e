"""Plans with gaps, overlaps and nonsense amounts are refused with the place and what to do."""

from datetime import UTC, datetime

import pytest

from billing.plans.checks import (
    Span,
    faults_of_currency,
    faults_of_limits,
    faults_of_price,
    faults_of_versions,
)
from billing.plans.wording import METER_WORDS

GOOD = [
    {"meter": "fixes_accepted", "scheme": "per_unit", "unit_minor": "0.25"},
    {"meter": "", "scheme": "flat", "flat_minor": 9_900},
    {
        "meter": "active_devices",
        "scheme": "volume",
        "tiers": [{"up_to": 10, "unit_minor": "5"}, {"from": 11, "up_to": None, "unit_minor": "4"}],
    },
]


@pytest.mark.parametrize("price", GOOD, ids=lambda price: price["scheme"])
def test_a_sound_price_has_no_faults(price):
    assert faults_of_price(price, METER_WORDS) == []


def tiers(*rows: dict) -> dict:
    return {"meter": "fixes_accepted", "scheme": "graduated", "tiers": list(rows)}


TEN, OPEN = {"up_to": 10, "unit_minor": "1"}, {"up_to": None, "unit_minor": "1"}
REFUSED = [
    ({"meter": "fixes", "scheme": "per_unit", "unit_minor": "1"}, "there is no such meter"),
    ({"meter": "fixes_accepted", "scheme": "magic"}, "'magic' is not one of"),
    ({"meter": "", "scheme": "per_unit", "unit_minor": "1"}, "a fee without a meter is flat"),
    ({"meter": "fixes_accepted", "scheme": "per_unit"}, "give the price of one unit"),
    ({"meter": "fixes_accepted", "scheme": "per_unit", "unit_minor": "-1"}, "the price -1 is negative"),
    ({"meter": "fixes_accepted", "scheme": "per_unit", "unit_minor": "NaN"}, "is not a number"),
    ({"meter": "fixes_accepted", "scheme": "per_unit", "unit_minor": 0.1}, "as text with all its digits"),
    (
        {"meter": "fixes_accepted", "scheme": "per_unit", "unit_minor": "0.00000000001"},
        "more than ten digits",
    ),
    ({"meter": "fixes_accepted", "scheme": "flat", "flat_minor": -5}, "the flat amount -5 is negative"),
    ({"meter": "fixes_accepted", "scheme": "flat"}, "give the flat amount"),
    ({"meter": "fixes_accepted", "scheme": "flat", "flat_minor": 5, "unit_minor": "1"}, "leave it empty"),
    (
        {"meter": "fixes_accepted", "scheme": "per_unit", "unit_minor": "1", "free_quantity": -1},
        "is negative",
    ),
    (tiers(), "give its tiers as a list"),
    (tiers({"up_to": 10, "unit_minor": "1"}), "tier 1: the last tier ends at 10"),
    (tiers({"up_to": None, "unit_minor": "1"}, {"up_to": None, "unit_minor": "1"}), "tier 1: it has no end"),
    (
        tiers(TEN, {"from": 12, "up_to": None, "unit_minor": "1"}),
        "tier 2: it begins at 12 and the one before ends at 10: a gap; begin at 11",
    ),
    (tiers(TEN, {"from": 9, "up_to": None, "unit_minor": "1"}), "an overlap; begin at 11"),
    (tiers(TEN, TEN, OPEN), "tier 2: it ends at 10 and the one before at 10, so they overlap"),
    (tiers({"up_to": None, "unit_minor": "1", "color": "red"}), "'color' is not understood"),
    (tiers({"up_to": None, "unit_minor": "-0.5"}), "tier 1: the price -0.5 is negative"),
]


@pytest.mark.parametrize(("price", "words"), REFUSED, ids=lambda value: str(value)[:40])
def test_a_fault_names_its_place(price, words):
    faults = faults_of_price(price, METER_WORDS)
    assert any(words in fault for fault in faults), faults
    assert all(fault.startswith(("Price of ", "The plan's fee")) for fault in faults)


def day(number: int) -> datetime:
    return datetime(2026, 5, number, tzinfo=UTC)


@pytest.mark.parametrize(
    ("spans", "words"),
    [
        ([Span(day(1), day(3)), Span(day(5), None)], "Between 2026-05-03 00:00 UTC and 2026-05-05 00:00 UTC"),
        ([Span(day(5), None), Span(day(1), day(6))], "overlaps the one from 2026-05-05"),
        ([Span(day(1), None), Span(day(2), None)], "has no end and overlaps"),
        ([Span(day(3), day(2))], "ends before it begins"),
    ],
)  # fmt: skip
def test_versions_follow_on_each_other(spans, words):
    assert any(words in fault for fault in faults_of_versions(spans))


def test_versions_that_meet_are_sound():
    assert faults_of_versions([Span(day(5), None), Span(day(1), day(5))]) == []


def test_a_currency_nobody_pays_in_is_refused():
    assert faults_of_currency("EUR") == []
    assert "not known" in faults_of_currency("EURO")[0]
    assert "not known" in faults_of_currency("XXX")[0]


def test_limits_are_whole_numbers():
    assert faults_of_limits({"reports_per_second": 5}) == []
    assert "reports_per_second is 0" in faults_of_limits({"reports_per_second": 0})[0]
    assert "give an object" in faults_of_limits([])[0]
