"""A heading row to the columns we know: by spelling in several languages, or as a person mapped them. Pure."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dispatch.intake.columns import BY_NAME, COLUMNS
from dispatch.intake.faults import Unreadable, column_letters, words

LOOKED_AT = 10  # rows at the top that may come before the heading: titles and the like
IGNORE = "ignore"  # as a mapping says that a column is to be left alone
SIZE_OF = re.compile(
    r"^size[ ._:/-]+(\w{1,30})$", re.IGNORECASE
)  # `size:pallets`: a unit of the customer's own
LONGEST_UNKNOWN = 60


@dataclass(frozen=True, slots=True)
class Headings:
    """Where each column stands, counted from 0."""

    at: Mapping[str, int]  # names of columns.py
    sizes: Mapping[str, int] = field(default_factory=dict)  # units of the customer's own
    unknown: Mapping[str, int] = field(default_factory=dict)  # headings nobody knows, as they stand
    beside: Mapping[str, str] = field(default_factory=dict)  # of those: which column they might have been too
    texts: Sequence[str] = ()  # the heading row itself
    number: int = 1

    def heading(self, index: int) -> str:
        """As the file heads that column."""
        return self.texts[index] if index < len(self.texts) else column_letters(index)


def folded(text: str) -> str:
    """For comparing: small letters without accents, blanks and punctuation; other scripts keep their marks."""
    plain = []
    for char in unicodedata.normalize("NFKD", text.casefold()):
        kind = unicodedata.category(char)
        if kind[0] in "LN" or (kind[0] == "M" and not "\u0300" <= char <= "\u036f"):
            plain.append(char)
    return unicodedata.normalize("NFC", "".join(plain))


def _spellings() -> dict[str, tuple[str, int]]:
    """Each spelling's column, and its rank: of two that a file has, the earlier one of our list is taken."""
    known: dict[str, tuple[str, int]] = {}
    for column in COLUMNS:
        for rank, spelling in enumerate(column.spellings):
            key = folded(spelling)
            if known.setdefault(key, (column.name, rank))[0] != column.name:
                raise ValueError(f"{spelling!r} would be both {known[key][0]} and {column.name}")
    return known


KNOWN = _spellings()


def name_of(heading: str) -> tuple[str, int]:
    """The column a heading stands for, and the rank of its spelling; an empty name where it is none of ours.

    `Weight (kg)` and `Latitude*` are known too.
    """
    found = KNOWN.get(folded(heading))
    return found or KNOWN.get(folded(re.sub(r"\(.*?\)|\[.*?\]", "", heading)), ("", 0))


def is_heading(row: Sequence[str]) -> bool:
    """Whether a row can be the heading: at least one place or two columns of it are known."""
    names = {name_of(cell)[0] for cell in row if cell.strip()} - {""}
    return len(names) >= 2 or bool(names & {"address", "coordinates"})


def recognise(row: Sequence[str], number: int = 1, mapped: Mapping[str, str] | None = None) -> Headings:
    """What stands where. `mapped`: heading to the name of a column, or IGNORE; it outranks the spelling.

    Where two could be the same column, the more telling spelling is it. Raises Unreadable where neither is, and where
    there is no column to find the place by.
    """
    best: dict[str, tuple[int, int]] = {}  # rank and place
    sizes: dict[str, int] = {}
    others: dict[str, int] = {}
    beside: dict[str, str] = {}
    for index, cell in enumerate(row):
        heading = cell.strip()
        chosen = (mapped or {}).get(heading, "")
        name, rank = (chosen, -1) if chosen else name_of(heading)
        if not heading or name == IGNORE:
            continue
        if own := SIZE_OF.match(heading):
            sizes[own[1].casefold()] = index
        elif name not in BY_NAME:
            others.setdefault(heading[:LONGEST_UNKNOWN], index)
        elif name not in best:
            best[name] = (rank, index)
        elif best[name][0] == rank:
            raise Unreadable(_twice(name, row, best[name][1], index))
        else:
            (best[name], (_, loser)) = sorted([best[name], (rank, index)])
            others[row[loser].strip()[:LONGEST_UNKNOWN]] = loser
            beside[row[loser].strip()[:LONGEST_UNKNOWN]] = name
    at = {name: index for name, (_, index) in best.items()}
    found = Headings(at, sizes, others, beside, tuple(cell.strip() for cell in row), number)
    _require_place(found)
    return found


def find_heading(
    rows: Sequence[tuple[int, Sequence[str]]], mapped: Mapping[str, str] | None = None
) -> tuple[Headings, int]:
    """The heading among the first rows, and how many rows it takes with what stands above it. Raises Unreadable."""
    for taken, (number, row) in enumerate(rows[:LOOKED_AT], 1):
        chosen = mapped and any(cell.strip() in mapped for cell in row)
        if chosen or is_heading(row):
            return recognise(row, number, mapped), taken
    first = [cell for cell in rows[0][1] if cell.strip()] if rows else []
    seen = f" The first row holds {words(first)}." if first else ""
    raise Unreadable(
        "No heading was recognised. The first row must name the columns, such as address, latitude, longitude, "
        f"slot.{seen} Take the template, or say below which column is which."
    )


def _require_place(found: Headings) -> None:
    at = found.at
    if {"address", "coordinates"} & at.keys() or {"latitude", "longitude"} <= at.keys():
        return
    if "postcode" in at or "locality" in at:
        return  # little, but a gazetteer may know it
    half = at.keys() & {"latitude", "longitude"}
    if half:
        other = "longitude" if "latitude" in half else "latitude"
        raise Unreadable(f"There is a column for {next(iter(half))} and none for {other}.")
    raise Unreadable(
        "No column says where to: an address, or latitude and longitude, is needed. "
        f"Found: {words([cell for cell in found.texts if cell])}."
    )


def _twice(name: str, row: Sequence[str], first: int, second: int) -> str:
    label = BY_NAME[name].label.lower()
    return (
        f"Two columns are {label}: {row[first].strip()!r} ({column_letters(first)}) and {row[second].strip()!r} "
        f"({column_letters(second)}). Delete or rename one, or say below which column is which."
    )
