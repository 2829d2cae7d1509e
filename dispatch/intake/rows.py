"""One row of a file to what it says of a shipment, cell by cell, with every fault and its cell. Pure.

What would be delivered wrongly refuses the row; what only makes it poorer (a telephone number that is none) is left
out with a warning. Slots and places are settled later, when the hub and so the time zone are known: `settling.py`.
"""

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from dispatch.intake import cells
from dispatch.intake.cells import Wrong
from dispatch.intake.columns import BY_NAME
from dispatch.intake.coordinates import degrees, pair
from dispatch.intake.faults import RowFaults
from dispatch.intake.headings import Headings
from dispatch.intake.options import Options
from dispatch.shipments.checks import LARGEST_AMOUNT

T = TypeVar("T")
LONGEST = {"external_id": 200, "recipient": 200, "address": 500, "note": 500, "hub": 200}
MOST_PARCELS, MOST_KG, MOST_LITRES, MOST_OWN = 10_000, 50_000.0, 200_000.0, float(LARGEST_AMOUNT)
LONGEST_SERVICE_S = 8 * 3600
USUAL_SERVICE_S = 180
LEFT_OUT = "; it is left out"
MOST_SKILLS, LONGEST_SKILL = 20, 50
MOST_FACTS, LONGEST_FACT = 20, 200
EMAIL = re.compile(r"^[^\s@<>\"]{1,64}@[^\s@<>\".]+(?:\.[^\s@<>\".]+)+$")
LANGUAGES = {"english": "en", "hindi": "hi", "marathi": "mr", "german": "de", "deutsch": "de", "हिंदी": "hi",
             "हिन्दी": "hi", "मराठी": "mr", "इंग्रजी": "en", "अंग्रेज़ी": "en", "englisch": "en"}  # fmt: skip
ADDRESS_PARTS = ("address", "address2", "locality", "city", "state", "postcode", "country")
SLOT_PARTS = ("slot", "slot_date", "slot_from", "slot_to")
IN_BRACKETS = re.compile(r"[(\[]\s*([^\s()\[\]]{1,6})\s*[)\]]")


@dataclass(slots=True)
class Draft:
    """A row as read so far."""

    number: int
    cells: dict[str, str]  # as they came, by heading
    faults: RowFaults
    external_id: str = ""
    own_id: bool = True  # the id stood in the file; else it is made of the row's content
    recipient: str = ""
    phone: str = ""
    email: str = ""
    language: str = ""
    address: str = ""
    city: str = ""
    postcode: str = ""
    latitude: float | None = None
    longitude: float | None = None
    hub: str = ""
    slots: dict[str, str] = field(default_factory=dict)  # the cells of SLOT_PARTS that say something
    size: dict[str, float] = field(default_factory=dict)
    service_s: int = USUAL_SERVICE_S
    priority: int = 0
    skills: tuple[str, ...] = ()
    cash_minor: int = 0
    currency: str = ""
    note: str = ""
    metadata: dict[str, str] = field(default_factory=dict)


class RowReader:
    """Reads the rows of one file, in their order."""

    def __init__(self, headings: Headings, options: Options, *, comma: bool = False) -> None:
        self._headings, self._options = headings, options
        self._comma = comma  # the file divides columns by semicolons: its commas end whole numbers
        self._alike: dict[
            str, int
        ] = {}  # how often a row without an id of its own came with this very content
        self._units = {name: self._unit_of(name) for name in ("kg", "litres") if name in headings.at}
        self._amounts_in = ""

    def read(self, number: int, row: Sequence[str]) -> Draft:
        """What the row says. Never raises for its content."""
        faults = RowFaults(number)
        texts = {
            name: cells.plain(row[at]) if at < len(row) else "" for name, at in self._headings.at.items()
        }
        texts = {name: text for name, text in texts.items() if not cells.is_empty(text)}
        draft = Draft(number, self._as_they_came(row), faults)
        self._too_wide(row, faults)
        for name in [name for name, text in texts.items() if text in cells.ERRORS]:
            self._fault(draft, name, f"the spreadsheet has an error there ({texts[name]})", texts.pop(name))
        self._contact(draft, texts)
        self._place(draft, texts)
        self._load(draft, texts, row)
        self._money(draft, texts)
        draft.slots = {name: texts[name] for name in SLOT_PARTS if name in texts}
        draft.hub = self._text(draft, texts, "hub")
        draft.note = self._text(draft, texts, "note", refused=False)
        draft.metadata = self._others(row)
        self._id(draft, texts, row)
        return draft

    def fault(self, draft: Draft, name: str, reason: str, *, refused: bool = True) -> None:
        """Note a fault of one of the columns; for those who go on where this reader ends."""
        if name not in BY_NAME:
            draft.faults.add(reason, column=name, refused=refused)
            return
        at = self._headings.at.get(name)
        heading = self._headings.heading(at) if at is not None else ""
        self._fault(draft, name, reason, draft.cells.get(heading, ""), refused=refused)

    def _fault(self, draft: Draft, name: str, reason: str, value: str, *, refused: bool = True) -> None:
        at = self._headings.at.get(name)
        label = self._headings.heading(at) if at is not None else BY_NAME[name].label
        draft.faults.add(reason, column=label, index=at, value=value, refused=refused)

    def _take(
        self, draft: Draft, texts: dict[str, str], name: str, read: Callable[[str], T], otherwise: T, *,
        refused: bool = True,
    ) -> T:  # fmt: skip
        text = texts.get(name)
        if text is None:
            return otherwise
        try:
            return read(text)
        except Wrong as wrong:
            self._fault(draft, name, str(wrong) + ("" if refused else LEFT_OUT), text, refused=refused)
            return otherwise

    def _text(self, draft: Draft, texts: dict[str, str], name: str, *, refused: bool = True) -> str:
        text = texts.get(name, "")
        longest = LONGEST[name]
        if len(text) > longest:
            reason = f"has {len(text):,} characters; at most {longest} are possible"
            self._fault(draft, name, reason, text, refused=refused)
        return text[:longest]

    def _contact(self, draft: Draft, texts: dict[str, str]) -> None:
        draft.recipient = self._text(draft, texts, "recipient", refused=False)
        draft.phone = self._take(draft, texts, "phone", cells.telephone, "", refused=False)
        draft.email = self._take(draft, texts, "email", _email, "", refused=False)
        draft.language = self._take(draft, texts, "language", _language, "", refused=False)

    def _place(self, draft: Draft, texts: dict[str, str]) -> None:
        parts = [texts[name] for name in ADDRESS_PARTS if name in texts]
        draft.address = ", ".join(part.strip(" ,;") for part in _without_repeats(parts))
        draft.city, draft.postcode = texts.get("city", ""), texts.get("postcode", "")
        if len(draft.address) > LONGEST["address"]:
            reason = f"the address has {len(draft.address):,} characters; at most {LONGEST['address']} are possible"
            self._fault(draft, "address", reason, draft.address)
        # where there is an address, a wrong coordinate is left out: the address is looked up instead
        needed = not draft.address
        if "coordinates" in texts and not {"latitude", "longitude"} & texts.keys():
            found = self._take(draft, texts, "coordinates", pair, None, refused=needed)
            draft.latitude, draft.longitude = found if found is not None else (None, None)
        else:
            for name in ("latitude", "longitude"):
                value = self._take(draft, texts, name, partial(degrees, axis=name), None, refused=needed)
                setattr(draft, name, value)
            if (draft.latitude is None) != (draft.longitude is None):
                missing = "longitude" if draft.longitude is None else "latitude"
                if not any(fault.column == self._label(missing) for fault in draft.faults.found):
                    self._fault(draft, missing, f"there is no {missing}", "", refused=needed)
                draft.latitude = draft.longitude = None
        if needed and draft.latitude is None and not draft.faults.refused:
            draft.faults.add("says nowhere where to: no address and no coordinates")

    def _load(self, draft: Draft, texts: dict[str, str], row: Sequence[str]) -> None:
        pieces = self._take(
            draft, texts, "parcels", lambda t: cells.whole(t, 1, MOST_PARCELS, comma=self._comma), 1
        )
        draft.size = {"parcels": float(pieces)}
        for name, most in (("kg", MOST_KG), ("litres", MOST_LITRES)):
            value = self._take(draft, texts, name, partial(self._measure, name, most), None)
            if value is not None:
                draft.size[name] = value
        for unit, at in self._headings.sizes.items():
            text = cells.plain(row[at]) if at < len(row) else ""
            if not cells.is_empty(text):
                try:
                    draft.size[unit] = cells.within(text, 0, MOST_OWN, comma=self._comma)
                except Wrong as wrong:
                    draft.faults.add(str(wrong), column=self._headings.heading(at), index=at, value=text)
        minutes = self._take(
            draft,
            texts,
            "service_min",
            lambda t: cells.within(t, 0, LONGEST_SERVICE_S / 60, comma=self._comma),
            None,
        )
        draft.service_s = USUAL_SERVICE_S if minutes is None else round(minutes * 60)
        draft.service_s = self._take(
            draft,
            texts,
            "service_s",
            lambda t: cells.whole(t, 0, LONGEST_SERVICE_S, comma=self._comma),
            draft.service_s,
        )
        draft.priority = self._take(draft, texts, "priority", cells.priority, 0)
        draft.skills = self._take(draft, texts, "skills", _skills, ())

    def _measure(self, name: str, most: float, text: str) -> float:
        unit = self._units.get(name, "")
        return cells.measure(
            f"{text} {unit}" if unit and not text[-1].isalpha() else text, name, most, comma=self._comma
        )

    def _money(self, draft: Draft, texts: dict[str, str]) -> None:
        currency = self._take(draft, texts, "currency", cells.currency_code, "") or self._options.currency
        draft.cash_minor, draft.currency = self._take(
            draft, texts, "cash", lambda t: cells.amount(t, currency, comma=self._comma), (0, "")
        )

    def _others(self, row: Sequence[str]) -> dict[str, str]:
        if not self._options.keep_unknown:
            return {}
        facts: dict[str, str] = {}
        for heading, at in self._headings.unknown.items():
            text = cells.plain(row[at])[:LONGEST_FACT] if at < len(row) else ""
            if text and len(facts) < MOST_FACTS:
                facts[heading] = text
        return facts

    def _id(self, draft: Draft, texts: dict[str, str], row: Sequence[str]) -> None:
        text = texts.get("external_id", "")
        if re.fullmatch(r"\d(?:\.\d+)?[eE]\+\d+", text):
            self._fault(
                draft, "external_id", "was rounded by the spreadsheet; format the column as text", text
            )
        if text:
            draft.external_id = self._text(draft, texts, "external_id")
            return
        content = "\x1f".join(f"{name}={texts[name]}" for name in sorted(texts))
        content += "\x1e" + "\x1f".join(
            cells.plain(row[at]) for at in self._headings.unknown.values() if at < len(row)
        )
        times = self._alike[content] = self._alike.get(content, 0) + 1
        digest = hashlib.sha256(content.encode()).hexdigest()[:20]
        draft.external_id, draft.own_id = f"row-{digest}" + (f"-{times}" if times > 1 else ""), False

    def _too_wide(self, row: Sequence[str], faults: RowFaults) -> None:
        width = len(self._headings.texts)
        beyond = [at for at in range(width, len(row)) if row[at].strip()]
        if beyond:
            reason = "stands beyond the last column: is a cell before it not in quotation marks?"
            faults.add(reason, index=beyond[0], value=row[beyond[0]])

    def _as_they_came(self, row: Sequence[str]) -> dict[str, str]:
        names = self._headings.texts
        return {
            names[at]: cell[:500].replace("\x00", "")
            for at, cell in enumerate(row[: len(names)])
            if cell and names[at]
        }

    def _label(self, name: str) -> str:
        at = self._headings.at.get(name)
        return self._headings.heading(at) if at is not None else BY_NAME[name].label

    def _unit_of(self, name: str) -> str:
        """`Weight (g)`: the unit of cells that name none."""
        match = IN_BRACKETS.search(self._headings.heading(self._headings.at[name]))
        unit = match[1].casefold() if match else ""
        return unit if unit in cells.UNITS[name] else ""


def _without_repeats(parts: Sequence[str]) -> list[str]:
    """City and postcode often stand in the address already."""
    kept: list[str] = []
    for part in parts:
        if part and not any(
            re.search(rf"(?<!\w){re.escape(part)}(?!\w)", other, re.IGNORECASE) for other in kept
        ):
            kept.append(part)
    return kept


def _email(text: str) -> str:
    if len(text) > 254 or not EMAIL.match(text):
        raise Wrong("is no e-mail address")
    return text


def _language(text: str) -> str:
    code = LANGUAGES.get(text.casefold(), text)
    if not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})?", code) or len(code) > 10:
        raise Wrong("is no language code, such as en, hi or mr")
    return code


def _skills(text: str) -> tuple[str, ...]:
    words = tuple(dict.fromkeys(part.strip().casefold() for part in re.split(r"[,;|]", text) if part.strip()))
    if len(words) > MOST_SKILLS:
        raise Wrong(f"names {len(words)} skills; at most {MOST_SKILLS} are possible")
    if too_long := [word for word in words if len(word) > LONGEST_SKILL]:
        raise Wrong(f"names a skill of {len(too_long[0])} characters; at most {LONGEST_SKILL} are possible")
    return words
