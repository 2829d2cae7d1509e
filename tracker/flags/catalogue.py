"""Every feature that can be switched on and off, and how it is where nobody did."""

from typing import NamedTuple


class Feature(NamedTuple):
    """A feature of the product."""

    code: str
    what: str
    on: bool  # where no flag says otherwise


FEATURES = {
    feature.code: feature
    for feature in (
        Feature(
            "simulated_cities", "New test environments can have a city in which made-up vehicles drive.", True
        ),
    )
}
