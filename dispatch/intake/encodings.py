"""Bytes of a text file to text: its encoding as it says itself, as a person chose, or as its bytes can only be. Pure.

UTF-8 and UTF-16 prove themselves. The old one-byte encodings prove nothing: every file decodes as each of them, and
names come out wrong without an error. So only Windows-1252 is guessed, and only where what comes out looks like words
of western Europe; all others must be chosen, and the refusal says so.
"""

import re
from dataclasses import dataclass

from dispatch.intake.faults import Unreadable

# what a person may choose, and how Python calls it
CHOICES = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16 (Excel's “Unicode text”)",
    "cp1252": "Windows-1252 (western Europe)",
    "cp1250": "Windows-1250 (central Europe)",
    "cp1251": "Windows-1251 (Cyrillic)",
    "iso-8859-15": "ISO 8859-15 (western Europe)",
    "mac-roman": "Mac Roman",
    "shift_jis": "Shift JIS (Japanese)",
    "gb18030": "GB 18030 (Chinese)",
    "big5": "Big5 (Chinese)",
    "euc_kr": "EUC-KR (Korean)",
}
MARKS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", ""),  # UTF-32: nobody writes it, and it begins as UTF-16 does
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
LOOKED_AT = 65_536
# letters with accents as they stand in words; whatever else lies above ASCII must be rare among them
LETTERS = re.compile(r"[À-ÖØ-öø-ÿŠšŽžŒœŸ]")
SIGNS = re.compile(r"[€£§°·–—‘’“”…«»ºª²½´®™]")
RUNS = re.compile(r"[^\x00-\x7f]{2,}")
TWO_SMALL = re.compile(r"[à-öø-ÿßšžœ]{2}")  # Größe, Grüße, créée, ação
BESIDE = re.compile(r"(?<=[a-zß-ÿ])[À-ÖØ-Þ](?=[a-zß-ÿ])")  # a capital within a word is no word


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text of a file, and the encoding it was read in; `guessed`: nothing proved it."""

    text: str
    encoding: str
    guessed: bool = False


def decode(content: bytes, chosen: str = "") -> Decoded:
    """The text in `content`; `chosen` is a key of CHOICES, or empty. Raises Unreadable."""
    if chosen:
        return Decoded(_strict(content, chosen).removeprefix("\ufeff"), chosen)
    for mark, encoding in MARKS:
        if content.startswith(mark):
            if not encoding:
                raise Unreadable("The file is UTF-32. Save it as UTF-8 and upload it again.")
            return Decoded(_strict(content[len(mark) :], encoding), encoding)
    if encoding := _wide(content[:LOOKED_AT]):
        return Decoded(_strict(content, encoding), encoding)
    if b"\x00" in content:
        raise Unreadable(
            "The file holds null bytes: it is no text. Save the table as .xlsx or as CSV (UTF-8) and upload that."
        )
    try:
        return Decoded(content.decode("utf-8"), "utf-8")
    except UnicodeDecodeError as error:
        return _western(content, error)


def _strict(content: bytes, encoding: str) -> str:
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Unreadable(
            f"The file is not {CHOICES.get(encoding, encoding.upper())}: byte {error.start:,} in line {line:,} "
            f"({content[error.start]:#04x}) does not fit. Choose the encoding it was saved in, or save it as UTF-8."
        ) from None
    if "\x00" in text:
        raise Unreadable(
            "The file holds null characters: it is no text. Save the table as .xlsx or CSV (UTF-8)."
        )
    return text


def _wide(sample: bytes) -> str:
    """UTF-16 without its mark: every other byte of ASCII in it is nought."""
    if len(sample) < 8:
        return ""
    even, odd = sample[0::2].count(0) / len(sample[0::2]), sample[1::2].count(0) / len(sample[1::2])
    if odd > 0.4 and even < 0.05:
        return "utf-16-le"
    return "utf-16-be" if even > 0.4 and odd < 0.05 else ""


def _western(content: bytes, error: UnicodeDecodeError) -> Decoded:
    """Windows-1252 where that gives words; Unreadable where it gives anything else."""
    line = content.count(b"\n", 0, error.start) + 1
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError:
        raise _unknown(content, error.start, line) from None
    high = [char for char in text if char > "\x7f"]
    letters = sum(1 for char in high if LETTERS.match(char))
    signs = sum(1 for char in high if SIGNS.match(char))
    # two bytes above ASCII side by side, again and again, are halves of one character of another encoding
    pairs = sum(1 for found in RUNS.findall(text) if not TWO_SMALL.fullmatch(found))
    wrong = len(high) - letters - signs + len(BESIDE.findall(text)) + 2 * pairs
    if wrong > 0.1 * len(high):
        raise _unknown(content, error.start, line)
    return Decoded(text, "cp1252", guessed=True)


def _unknown(content: bytes, start: int, line: int) -> Unreadable:
    return Unreadable(
        f"The encoding of the file cannot be told: it is not UTF-8 (byte {start:,} in line {line:,} is "
        f"{content[start]:#04x}) and does not read as Windows-1252. Save it as “CSV UTF-8”, or choose its encoding."
    )
