"""Delivery slots: ISO 8601 intervals and what people write instead, to spans in UTC. Pure.

A slot whose end is not after its begin on the clock crosses midnight. Local times are those of the hub.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

from dispatch.intake.cells import Wrong
from dispatch.intake.moments import in_zone, parse_day, parse_moment, parse_time, split_moment

MOST_SLOTS = 10
SHORTEST, LONGEST = timedelta(minutes=1), timedelta(days=31)
FARTHEST = timedelta(days=400)
LONGEST_NIGHT = timedelta(hours=12)  # of a slot that crosses midnight only because its end lies earlier
Span = tuple[datetime, datetime]
_DURATION = re.compile(r"^P(?:(\d{1,3})D)?(?:T(?:(\d{1,3})H)?(?:(\d{1,4})M)?(?:(\d{1,6})S)?)?$")
_DASH = re.compile(r"\s*(?:/|\s[-–—]\s|[–—]|\s(?:to|bis|until|से|ते)\s)\s*", re.IGNORECASE)
_CLOCK_DASH = re.compile(r"(?<=[\dmMhr.ेाी])\s*[-–—]\s*(?=\d{1,2}(?:[:.h]|\s*[ap]\.?m|\b))", re.IGNORECASE)
PARTS_OF_DAY = {
    "morning": (8, 12), "am": (8, 12), "forenoon": (8, 12), "noon": (11, 14), "afternoon": (12, 17), "pm": (12, 17),
    "evening": (17, 21), "all day": (8, 20), "any time": (8, 20), "vormittag": (8, 12), "nachmittag": (12, 17),
    "abend": (17, 21), "सुबह": (8, 12), "सकाळी": (8, 12), "दोपहर": (12, 17), "दुपारी": (12, 17), "शाम": (17, 21),
    "संध्याकाळी": (17, 21),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Clock:
    """How local times are read: the zone they are in, the order of day and month, the day that bare times are of."""

    zone: tzinfo
    form: str = ""
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """The slots that can still be kept, and what is to be said of the others."""

    spans: tuple[Span, ...]
    past: str = ""  # all of them are over
    warning: str = ""


def parse_slots(text: str, clock: Clock) -> list[Span]:
    """Every slot in a cell, in order, those that touch joined. Raises Wrong."""
    parts = [part.strip() for part in re.split(r"[;|\n]|,(?=\s*\d{4}-)", text) if part.strip()]
    if len(parts) > MOST_SLOTS:
        raise Wrong(f"has {len(parts)} slots; at most {MOST_SLOTS} are possible")
    return joined([parse_slot(part, clock) for part in parts])


def parse_slot(text: str, clock: Clock) -> Span:
    """One slot: `2026-11-23T09:00/12:00`, `…/PT3H`, `23/11/2026 9 am - 12 noon`, `09:00-12:00`, a whole day."""
    begin, end = _halves(text)
    if not end:
        return _whole_day(begin, clock)
    if match := re.match(r"^P", begin):
        last = parse_moment(end, clock.zone, clock.form, ends=True)
        return _sound(last - _duration(begin), last)
    if _is_clock(begin):
        if clock.day is None:
            raise Wrong("has times and no day: write 2026-11-23T09:00/12:00, or add a column with the day")
        first, day = _at(clock.day, begin, clock, ends=False), clock.day
    else:
        first, day = parse_moment(begin, clock.zone, clock.form), _day_of(begin, clock)
    if match := _DURATION.match(end):
        return _sound(first, first + _duration(match[0]))
    if not _is_clock(end):
        return _sound(first, parse_moment(end, clock.zone, clock.form, ends=True))
    offset = _offset_of(begin)
    last = _with_offset(day, end, offset) if offset else _at(day, end, clock, ends=True)
    if last <= first:  # over midnight
        tomorrow = day + timedelta(days=1)
        last = _with_offset(tomorrow, end, offset) if offset else _at(tomorrow, end, clock, ends=True)
        if parse_time(begin.strip() if _is_clock(begin) else split_moment(begin)[1]) == parse_time(end):
            raise Wrong("ends when it begins")
        if last - first > LONGEST_NIGHT:
            hours = (last - first).total_seconds() / 3600
            raise Wrong(
                f"ends before it begins ({begin} and then {end}); over midnight it would last {hours:g} hours. "
                "Turn the times round, or write the day of the end as well"
            )
    return _sound(first, last)


def from_parts(day_text: str, from_text: str, to_text: str, clock: Clock) -> Span | None:
    """A slot whose day, begin and end stand in cells of their own; None where all are empty. Raises Wrong."""
    day = parse_day(_date_alone(day_text), clock.form) if day_text else clock.day
    if not from_text and not to_text:
        return _whole_day(day_text, clock) if day_text else None
    own = Clock(clock.zone, clock.form, day)
    begin, end = from_text or "00:00", to_text or "24:00"
    if from_text and not _is_clock(from_text) and not to_text:
        first = parse_moment(from_text, clock.zone, clock.form)
        return _sound(first, in_zone(_day_of(from_text, clock) + timedelta(days=1), datetime.min.time(), clock.zone,
                                     ends=True))  # fmt: skip
    if to_text and not _is_clock(to_text) and not from_text and day is None:
        last = parse_moment(to_text, clock.zone, clock.form, ends=True)
        return _sound(in_zone(_day_of(to_text, clock), datetime.min.time(), clock.zone, ends=False), last)
    return parse_slot(f"{begin}/{end}", own)


def joined(spans: Sequence[Span]) -> list[Span]:
    """In order of their begin, overlapping and touching ones as one."""
    kept: list[Span] = []
    for first, last in sorted(spans):
        if kept and first <= kept[-1][1]:
            kept[-1] = (kept[-1][0], max(last, kept[-1][1]))
        else:
            kept.append((first, last))
    return kept


def judge(spans: Sequence[Span], now: datetime, zone: tzinfo) -> Judged:
    """Which of the slots lie ahead. Raises Wrong for one so far ahead that its year must be wrong."""
    for first, _ in spans:
        if first > now + FARTHEST:
            raise Wrong(f"lies more than {FARTHEST.days} days ahead: is the year right?")
    ahead = tuple(span for span in spans if span[1] > now)
    if len(ahead) == len(spans):
        return Judged(ahead)
    over = max(last for _, last in spans if last <= now)
    said = f"{over.astimezone(zone):%Y-%m-%d %H:%M}"
    if not ahead:
        return Judged((), past=f"is over: it ended on {said}")
    return Judged(ahead, warning=f"one of the slots is over (it ended on {said})")


def _halves(text: str) -> tuple[str, str]:
    """Begin and end; no end where it is a day, or a part of one."""
    parts = _DASH.split(text)
    if "/" in text and len(parts) != 2:  # 23/11/2026 09:00 - 12:00: the strokes belong to the date
        parts = re.split(r"\s+[-–—]\s+|\s+(?:to|bis|until|से|ते)\s+|\s*[–—]\s*", text, flags=re.IGNORECASE)
    if len(parts) != 2:
        found = [m for m in _CLOCK_DASH.finditer(text) if _clockish(text[: m.start()])]
        parts = [text[: found[-1].start()], text[found[-1].end() :]] if found else [text]
    if len(parts) == 2 and parts[0].strip() and parts[1].strip():
        return parts[0].strip(), parts[1].strip()
    return text.strip(), ""


def _clockish(text: str) -> bool:
    """Whether a text ends with a time of day: else the dash behind it is one of a date."""
    return bool(
        re.search(r"(?:\d[:.h]\d{2}(?::\d{2})?|(?:^|[\sT])\d{1,2})\s*(?:[ap]\.?m\.?|h|uhr)?\s*$", text, re.I)
    )


def _is_clock(text: str) -> bool:
    try:
        parse_time(re.sub(r"(Z|[+-]\d{2}:?\d{2})$", "", text.strip()).strip() or text)
    except Wrong:
        return False
    return True


def _at(day: date, text: str, clock: Clock, *, ends: bool) -> datetime:
    if offset := _offset_of(text):
        return _with_offset(day, re.sub(r"(Z|[+-]\d{2}:?\d{2})$", "", text).strip(), offset)
    at, later = parse_time(text)
    return in_zone(day + timedelta(days=later), at, clock.zone, ends=ends)


def _with_offset(day: date, text: str, offset: str) -> datetime:
    at, later = parse_time(re.sub(r"(Z|[+-]\d{2}:?\d{2})$", "", text).strip())
    local = datetime.fromisoformat(f"{day.isoformat()}T{at.isoformat()}{offset}")
    return local.astimezone(UTC) + timedelta(days=later)


def _offset_of(text: str) -> str:
    match = re.search(r"(?<=\d)(Z|[+-]\d{2}:?\d{2})$", text.strip())
    if not match or not (":" in text[: match.start()] or "T" in text):
        return ""
    return "+00:00" if match[1] == "Z" else match[1]


def _day_of(text: str, clock: Clock) -> date:
    return parse_day(split_moment(text)[0], clock.form)


def _date_alone(text: str) -> str:
    """A spreadsheet's day may carry a midnight."""
    return re.sub(r"[T ]00:00(:00)?$", "", text)


def _whole_day(text: str, clock: Clock) -> Span:
    bare = _date_alone(text)
    words, day = bare.split(" ", 1), clock.day
    hours = PARTS_OF_DAY.get(bare.casefold())
    if hours is None and len(words) == 2 and words[1].casefold() in PARTS_OF_DAY:
        hours, day = PARTS_OF_DAY[words[1].casefold()], parse_day(words[0], clock.form)
    if hours is not None:
        if day is None:
            raise Wrong("has a part of the day and no day: add a column with the day")
        return _sound(
            _at(day, f"{hours[0]}:00", clock, ends=False), _at(day, f"{hours[1]}:00", clock, ends=True)
        )
    try:
        day = parse_day(bare, clock.form)
    except Wrong as wrong:
        if "two ways" in str(wrong) or "calendar" in str(wrong):
            raise
        raise Wrong("is no slot; write it as 2026-11-23T09:00/12:00") from None
    midnight = datetime.min.time()
    return in_zone(day, midnight, clock.zone, ends=False), in_zone(
        day + timedelta(days=1), midnight, clock.zone, ends=True
    )


def _duration(text: str) -> timedelta:
    match = _DURATION.match(text)
    if not match or not any(match.groups()):
        raise Wrong(f"has a duration that cannot be read ({text[:20]}); write PT3H for three hours")
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def _sound(first: datetime, last: datetime) -> Span:
    if last == first:
        raise Wrong("ends when it begins")
    if last < first:
        raise Wrong("ends before it begins")
    if last - first < SHORTEST:
        raise Wrong("is shorter than a minute")
    if last - first > LONGEST:
        raise Wrong(f"is longer than {LONGEST.days} days")
    return first, last
