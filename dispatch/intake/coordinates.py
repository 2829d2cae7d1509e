"""Latitude and longitude from cells, and whether a parcel can be meant to go there. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dispatch.intake.cells import Wrong, number
from dispatch.intake.land import is_land
from tracker.trips.ground import Place, distance_m

FAR_M = 300_000.0  # from every hub: no van goes there and back in a day
NEAR_M = 200_000.0  # where the swapped place is so near to a hub, and the given one far, it was swapped
_DEGREES = re.compile(
    r"^([NSEWO]?)\s*([+-]?\d{1,3})\s*[°º]\s*(?:(\d{1,2}(?:[.,]\d+)?)\s*['′’]\s*(?:(\d{1,2}(?:[.,]\d+)?)\s*(?:\"|″|”|'')\s*)?)?"
    r"([NSEWO]?)$",
    re.IGNORECASE,
)
_LETTER = re.compile(r"^([NSEW])?\s*([+-]?[\d.,]+)\s*°?\s*([NSEW])?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Spot:
    """A place, and why a person should look at it first (empty: no reason)."""

    longitude: float
    latitude: float
    doubt: str = ""


def degrees(text: str, axis: str) -> float:
    """A latitude or longitude: `18.52`, `18,52`, `18.52° N`, `18°31'12"N`. Raises Wrong. No bounds are judged."""
    text = text.replace("\u2212", "-").strip()
    if match := _DEGREES.match(text):
        parts = [float((part or "0").replace(",", ".")) for part in (match[2], match[3], match[4])]
        value = abs(parts[0]) + parts[1] / 60 + parts[2] / 3600
        return _signed(-value if match[2].startswith("-") else value, match[1] or match[5], axis)
    if match := _LETTER.match(text):
        return _signed(number(match[2], comma=True), match[1] or match[3] or "", axis)
    return number(text, comma=True)


def pair(text: str) -> tuple[float, float]:
    """(latitude, longitude) of one cell: `18.52, 73.85`, `18.52 73.85`, `POINT(73.85 18.52)`, a `geo:` URI."""
    text = text.strip().strip("()[]")
    if match := re.match(r"^POINT\s*\(?\s*([-\d.]+)\s+([-\d.]+)\s*\)?$", text, re.IGNORECASE):
        return number(match[2], comma=True), number(match[1], comma=True)
    text = re.sub(r"^geo:", "", text).split("?")[0].split(";crs")[0]
    parts = [
        part.strip()
        for part in re.split(r"[;/|]|,\s+|\s*,(?=\s*[-+]?\d+\.\d)|\s+(?=[-+]?\d)", text)
        if part.strip()
    ]
    if len(parts) != 2:
        raise Wrong("must hold a latitude and a longitude, such as 18.5204, 73.8567")
    return degrees(parts[0], "latitude"), degrees(parts[1], "longitude")


def judge(latitude: float, longitude: float, hubs: Sequence[Place] = ()) -> Spot:
    """The place, with the doubt that goes with it; a pair that only fits the other way round is turned.

    `hubs`: (longitude, latitude) of those that could deliver it. Raises Wrong for what is nowhere on the globe.
    """
    latitude, longitude = float(latitude), float(longitude)
    if not abs(latitude) <= 90 or not abs(longitude) <= 180:
        if abs(longitude) <= 90 and abs(latitude) <= 180:
            return Spot(
                latitude, longitude, "latitude and longitude were swapped: they only fit the other way round"
            )
        raise Wrong("lies nowhere on the globe: latitudes reach from -90 to 90, longitudes from -180 to 180")
    if latitude == 0 and longitude == 0:
        return Spot(longitude, latitude, "0, 0 is what broken software writes; nothing is delivered there")
    if hubs:
        nearest = min(distance_m((longitude, latitude), hub) for hub in hubs)
        if nearest > FAR_M:
            return _far(latitude, longitude, nearest, hubs)
    if not is_land(longitude, latitude):
        return Spot(longitude, latitude, "lies in the sea, miles from any coast")
    if latitude.is_integer() and longitude.is_integer():
        return Spot(longitude, latitude, "whole degrees are no address: they may be 50 km off")
    return Spot(longitude, latitude)


def _far(latitude: float, longitude: float, nearest: float, hubs: Sequence[Place]) -> Spot:
    if abs(longitude) <= 90 and min(distance_m((latitude, longitude), hub) for hub in hubs) < NEAR_M:
        return Spot(
            longitude, latitude,
            "latitude and longitude look swapped: the other way round it lies near a hub",
        )  # fmt: skip
    sea = "" if is_land(longitude, latitude) else ", in the sea"
    return Spot(longitude, latitude, f"lies {nearest / 1000:,.0f} km from the nearest hub{sea}")


def _signed(value: float, letter: str, axis: str) -> float:
    letter = letter.upper()
    if not letter:
        return value
    if (letter in "NS") != (axis == "latitude"):
        raise Wrong(f"is marked {letter} and stands where the {axis} belongs")
    return -abs(value) if letter in "SW" else value
