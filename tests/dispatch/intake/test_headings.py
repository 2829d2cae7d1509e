"""Headings are known in several spellings and languages; of two that mean the same the more telling one is taken."""

import pytest

from dispatch.intake.faults import Unreadable, cell_name
from dispatch.intake.headings import find_heading, name_of, recognise


@pytest.mark.parametrize(
    ("heading", "name"),
    [
        ("Order No.", "external_id"),
        ("AWB", "external_id"),
        ("Sendungs-Nr.", "external_id"),
        ("ऑर्डर क्रमांक", "external_id"),
        ("ग्राहक का नाम", "recipient"),
        ("पत्ता", "address"),
        ("Straße", "address"),
        ("PIN Code", "postcode"),
        ("Latitude*", "latitude"),
        ("Längengrad", "longitude"),
        ("Weight (kg)", "kg"),
        ("delivery_time_window", "slot"),
        ("रोख रक्कम", "cash"),
        ("कुछ और", ""),
    ],
)
def test_a_heading_is_known_however_it_is_spelt(heading, name):
    assert name_of(heading)[0] == name


def test_of_two_columns_for_the_same_the_more_telling_is_taken_and_the_other_kept():
    found = recognise(["Tracking No", "Order ID", "Address"])
    assert found.at["external_id"] == 1
    assert dict(found.unknown) == {"Tracking No": 0}
    assert dict(found.beside) == {"Tracking No": "external_id"}


def test_the_same_heading_twice_is_refused_with_both_columns():
    with pytest.raises(Unreadable, match=r"\(A\).*\(C\)"):
        recognise(["Address", "Name", "address"])


def test_titles_above_the_heading_are_passed_over():
    found, above = find_heading(
        [(1, ["Orders of Monday", ""]), (3, ["Order", "Address"]), (4, ["1", "Tilak Road"])]
    )
    assert (found.number, above) == (3, 2)


def test_a_file_without_a_column_for_the_place_is_refused():
    with pytest.raises(Unreadable, match="where to"):
        recognise(["Order", "Name", "Slot"])


def test_a_person_may_say_which_column_is_which_and_leave_one_alone():
    found = recognise(["x1", "x2", "Address"], mapped={"x1": "external_id", "x2": "cash", "Address": "note", "zz": "kg"}
                      | {"Address": "address"})  # fmt: skip
    assert found.at == {"external_id": 0, "cash": 1, "address": 2}


def test_units_of_the_customers_own_are_sizes():
    assert dict(recognise(["Address", "size:pallets"]).sizes) == {"pallets": 1}


def test_cells_are_named_as_spreadsheets_name_them():
    assert [cell_name(at, 17) for at in (0, 5, 25, 26, 701, 702)] == [
        "A17",
        "F17",
        "Z17",
        "AA17",
        "ZZ17",
        "AAA17",
    ]
