"""Addresses and the places of a gazetteer: what is meant, and how sure that is."""

import csv
import gzip
from collections import defaultdict
from pathlib import Path

import pytest

from dispatch.intake.geocoding.answers import Wanted
from dispatch.intake.geocoding.folding import fold, fold_postcode, postcodes_in, words_of
from dispatch.intake.geocoding.matching import KnownPlace, best, question_of

ORDERS = Path(__file__).resolve().parents[5] / "shared/data/orders"


def a_place(
    name: str, postcode: str = "", town: str = "", precision: str = "locality", at=(77.6, 13.0)
) -> KnownPlace:
    longitude, latitude = at
    return KnownPlace(
        name, tuple(words_of(name)), postcode, tuple(words_of(town)), longitude, latitude, precision
    )


OFFICE = a_place("Doddagubbi B.O", "560077", "Bengaluru")


@pytest.mark.parametrize(
    ("address", "least", "most"),
    [
        ("Doddagubbi, 560077", 0.9, 1.0),
        ("Doddagubbi 560 077", 0.9, 1.0),
        ("Dodagubbi, Bengaluru 560077", 0.6, 0.95),  # misspelt
        ("12 Tilak Road, Doddagubbi, 560077", 0.4, 0.6),  # the house is unknown, the locality is known
        ("Flat 4, MG Road, 560077", 0.05, 0.3),  # nothing but the postcode
    ],
)
def test_confidence_says_how_much_of_the_address_is_explained(address, least, most):
    answer = best(question_of(Wanted(address)), [OFFICE])
    assert answer is not None
    assert least <= answer.confidence <= most


def test_another_postcode_is_another_place():
    assert best(question_of(Wanted("Doddagubbi, 560099")), [OFFICE]) is None


def test_a_house_is_found_only_by_its_own_number():
    house = a_place("1745 T Street Southeast", "20020", "Washington", "address")
    found = best(question_of(Wanted("1745 T St SE, Washington DC 20020")), [house])
    assert found is not None
    assert found.confidence > 0.9
    other = best(question_of(Wanted("1747 T St SE, Washington DC 20020")), [house])
    assert other is not None
    assert other.confidence < 0.4


def test_two_places_of_one_name_halve_the_confidence_unless_they_are_neighbours():
    near, far = a_place("Shivaji Nagar", at=(73.85, 18.53)), a_place("Shivaji Nagar", at=(77.6, 12.98))
    question = question_of(Wanted("Shivaji Nagar", near=(73.85, 18.52)))
    both, one = best(question, [far, near]), best(question, [near])
    assert both is not None
    assert one is not None
    assert both.confidence == pytest.approx(one.confidence / 2, abs=0.001)
    assert both.longitude == 73.85  # the one near the hub


def test_addresses_are_compared_without_case_accents_abbreviations_and_foreign_digits():
    assert fold("12, M.G. Rd., São João") == "12 mg road sao joao"
    assert fold("१२ टिळक रोड") == "12 टिळक रोड"
    assert postcodes_in("Flat 560001, Pune 411 030") == ["411030", "560001"]
    assert fold_postcode("20020-1234") == "20020"


def matched(name: str, address, place) -> tuple[int, int]:
    """How many of a real list's own addresses are found at their own place, and how many there are."""
    with gzip.open(ORDERS / f"{name}.csv.gz", "rt") as lines:
        rows = [row for row in csv.DictReader(lines) if row["lat"]]
    places = [place(row, (float(row["lon"]), float(row["lat"]))) for row in rows]
    by_code = defaultdict(list)
    for one in places:
        by_code[one.postcode].append(one)
    found = 0
    for row, one in zip(rows, places, strict=True):
        question = question_of(Wanted(address(row)))
        answer = best(question, [other for code in question.postcodes for other in by_code[code]])
        found += answer is not None and answer.confidence >= 0.6 and answer.latitude == one.latitude
    return found, len(rows)


@pytest.mark.skipif(not ORDERS.is_dir(), reason="the real addresses are not here")
def test_real_addresses_are_found_at_their_own_place():
    offices = matched(
        "in_post_offices",
        lambda row: f"{row['office']}, {row['district']}, {row['state']} {row['pincode']}",
        lambda row, at: a_place(row["office"], row["pincode"], row["district"], at=at),
    )
    houses = matched(
        "us_addresses",
        lambda row: f"{row['address1']}, {row['city']}, {row['state']} {row['postcode']}",
        lambda row, at: a_place(row["address1"], row["postcode"], row["city"], "address", at),
    )
    assert offices[0] >= 0.99 * offices[1]
    assert houses[0] >= 0.99 * houses[1]
