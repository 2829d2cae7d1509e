"""A list of places as a customer has it, CSV or workbook, to rows of the gazetteer. Pure."""

import re
from collections.abc import Mapping, Sequence

from msgspec import Struct

from dispatch.intake.cells import Wrong, plain
from dispatch.intake.coordinates import degrees, pair
from dispatch.intake.faults import Unreadable, cell_name, words
from dispatch.intake.geocoding.folding import fold, fold_postcode
from dispatch.intake.geocoding.matching import ADDRESS, LOCALITY, POSTCODE, PRECISIONS, STREET
from dispatch.intake.headings import folded, name_of
from dispatch.intake.sheets import open_table

MOST_PROBLEMS = 20
OWN = {
    "name": (
        "place",
        "place name",
        "office",
        "office name",
        "post office",
        "locality name",
        "title",
        "naam",
        "label",
    ),
    "precision": ("kind", "type", "accuracy", "level", "place type"),
    "district": ("district", "taluk", "taluka", "tehsil"),
}
SPELLED = {folded(one): name for name, spellings in OWN.items() for one in (name, *spellings)}
A_STREET = re.compile(r"\b(street|road|lane|avenue|drive|strasse|weg|marg|path|highway|boulevard|way|court)$")


class Place(Struct, frozen=True):
    """A row of the list."""

    name: str
    folded: str
    postcode: str
    locality: str
    longitude: float
    latitude: float
    precision: str


def read_gazetteer(content: bytes) -> tuple[list[Place], list[str]]:
    """Every place with coordinates, each once, and what was left out with its cell. Raises Unreadable."""
    rows = iter(open_table(content).rows)
    _, heading = next(rows)
    at = _columns(heading)
    found: dict[tuple[str, str, str], Place] = {}
    problems: list[str] = []
    for number, row in rows:
        texts = {name: plain(row[index]) if index < len(row) else "" for name, index in at.items()}
        try:
            place = _place(texts)
        except Wrong as wrong:
            index = at.get("latitude", at.get("coordinates", 0))
            problems.append(f"{cell_name(index, number)} {wrong}")
            continue
        found[place.folded, place.postcode, place.locality] = place
    if not found:
        raise Unreadable(f"No place with coordinates is in the file. {' '.join(problems[:3])}".strip())
    more = len(problems) - MOST_PROBLEMS
    return list(found.values()), problems[:MOST_PROBLEMS] + ([f"and {more} more rows"] if more > 0 else [])


def _columns(heading: Sequence[str]) -> Mapping[str, int]:
    at: dict[str, int] = {}
    for index, cell in enumerate(heading):
        name = SPELLED.get(folded(cell)) or name_of(cell)[0]
        if name:
            at.setdefault("name" if name == "recipient" else name, index)
    placed = {"latitude", "longitude"} <= at.keys() or "coordinates" in at
    if not placed or not {"name", "address", "postcode", "locality"} & at.keys():
        raise Unreadable(
            "A gazetteer needs columns for latitude and longitude, and a name, an address or a postcode. "
            f"Found: {words([cell for cell in heading if cell.strip()] or ['nothing'])}."
        )
    return at


def _place(texts: Mapping[str, str]) -> Place:
    if texts.get("latitude") and texts.get("longitude"):
        latitude, longitude = degrees(texts["latitude"], "latitude"), degrees(texts["longitude"], "longitude")
    elif texts.get("coordinates"):
        latitude, longitude = pair(texts["coordinates"])
    else:
        raise Wrong("has no coordinates")
    if not (abs(latitude) <= 90 and abs(longitude) <= 180) or (latitude, longitude) == (0, 0):
        raise Wrong("lies nowhere on the globe")
    postcode = fold_postcode(texts.get("postcode", ""))[:20]
    address = ", ".join(text for text in (texts.get("address", ""), texts.get("address2", "")) if text)
    name = texts.get("name") or address or texts.get("locality") or postcode
    town = fold(
        texts.get("city") or texts.get("district") or (texts.get("locality", "") if texts.get("name") else "")
    )
    if not fold(name):
        raise Wrong("has no name")
    said = texts.get("precision", "").casefold()
    precision = said if said in PRECISIONS else _precision(name, fold(name), bool(address), postcode)
    return Place(name[:300], fold(name)[:300], postcode, town[:200], longitude, latitude, precision)


def _precision(name: str, plain_name: str, is_address: bool, postcode: str) -> str:
    if name == postcode:
        return POSTCODE
    if is_address and any(word[0].isdigit() for word in plain_name.split()):
        return ADDRESS
    return STREET if A_STREET.search(plain_name) else LOCALITY
