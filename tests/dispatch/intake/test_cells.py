"""Numbers, amounts and telephone numbers as people write them."""

import pytest

from dispatch.intake.cells import Wrong, amount, measure, number, plain, priority, telephone


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,25,000.00", 125_000), ("1.234,5", 1234.5), ("1 234", 1234), ("1'234.5", 1234.5), ("12,5", 12.5),
        (".5", 0.5), ("1,234", 1234), ("1.234.567", 1_234_567), ("-3", -3), ("१२.५", 12.5), ("\u22125", -5),
    ],
)  # fmt: skip
def test_numbers_are_read_by_their_separators(text, value):
    assert number(plain(text)) == value


def test_a_lone_comma_before_three_digits_is_read_as_the_file_uses_commas():
    assert (number("1,234"), number("1,234", comma=True)) == (1234, 1.234)


@pytest.mark.parametrize("text", ["", "five", "1-2", "1e999", "nan", "inf", "0x10", "--1", "1 2 3x", "#REF!"])
def test_what_is_no_number_is_refused(text):
    with pytest.raises(Wrong):
        number(text)


@pytest.mark.parametrize(
    ("text", "currency", "made"),
    [
        ("₹ 1,250.00", "", (125_000, "INR")), ("Rs. 500/-", "", (50_000, "INR")), ("12,50 €", "", (1250, "EUR")),
        ("450", "INR", (45_000, "INR")), ("USD 3.5", "", (350, "USD")), ("1000", "JPY", (1000, "JPY")),
        ("1.234", "KWD", (1234, "KWD")), ("0", "", (0, "")), ("रु ४५०", "", (45_000, "INR")),
    ],
)  # fmt: skip
def test_amounts_become_minor_units_of_their_currency(text, currency, made):
    assert amount(plain(text), currency) == made


@pytest.mark.parametrize(
    ("text", "currency", "why"),
    [
        ("450", "", "no currency"),
        ("€ 5", "INR", "currency of the row"),
        ("1.005", "INR", "more places"),
        ("-5", "INR", "below"),
        ("about 5", "INR", "no currency we know|no amount"),
    ],
)
def test_an_amount_that_cannot_be_collected_says_why(text, currency, why):
    with pytest.raises(Wrong, match=why):
        amount(text, currency)


def test_weights_and_volumes_come_with_their_units():
    assert measure("800 g", "kg", 100) == 0.8
    assert measure("2,5 kg", "kg", 100) == 2.5
    assert measure("0.2 m3", "litres", 1e4) == 200
    with pytest.raises(Wrong, match="stone"):
        measure("3 stone", "kg", 100)


def test_a_number_a_spreadsheet_rounded_is_no_telephone_number():
    assert telephone("+91 98220-12345") == "+91 98220-12345"
    with pytest.raises(Wrong, match="rounded"):
        telephone("9.19822E+11")
    with pytest.raises(Wrong, match="no telephone"):
        telephone("=cmd|' /C calc'!A0")


def test_a_priority_may_be_a_word():
    assert [priority(text) for text in ("urgent", "Hoch", "-3")] == [10, 5, -3]


def test_a_cell_is_cleared_of_what_nobody_sees_and_keeps_the_joiners_of_its_script():
    assert plain("  a\x00b\u202e c\u00a0d \n") == "a b c d"
    assert plain("क्\u200dष") == "क्\u200dष"
