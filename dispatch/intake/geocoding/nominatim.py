"""Nominatim (OpenStreetMap) as a geocoder: one question a second at its public server, as its terms ask."""

from collections.abc import Sequence
from typing import Any

from dispatch.intake.geocoding.answers import Answer, NotNow, Wanted
from dispatch.intake.geocoding.asking import Asker
from dispatch.intake.geocoding.folding import fold_postcode
from tracker.trips.ground import distance_m

PUBLIC = "https://nominatim.openstreetmap.org"
# what its place_rank says of precision: 30 a house, 26 a street, 16 to 22 parts of towns, below it towns and more
RANKS = ((30, 0.9), (28, 0.8), (26, 0.65), (20, 0.45), (16, 0.35), (0, 0.15))
OTHER_POSTCODE, AMBIGUOUS = 0.6, 0.7
APART_M = 1_000.0


class Nominatim:
    """Nominatim's search, version 4 or later."""

    name = "nominatim"

    def __init__(
        self, asker: Asker, url: str, *, per_s: float, countries: Sequence[str], contact: str
    ) -> None:
        self._asker, self._url = asker, (url or PUBLIC).rstrip("/")
        self.pause_s = 1 / per_s
        self._countries, self._contact = countries, contact

    async def find(self, wanted: Wanted) -> Answer | None:
        """The best place; None where it knows none. Raises NotNow."""
        query = {"q": whole(wanted), "format": "jsonv2", "limit": "2", "addressdetails": "1"}
        if self._countries:
            query["countrycodes"] = ",".join(self._countries)
        if self._contact:
            query["email"] = self._contact
        found = await self._asker.get(f"{self._url}/search", query)
        if not isinstance(found, list):
            raise NotNow("its answer is no list of places")
        return _answer(found, wanted) if found else None


def whole(wanted: Wanted) -> str:
    """The address with its city and postcode, where these are not in it."""
    parts = [
        wanted.address,
        *(part for part in (wanted.city, wanted.postcode) if part and part not in wanted.address),
    ]
    return ", ".join(parts)[:500]


def _answer(found: list[Any], wanted: Wanted) -> Answer:
    try:
        places = [(float(one["lon"]), float(one["lat"])) for one in found]
        rank = int(found[0].get("place_rank", 0))
        confidence = next(sure for least, sure in RANKS if rank >= least)
        postcode = str(found[0].get("address", {}).get("postcode", ""))
        matched = str(found[0].get("display_name", ""))[:500]
    except (AttributeError, KeyError, TypeError, ValueError, StopIteration):
        raise NotNow("its answer holds a place without coordinates") from None
    if wanted.postcode and postcode and fold_postcode(postcode) != fold_postcode(wanted.postcode):
        confidence *= OTHER_POSTCODE
    if len(places) > 1 and found[1].get("place_rank") == rank and distance_m(*places[:2]) > APART_M:
        confidence *= AMBIGUOUS
    return Answer(*places[0], round(confidence, 3), matched, Nominatim.name)
