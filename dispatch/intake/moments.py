"""Dates and times of day as people write them, in ISO 8601 or by a chosen order of day and month. Pure."""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from dispatch.intake.cells import Wrong

DAY_MONTH, MONTH_DAY, ISO = "dmy", "mdy", ""
FORMS = {
    ISO: "as the file shows, or year first",
    DAY_MONTH: "day before month",
    MONTH_DAY: "month before day",
}
_ISO_DATE = re.compile(r"^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})$|^(\d{4})(\d{2})(\d{2})$")
_LOCAL_DATE = re.compile(r"^(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4}|\d{2})$")
_NAMED_DATE = re.compile(
    r"^(\d{1,2})(?:st|nd|rd|th|\.)?[- /]([^\W\d_]{3,12})\.?,?[- /](\d{4}|\d{2})$", re.IGNORECASE
)
_NAMED_FIRST = re.compile(
    r"^([^\W\d_]{3,12})\.?[- /](\d{1,2})(?:st|nd|rd|th)?,?[- /](\d{4}|\d{2})$", re.IGNORECASE
)
_TIME = re.compile(
    r"^(\d{1,2})(?:[:.h](\d{2}))?(?::(\d{2})(?:\.\d+)?)?\s*(a\.?m\.?|p\.?m\.?|noon|uhr|h|hrs?|बजे|वाजता)?$",
    re.IGNORECASE,
)
_BARE_TIME = re.compile(r"^(\d{2})(\d{2})$")
MONTHS = {
    name: number
    for number, names in enumerate(
        ("jan january januar जनवरी जानेवारी", "feb february februar फरवरी फेब्रुवारी", "mar march märz maerz mrz मार्च",
         "apr april अप्रैल एप्रिल", "may mai मई मे", "jun june juni जून", "jul july juli जुलाई जुलै",
         "aug august अगस्त ऑगस्ट", "sep sept september सितंबर सप्टेंबर", "oct october okt oktober अक्टूबर ऑक्टोबर",
         "nov november नवंबर नोव्हेंबर", "dec december dez dezember दिसंबर डिसेंबर"), 1)
    for name in names.split()
}  # fmt: skip


def parse_day(text: str, form: str) -> date:
    """A day. `form` says which comes first where both could; Wrong says what is missing or impossible."""
    if match := _ISO_DATE.match(text):
        year, month, day = (int(part) for part in match.groups() if part is not None)
    elif match := _LOCAL_DATE.match(text):
        first, second, year = (int(part) for part in match.groups())
        day, month = _in_order(first, second, form)
    elif match := _NAMED_DATE.match(text):
        day, month, year = int(match[1]), _month(match[2]), int(match[3])
    elif match := _NAMED_FIRST.match(text):
        day, month, year = int(match[2]), _month(match[1]), int(match[3])
    else:
        raise Wrong("is no date; write it as 2026-11-23")
    try:
        return date(year + 2000 if year < 100 else year, month, day)
    except ValueError:
        raise Wrong("is no day of the calendar") from None


def parse_time(text: str) -> tuple[time, int]:
    """A time of day, and 1 where it is the midnight that ends the day (24:00)."""
    if match := _BARE_TIME.match(text):
        hour, minute, second, half = int(match[1]), int(match[2]), 0, ""
    elif match := _TIME.match(text):
        hour, minute, second = int(match[1]), int(match[2] or 0), int(match[3] or 0)
        half = (match[4] or "").lower().replace(".", "")
    else:
        raise Wrong("is no time of day; write it as 14:30")
    if half in {"am", "pm"}:
        if not 1 <= hour <= 12:
            raise Wrong("is no time of day: with am or pm the hour is 1 to 12")
        hour = hour % 12 + (12 if half == "pm" else 0)
    if (hour, minute, second) == (24, 0, 0):
        return time(0), 1
    try:
        return time(hour, minute, second), 0
    except ValueError:
        raise Wrong("is no time of day") from None


def form_of(texts: Iterable[str]) -> str:
    """Which of day and month comes first in these dates, if any of them shows it; ISO where none does."""
    for text in texts:
        match = _LOCAL_DATE.match(text.strip().split(" ")[0].split("T")[0])
        if not match:
            continue
        first, second = int(match[1]), int(match[2])
        if first > 12 >= second:
            return DAY_MONTH
        if second > 12 >= first:
            return MONTH_DAY
    return ISO


def in_zone(day: date, at: time, zone: tzinfo, *, ends: bool) -> datetime:
    """That local time in UTC. One that a clock change leaves out moves behind it; of two, an end takes the later."""
    local = datetime.combine(day, at, zone).replace(fold=1 if ends else 0)
    moved = local.astimezone(UTC)
    if moved.astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None):
        before = local.replace(fold=0).astimezone(
            UTC
        )  # reads the clock as it stood before the change: lands behind it
        return max(moved, before) if ends else before
    return moved


def parse_moment(text: str, zone: tzinfo, form: str, *, ends: bool = False) -> datetime:
    """A day with a time, local unless it names its offset; in UTC."""
    stamp = text.replace("z", "Z")
    if re.match(r"^\d{4}-?\d{2}-?\d{2}T", stamp):
        try:
            found = datetime.fromisoformat(stamp)
        except ValueError:
            found = None
        if found is not None and found.tzinfo is not None:
            return found.astimezone(UTC)
    day_text, at_text, offset = split_moment(text)
    day = parse_day(day_text, form)
    at, later = parse_time(at_text)
    if offset:
        return datetime.fromisoformat(f"{day.isoformat()}T{at.isoformat()}{offset}").astimezone(
            UTC
        ) + timedelta(days=later)
    return in_zone(day + timedelta(days=later), at, zone, ends=ends)


def split_moment(text: str) -> tuple[str, str, str]:
    """`23/11/2026 9:00 am` into its day, its time and its offset (empty: local). Raises Wrong without a time."""
    offset = ""
    if match := re.search(r"(?<=\d)\s*(Z|[+-]\d{2}:?\d{2})$", text):
        behind = text[: match.start()]
        if ":" in behind or "T" in behind:
            text, offset = behind, "+00:00" if match[1] == "Z" else match[1]
    parts = re.match(r"^(\S+?(?:\s[^\W\d_]+\s\d{2,4})?)(?:T|,?\s+)(\d.*)$", text)
    if not parts:
        raise Wrong("needs a day and a time, such as 2026-11-23T09:00")
    return parts[1].rstrip(","), parts[2].strip(), offset


def _in_order(first: int, second: int, form: str) -> tuple[int, int]:
    if form == MONTH_DAY:
        return second, first
    if form == DAY_MONTH or first > 12:
        return first, second
    if second > 12:
        return second, first
    if first == second:
        return first, second
    raise Wrong(
        "may be read two ways, day or month first: choose the form of dates for the file, or write 2026-11-23"
    )


def _month(name: str) -> int:
    number = MONTHS.get(name.casefold())
    if number is None:
        raise Wrong(f"names a month we do not know ({name[:20]})")
    return number
