"""Which place of a gazetteer an address means, and how sure that is. Pure.

Confidence, from 0 to 1: how precise the place is, how much of its name stands in the address, and how much of the
address it explains. "12 Tilak Road, Sadashiv Peth" is not found by knowing where Sadashiv Peth is.
"""

from collections.abc import Sequence
from difflib import SequenceMatcher

from msgspec import Struct

from dispatch.intake.geocoding.answers import Answer, Wanted
from dispatch.intake.geocoding.folding import POSTCODE as CODES
from dispatch.intake.geocoding.folding import fold_postcode, postcodes_in, words_of
from tracker.trips.ground import distance_m

ADDRESS, STREET, LOCALITY, POSTCODE = "address", "street", "locality", "postcode"
PRECISIONS = (ADDRESS, STREET, LOCALITY, POSTCODE)
SURE = {ADDRESS: 0.97, STREET: 0.7, LOCALITY: 0.55, POSTCODE: 0.3}  # of a place whose name fits wholly
WHOLE = {
    ADDRESS: 0.03,
    STREET: 0.15,
    LOCALITY: 0.4,
    POSTCODE: 0.1,
}  # more, where it explains the whole address
ALIKE = 0.84  # two words so alike are one, misspelt
MISSPELT = 0.12  # less, of a word
FITS = 0.87  # this share of its name, in whole words or misspelt ones
ONLY_NAME = 0.8  # of it, where the place is not confirmed by postcode or town
PROVIDER = "gazetteer"


class KnownPlace(Struct, frozen=True):
    """A row of the gazetteer."""

    name: str
    words: tuple[str, ...]  # of its name, folded
    postcode: str
    locality: tuple[str, ...]  # words, folded
    longitude: float
    latitude: float
    precision: str


class Question(Struct, frozen=True):
    """An address made ready to be compared."""

    words: tuple[str, ...]
    postcodes: frozenset[str]
    near: tuple[float, float] | None


def question_of(wanted: Wanted) -> Question:
    """The address in words, and what in it may be a postcode: not the number it begins with, which is a house's."""
    text = wanted.address if wanted.city in wanted.address else f"{wanted.address}, {wanted.city}"
    text = CODES.sub(lambda found: fold_postcode(found[1]), text)
    words = words_of(text)
    codes = [
        code
        for code in postcodes_in(text)
        if not (code.isdigit() and words and code == words[0] and len(words) > 2)
    ]
    if wanted.postcode:
        codes.append(fold_postcode(wanted.postcode))
    return Question(tuple(words), frozenset(codes), wanted.near)


def best(question: Question, places: Sequence[KnownPlace]) -> Answer | None:
    """The place the address most likely means, among candidates; None where none has anything to do with it."""
    rated = sorted(
        ((confidence, place) for place in places if (confidence := _confidence(question, place)) > 0),
        key=lambda one: (-one[0], _away(question, one[1])),
    )
    if not rated:
        return None
    confidence, place = rated[0]
    rivals = [other for other_confidence, other in rated[1:6] if other_confidence > confidence - 0.02]
    if any(_apart(place, other) > 2_000 for other in rivals):
        confidence *= 0.5  # two places of the same name: one of them is meant, and nobody can tell which
    matched = ", ".join(part for part in (place.name, place.postcode) if part)
    return Answer(place.longitude, place.latitude, round(confidence, 3), matched[:500], PROVIDER)


def _confidence(question: Question, place: KnownPlace) -> float:
    same_code = bool(place.postcode) and place.postcode in question.postcodes
    if question.postcodes and place.postcode and not same_code:
        return 0.0
    covered, used = _covered(place.words, question.words)
    in_town = bool(place.locality) and all(word in question.words for word in place.locality)
    used |= {
        at
        for at, word in enumerate(question.words)
        if word in place.locality or word.upper() == place.postcode
    }
    if covered < FITS and place.precision in {ADDRESS, STREET, LOCALITY}:
        # its postcode is all that fits: somewhere within it
        return SURE[POSTCODE] * (0.6 + 0.4 * covered) if same_code else 0.0
    if place.precision == ADDRESS and not _numbers_fit(place.words, question.words):
        return SURE[POSTCODE] if same_code else 0.0
    explained = len(used) / max(1, len(question.words))
    confidence = SURE[place.precision] * covered + WHOLE[place.precision] * max(0.0, 2 * explained - 1)
    return min(1.0, confidence if same_code or in_town else confidence * ONLY_NAME)


def _covered(name: Sequence[str], words: Sequence[str]) -> tuple[float, set[int]]:
    """The share of a name's words that stand in the address, and which words of the address they are."""
    used: set[int] = set()
    hits = 0.0
    for word in name:
        exact = next((at for at, other in enumerate(words) if other == word and at not in used), None)
        if exact is None and not word.isdigit() and len(word) > 4:
            exact = next(
                (at for at, other in enumerate(words) if at not in used and _alike(word, other)), None
            )
            hits -= 0.0 if exact is None else MISSPELT
        if exact is not None:
            used.add(exact)
            hits += 1
    return hits / len(name) if name else 0.0, used


def _alike(one: str, other: str) -> bool:
    if abs(len(one) - len(other)) > 2 or one[0] != other[0] or other.isdigit():
        return False
    return SequenceMatcher(None, one, other, autojunk=False).ratio() >= ALIKE


def _numbers_fit(name: Sequence[str], words: Sequence[str]) -> bool:
    """A house's own number must stand in the address, and directly before or behind what it stands beside."""
    numbers = [word for word in name if word[0].isdigit()]
    return all(number in words for number in numbers)


def _away(question: Question, place: KnownPlace) -> float:
    if question.near is None:
        return 0.0
    return distance_m(question.near, (place.longitude, place.latitude))


def _apart(one: KnownPlace, other: KnownPlace) -> float:
    return distance_m((one.longitude, one.latitude), (other.longitude, other.latitude))
