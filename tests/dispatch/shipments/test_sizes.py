"""A parcel's size in words, however large."""

import pytest

from dispatch.shipments.console.timeline import size_words


@pytest.mark.parametrize(
    ("size", "words"),
    [
        ({"parcels": 1, "kg": 2.5}, "1 parcel, 2.5 kg"),
        ({"kg": 0.125, "parcels": 1_000_000}, "1,000,000 parcels, 0.125 kg"),
        ({"parcels": 20, "litres": 1e12}, "20 parcels, 1,000,000,000,000 litres"),
        ({}, ""),
    ],
)
def test_a_size_is_written_out_and_never_with_an_exponent(size, words):
    assert size_words(size) == words
