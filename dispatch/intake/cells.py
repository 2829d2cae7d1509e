"""A cell's text to a number, an amount, a telephone number: however people write them. Pure.

Every reader returns the value or raises Wrong with the reason; the caller knows which cell it is.
"""

import re
import unicodedata
from typing import Final

COMMA, POINT = ",", "."
ERRORS = ("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!")
NOTHING = frozenset({"-", "–", "—", "n/a", "na", "null", "none", "nil", "k.a."})
SIGNS = {"₹": "INR", "rs": "INR", "rs.": "INR", "re.": "INR", "€": "EUR", "£": "GBP", "¥": "", "$": "", "r$": "BRL",
         "us$": "USD", "s$": "SGD", "a$": "AUD", "₽": "RUB", "₩": "KRW", "₺": "TRY", "zł": "PLN", "د.إ": "AED",
         "रु": "INR", "रु.": "INR", "रुपये": "INR", "रूपये": "INR"}  # fmt: skip
# ISO 4217: minor units of a currency where they are not hundredths
MINOR_DIGITS = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "PYG": 0, "UGX": 0, "RWF": 0, "XAF": 0, "XOF": 0, "XPF": 0,
                "ISK": 0, "GNF": 0, "KMF": 0, "DJF": 0, "BIF": 0, "VUV": 0, "BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3,
                "LYD": 3, "OMR": 3, "TND": 3}  # fmt: skip
UNITS = {"kg": {"": 1.0, "kg": 1.0, "kgs": 1.0, "kilo": 1.0, "kilos": 1.0, "g": 0.001, "gm": 0.001, "gms": 0.001,
                "gr": 0.001, "t": 1000.0, "lb": 0.45359237, "lbs": 0.45359237, "oz": 0.028349523, "किलो": 1.0,
                "किग्रा": 1.0, "ग्राम": 0.001},
         "litres": {"": 1.0, "l": 1.0, "ltr": 1.0, "litre": 1.0, "litres": 1.0, "liter": 1.0, "liters": 1.0,
                    "ml": 0.001, "m3": 1000.0, "m³": 1000.0, "cbm": 1000.0, "cm3": 0.001, "cm³": 0.001,
                    "cft": 28.316847, "ft3": 28.316847, "लिटर": 1.0, "लीटर": 1.0}}  # fmt: skip
MOST_CASH_MINOR = 10**12
PRIORITIES = {"low": -5, "normal": 0, "medium": 0, "standard": 0, "high": 5, "urgent": 10, "express": 8, "yes": 5,
              "niedrig": -5, "hoch": 5, "dringend": 10, "कम": -5, "सामान्य": 0, "उच्च": 5, "तातडीचे": 10,
              "अत्यावश्यक": 10}  # fmt: skip
TELEPHONE: Final = re.compile(r"^\+?[0-9][0-9 ()./\-]{3,28}(?:\s*(?:ext?\.?|x|#)\s*\d{1,6})?$", re.IGNORECASE)
_NUMBER = re.compile(r"^[+-]?(?:\d[\d., '’\u00a0\u202f]*|[.,]\d+)(?:[eE][+-]?\d{1,2})?$")


class Wrong(ValueError):
    """A cell that cannot be read as what its column holds; the text says why, to a person."""


def plain(text: str) -> str:
    """Without what nobody sees: null characters, controls, marks of direction; blanks as one; digits as 0 to 9."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split()) if "  " in text or text != text.strip() else text
    seen = []
    for char in text:
        kind = unicodedata.category(char)
        if kind == "Nd" and not char.isascii():
            seen.append(str(unicodedata.digit(char)))
        elif kind in {"Cc", "Zl", "Zp"}:
            seen.append(" ")
        elif kind not in {"Cf", "Cs", "Co"} or char in "\u200c\u200d":  # joiners belong to Indian scripts
            seen.append(char)
    return " ".join("".join(seen).split())


def is_empty(text: str) -> bool:
    """Whether a cell says nothing, be it by a dash."""
    return not text or text.casefold() in NOTHING


def number(text: str, *, comma: bool = False) -> float:
    """`1,234.5`, `1.234,5`, `1 234`, `१२`. `comma`: a lone comma before three digits ends the whole part."""
    text = text.replace("\u2212", "-")
    if text in ERRORS:
        raise Wrong(f"the spreadsheet has an error there ({text})")
    if not _NUMBER.match(text):
        raise Wrong("is no number")
    bare = re.sub(r"[ '’\u00a0\u202f]", "", text)
    if COMMA in bare and POINT in bare:
        last = COMMA if bare.rindex(COMMA) > bare.rindex(POINT) else POINT
        bare = bare.replace(POINT if last == COMMA else COMMA, "").replace(last, POINT)
    elif bare.count(COMMA) > 1:
        bare = bare.replace(COMMA, "")
    elif COMMA in bare:
        after = len(bare) - bare.index(COMMA) - 1
        bare = bare.replace(COMMA, "" if after == 3 and not comma else POINT)
    elif bare.count(POINT) > 1:
        bare = bare.replace(POINT, "")
    try:
        value = float(bare)
    except ValueError:
        raise Wrong("is no number") from None
    if abs(value) > 1e15:
        raise Wrong("is larger than any number we can take")
    return value


def within(text: str, low: float, high: float, *, comma: bool = False) -> float:
    """A number between the bounds, both included."""
    value = number(text, comma=comma)
    if not low <= value <= high:
        raise Wrong(f"must lie between {low:,g} and {high:,g}")
    return value


def whole(text: str, low: int, high: int, *, comma: bool = False) -> int:
    """A whole number between the bounds."""
    value = within(text, low, high, comma=comma)
    if not value.is_integer():
        raise Wrong("must be a whole number")
    return int(value)


def measure(text: str, unit: str, high: float, *, comma: bool = False) -> float:
    """Kilograms or litres, with or without a unit behind the number; more than nought."""
    match = re.match(r"^([^A-Za-z\u0900-\u097f]*)\s*(.*)$", text)
    digits, behind = (match[1].strip(), match[2].strip().casefold().rstrip(".")) if match else (text, "")
    factor = UNITS[unit].get(behind)
    if factor is None:
        raise Wrong(f"is in {behind[:20]!r}, which we cannot turn into {unit}")
    value = number(digits, comma=comma) * factor
    if not 0 <= value <= high:
        raise Wrong(f"must lie between 0 and {high:,g} {unit}")
    return round(value, 6)


def amount(text: str, currency: str, *, comma: bool = False) -> tuple[int, str]:
    """Minor units and currency of `₹ 1,250.00`, `450`, `12,50 €`. Raises Wrong where the currency is not known."""
    match = re.match(r"^([^\d+-]*?)\s*([-+]?[.,]?\d[\d., '’\u00a0\u202f]*)(.*?)(?:/-)?$", text)
    if not match:
        raise Wrong("is no amount")
    said = {_currency_of(sign.strip()) for sign in (match[1], match[3]) if sign.strip()} - {""}
    currency = currency.upper()
    if len(said | ({currency} - {""})) > 1:
        raise Wrong(
            f"names {' and '.join(sorted(said))}, and the currency of the row is {currency or 'another'}"
        )
    currency = currency or (said.pop() if said else "")
    value = number(match[2].strip(), comma=comma)
    if value == 0:
        return 0, currency
    if not currency:
        raise Wrong("says no currency: add a column “currency”, or choose one for the whole file")
    if value < 0:
        raise Wrong("must not be below nought")
    exact = value * 10 ** MINOR_DIGITS.get(currency, 2)
    minor = round(exact)
    if abs(exact - minor) > 1e-4 * max(1.0, exact * 1e-9):
        raise Wrong(f"has more places than {currency} knows")
    if minor > MOST_CASH_MINOR:
        raise Wrong("is more than can be collected")
    return minor, currency


def currency_code(text: str) -> str:
    """`INR`, `₹` or `Rs.` as the three letters."""
    code = _currency_of(text)
    if not code:
        raise Wrong("is no currency we can tell; write its three letters, such as INR")
    return code


def _currency_of(sign: str) -> str:
    text = sign.casefold()
    if text in SIGNS:
        return SIGNS[text]
    if re.fullmatch(r"[a-z]{3}", text):
        return text.upper()
    raise Wrong(f"{sign[:20]!r} is no currency we know; write its three letters, such as INR")


def telephone(text: str) -> str:
    """A number to dial, as it was written. Raises Wrong for one that a spreadsheet has rounded, and for no number."""
    if re.fullmatch(r"\d(?:[.,]\d+)?[eE]\+?\d+", text):
        raise Wrong("was rounded by the spreadsheet; format the column as text and enter it again")
    digits = sum(char.isdigit() for char in text)
    if not TELEPHONE.match(text) or not 4 <= digits <= 20:
        raise Wrong("is no telephone number")
    return text


def priority(text: str) -> int:
    """-10 to 10, or a word for it."""
    word = PRIORITIES.get(text.casefold())
    return word if word is not None else whole(text, -10, 10)
