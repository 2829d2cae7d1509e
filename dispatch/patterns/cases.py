"""One planned stop as the search for patterns sees it: where, when, by whom, whether a person changed that. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Case:
    """A stop as it was planned before anybody touched it.

    Attributes
    ----------
    day
        Ordinal of its service date. Cases of one day count together, see `finder`.
    hour
        Of the planned arrival in the hub's local time, 0 to 23.
    overridden
        Whether a person gave it to another driver or another time; `to_...` say to which.
    override
        Public id of that override; empty where nobody touched it.
    """

    day: int
    longitude: float
    latitude: float
    hour: int
    vehicle_type: str
    driver: str
    overridden: bool = False
    to_hour: int | None = None
    to_vehicle_type: str = ""
    to_driver: str = ""
    shipment: str = ""
    override: str = ""
