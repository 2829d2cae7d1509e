"""Google's Geocoding API as a geocoder. Its terms let coordinates be kept for thirty days."""

from collections.abc import Sequence
from typing import Any

from dispatch.intake.geocoding.answers import Answer, NotNow, Wanted
from dispatch.intake.geocoding.asking import Asker
from dispatch.intake.geocoding.nominatim import whole

PUBLIC = "https://maps.googleapis.com/maps/api/geocode/json"
SURE = {"ROOFTOP": 0.95, "RANGE_INTERPOLATED": 0.8, "GEOMETRIC_CENTER": 0.6, "APPROXIMATE": 0.35}
PARTIAL = 0.6  # of it, where only a part of the address was understood


class Google:
    """The Geocoding API, version 3."""

    name = "google"

    def __init__(self, asker: Asker, url: str, *, per_s: float, countries: Sequence[str], key: str) -> None:
        self._asker, self._url, self._key = asker, url or PUBLIC, key
        self.pause_s = 1 / per_s
        self._countries = countries

    async def find(self, wanted: Wanted) -> Answer | None:
        """The best place; None where it knows none. Raises NotNow."""
        query = {"address": whole(wanted), "key": self._key}
        if len(self._countries) == 1:
            query["components"] = f"country:{self._countries[0]}"
        found = await self._asker.get(self._url, query)
        status = found.get("status") if isinstance(found, dict) else None
        if status == "ZERO_RESULTS":
            return None
        if status != "OK":
            raise NotNow(f"it answered {str(status)[:40]}")
        return _answer(found.get("results"))


def _answer(results: Any) -> Answer:
    try:
        first = results[0]
        at = first["geometry"]["location"]
        confidence = SURE.get(str(first["geometry"].get("location_type")), 0.2)
        place = float(at["lng"]), float(at["lat"])
        matched = str(first.get("formatted_address", ""))[:500]
        partial = bool(first.get("partial_match"))
    except (AttributeError, LookupError, TypeError, ValueError):
        raise NotNow("its answer holds a place without coordinates") from None
    return Answer(*place, round(confidence * (PARTIAL if partial else 1), 3), matched, Google.name)
