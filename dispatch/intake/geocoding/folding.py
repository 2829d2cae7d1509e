"""Addresses as they are compared: small letters, no accents, abbreviations written out, words in their order. Pure."""

import hashlib
import re
import unicodedata
from collections.abc import Sequence

# what is shortened in addresses again and again; both ways of writing are folded to the same word
WRITTEN_OUT = {
    "st": "street", "str": "strasse", "rd": "road", "ave": "avenue", "av": "avenue", "blvd": "boulevard", "dr": "drive",
    "ln": "lane", "ct": "court", "pl": "place", "sq": "square", "hwy": "highway", "pkwy": "parkway", "ter": "terrace",
    "trl": "trail", "cir": "circle", "apt": "apartment", "bldg": "building", "flr": "floor", "nr": "near",
    "opp": "opposite", "n": "north", "s": "south", "e": "east", "w": "west", "ne": "northeast", "nw": "northwest",
    "se": "southeast", "sw": "southwest", "ngr": "nagar", "clny": "colony", "mkt": "market", "stn": "station",
    "po": "", "bo": "", "so": "", "ho": "", "gpo": "", "mdg": "", "dist": "", "district": "", "tal": "", "taluka": "",
    "tq": "", "at": "", "post": "", "no": "", "number": "",
}  # fmt: skip
POSTCODE = re.compile(
    r"(?<![\w-])(\d{3}\s?\d{3}|\d{5}(?:-\d{4})?|\d{4}\s?[A-Za-z]{2}|[A-Za-z]{1,2}\d[A-Za-z\d]?\s?\d[A-Za-z]{2})(?![\w-])"
)
LONGEST_NAME = 5  # words of a name that is looked for within an address


def words_of(text: str) -> list[str]:
    """The words of an address as they are compared."""
    text = re.sub(r"\b([A-Za-z])\.(?=[A-Za-z]\b)", r"\1", text.casefold())  # b.o. and g.p.o
    plain = []
    for char in unicodedata.normalize("NFKD", text):
        kind = unicodedata.category(char)
        if kind[0] in "LN" or (kind[0] == "M" and not "\u0300" <= char <= "\u036f"):
            plain.append(str(unicodedata.digit(char)) if kind == "Nd" else char)
        elif kind[0] != "M" and char not in "'’\u200c\u200d":
            plain.append(" ")
    words = unicodedata.normalize("NFC", "".join(plain)).split()
    return [whole for word in words if (whole := WRITTEN_OUT.get(word, word))]


def fold(text: str) -> str:
    """An address or a name as one comparable text."""
    return " ".join(words_of(text))


def fingerprint(text: str) -> bytes:
    """By which an address is remembered: however it is punctuated."""
    return hashlib.sha256(fold(text).encode()).digest()


def fold_postcode(text: str) -> str:
    """`560 077` and `560077` are one; of a ZIP+4 the first five."""
    plain = re.sub(r"[\s-]", "", text).upper()
    return plain[:5] if re.fullmatch(r"\d{9}", plain) else plain


def postcodes_in(text: str) -> list[str]:
    """What could be a postcode in an address, the last one first: it usually ends it."""
    return list(dict.fromkeys(fold_postcode(match[1]) for match in reversed(list(POSTCODE.finditer(text)))))


def names_in(words: Sequence[str]) -> list[str]:
    """Every run of up to LONGEST_NAME words that could be the name of a place; a lone number is none."""
    runs = {
        " ".join(words[start:end])
        for start in range(len(words))
        for end in range(start + 1, min(len(words), start + LONGEST_NAME) + 1)
        if end - start > 1 or not words[start].isdigit()
    }
    return sorted(runs, key=len, reverse=True)
