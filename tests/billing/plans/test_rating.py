"""Lines of an invoice: what each scheme comes to, how it is explained, and what holds for any prices."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.plans.rating import Part, Price, Tier, half_up, in_proportion, money, rate, rate_parts, shown

FIXES = "fixes_accepted"


def price(scheme: str = "per_unit", **more) -> Price:
    return Price(**{"meter": FIXES, "scheme": scheme, "currency": "EUR", "unit_name": "fixes", **more})


def only(one: Price, quantity: int):
    (line,) = rate([one], {FIXES: quantity})
    return line


def test_a_line_says_what_is_free_and_what_the_rest_costs():
    line = only(price(free_quantity=100_000, unit_minor=Decimal("0.2")), 312_000)
    assert line.text == "312,000 fixes: 100,000 free, 212,000 at 0.002 EUR each"
    assert line.amount_minor == 42_400


TIERS = (Tier(1_000, Decimal(3)), Tier(5_000, Decimal(2)), Tier(None, Decimal(1)))


@pytest.mark.parametrize(
    ("quantity", "amount"),
    [(1, 3), (1_000, 3_000), (1_001, 3_002), (5_000, 11_000), (5_001, 11_001), (9_000, 15_000)],
)
def test_graduated_units_cost_what_their_own_tier_says(quantity, amount):
    assert only(price("graduated", tiers=TIERS), quantity).amount_minor == amount


@pytest.mark.parametrize(
    ("quantity", "amount"), [(1, 3), (1_000, 3_000), (1_001, 2_002), (5_000, 10_000), (5_001, 5_001)]
)
def test_volume_prices_all_units_by_the_tier_that_the_total_reaches(quantity, amount):
    assert only(price("volume", tiers=TIERS), quantity).amount_minor == amount


def test_tiers_begin_behind_the_free_units():
    line = only(price("graduated", free_quantity=500, tiers=TIERS), 1_600)
    assert line.text == "1,600 fixes: 500 free, 1,000 at 0.03 EUR each, 100 at 0.02 EUR each"
    assert line.amount_minor == 3_200


def test_a_price_per_thousand_is_not_rounded_up_to_thousands():
    line = only(price(unit_size=1_000, unit_minor=Decimal(50), unit_name="thousand fixes"), 1_500)
    assert (line.text, line.amount_minor) == ("1.5 thousand fixes: 1.5 at 0.5 EUR each", 75)


def test_a_flat_price_of_a_meter_asks_once_it_is_used():
    flat = price("flat", flat_minor=500)
    assert rate([flat], {FIXES: 0}) == []
    assert only(flat, 7).amount_minor == only(flat, 7_000).amount_minor == 500


def test_zero_use_is_no_line_on_a_plan_without_a_fee():
    assert rate([price(unit_minor=Decimal(1)), price("volume", tiers=TIERS)], {}) == []


def test_zero_use_is_the_fee_alone_on_a_plan_that_has_one():
    fee = Price("", "flat", "EUR", "Growth plan", flat_minor=19_900)
    (line,) = rate([fee, price(unit_minor=Decimal(1))], {})
    assert (line.text, line.amount_minor) == ("Growth plan: 199.00 EUR", 19_900)


def test_a_half_is_rounded_up_once_a_line():
    assert only(price(unit_minor=Decimal("0.5")), 1).amount_minor == 1
    assert only(price(unit_minor=Decimal("0.4999999999")), 1).amount_minor == 0
    assert half_up(Fraction(-1, 2)) == -1


def test_a_part_of_a_month_has_its_part_of_what_is_counted_by_the_month():
    third = in_proportion(price("graduated", free_quantity=100, tiers=TIERS), Fraction(1, 3))
    assert third.free_quantity == 34
    assert [tier.up_to for tier in third.tiers] == [334, 1_667, None]
    fee = in_proportion(Price("", "flat", "EUR", "Growth plan", flat_minor=100), Fraction(1, 3))
    assert (fee.flat_minor, fee.unit_name) == (33, "Growth plan, 33.3 % of the month")


def test_each_part_is_rated_with_its_own_plan_and_no_unit_twice():
    cheap, dear = price(unit_minor=Decimal(1)), price(unit_minor=Decimal(5))
    lines = rate_parts(
        [
            Part((cheap,), {FIXES: 10}, Fraction(1, 4), "1 to 8"),
            Part((dear,), {FIXES: 20}, Fraction(3, 4), "8 on"),
        ]
    )
    assert [(line.period, line.quantity, line.amount_minor) for line in lines] == [
        ("1 to 8", 10, 10),
        ("8 on", 20, 100),
    ]


def test_amounts_and_quantities_are_written_for_people():
    assert money(123_450, "EUR") == "1,234.50 EUR"
    assert (money(-5, "USD"), money(1_234, "JPY"), money(1_234, "KWD")) == (
        "-0.05 USD",
        "1,234 JPY",
        "1.234 KWD",
    )
    assert (shown(4, 10_000), shown(0, 10), shown(1_234_567, 1_000)) == (
        "less than 0.001",
        "0",
        "1,234.567",
    )


AMOUNTS = st.decimals(min_value=0, max_value=1_000, places=6)
QUANTITIES = st.integers(0, 10**9)
SHARES = st.fractions(min_value=Fraction(1, 744), max_value=1, max_denominator=744)


@st.composite
def prices(draw) -> Price:
    scheme = draw(st.sampled_from(["per_unit", "graduated", "volume", "flat"]))
    more: dict = {
        "free_quantity": draw(st.integers(0, 10**6)),
        "unit_size": draw(st.sampled_from([1, 1_000])),
    }
    if scheme == "per_unit":
        more["unit_minor"] = draw(AMOUNTS)
    elif scheme == "flat":
        more["flat_minor"] = draw(st.integers(0, 10**6))
    else:
        bounds = sorted(draw(st.sets(st.integers(1, 10**7), max_size=4)))
        more["tiers"] = tuple(Tier(bound, draw(AMOUNTS)) for bound in [*bounds, None])
    return price(scheme, **more)


@given(prices(), QUANTITIES, st.integers(0, 10**6))
def test_more_use_never_costs_less_where_no_volume_tier_is_cheaper(one, quantity, more):
    if one.scheme == "volume":
        falls = any(b.unit_minor < a.unit_minor for a, b in zip(one.tiers, one.tiers[1:], strict=False))
        if falls:
            return
    amounts = [
        sum(line.amount_minor for line in rate([one], {FIXES: q})) for q in (quantity, quantity + more)
    ]
    assert amounts[0] <= amounts[1]


@given(prices(), QUANTITIES)
def test_the_steps_of_a_line_are_all_its_units_and_all_its_money(one, quantity):
    for line in rate([one], {FIXES: quantity}):
        assert abs(line.amount_minor - line.exact_minor) <= Fraction(1, 2)
        if one.scheme != "flat":
            free = min(quantity, one.free_quantity)
            assert free + sum(step.quantity for step in line.steps) == line.quantity == quantity
            exact = sum(Fraction(s.unit_minor) * s.quantity for s in line.steps) / one.unit_size
            assert exact == line.exact_minor


@given(AMOUNTS, st.lists(QUANTITIES, min_size=1, max_size=5), st.data())
def test_cutting_a_month_with_one_linear_price_changes_nothing_but_the_rounding(unit, uses, data):
    one = price(unit_minor=unit)
    shares = [data.draw(SHARES) for _ in uses]
    cut = rate_parts([Part((one,), {FIXES: use}, share) for use, share in zip(uses, shares, strict=True)])
    whole = rate([one], {FIXES: sum(uses)})
    assert sum(line.exact_minor for line in cut) == sum(line.exact_minor for line in whole)
    assert sum(line.quantity for line in cut) == sum(uses)
    difference = sum(line.amount_minor for line in cut) - sum(line.amount_minor for line in whole)
    assert abs(difference) <= Fraction(len(uses) + 1, 2)


@given(prices(), st.lists(SHARES, min_size=1, max_size=4))
def test_what_is_free_in_the_parts_is_never_less_than_what_is_free_in_the_month(one, shares):
    scaled = [in_proportion(one, share / sum(shares)) for share in shares]
    free = sum(part.free_quantity for part in scaled)
    assert one.free_quantity <= free < one.free_quantity + len(shares)


@given(prices())
def test_nothing_used_costs_nothing(one):
    assert rate([one], {FIXES: 0}) == [] == rate([one], {})
