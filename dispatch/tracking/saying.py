"""What a glance is in words: the sentences of the page in one language and the delivery's local time. Pure."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from dispatch.tracking.glance import Glance
from dispatch.tracking.words import reason, say, way

MONTHS = {
    "en": [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    "hi": ["जनवरी", "फ़रवरी", "मार्च", "अप्रैल", "मई", "जून", "जुलाई", "अगस्त", "सितंबर", "अक्टूबर", "नवंबर", "दिसंबर"],
    "mr": [
        "जानेवारी",
        "फेब्रुवारी",
        "मार्च",
        "एप्रिल",
        "मे",
        "जून",
        "जुलै",
        "ऑगस्ट",
        "सप्टेंबर",
        "ऑक्टोबर",
        "नोव्हेंबर",
        "डिसेंबर",
    ],
}
WEEKDAYS = {
    "en": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
    "hi": ["सोमवार", "मंगलवार", "बुधवार", "गुरुवार", "शुक्रवार", "शनिवार", "रविवार"],
    "mr": ["सोमवार", "मंगळवार", "बुधवार", "गुरुवार", "शुक्रवार", "शनिवार", "रविवार"],
}
NO_MINOR = frozenset({"JPY", "KRW", "VND", "CLP", "ISK", "UGX", "XAF", "XOF", "PYG", "RWF"})
THREE_MINOR = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})


class Said(NamedTuple):
    """The sentences of a page, those that do not apply empty."""

    headline: str
    meaning: str
    when: str
    band: str
    stops: str
    hint: str
    cash: str
    reason: str


def said(shown: Glance, language: str, zone: ZoneInfo, *, now: datetime) -> Said:
    """All sentences of a glance."""
    words = way(language, "arriving" if shown.arriving else shown.way)
    when, band = _when(shown, language, zone, now)
    return Said(
        headline=words.headline,
        meaning=words.meaning,
        when=when,
        band=band,
        stops=_stops(shown, language),
        hint=_hint(shown, language),
        cash=say(language, "cash", amount=amount(shown.cash_minor, shown.currency))
        if shown.cash_minor
        else "",
        reason=reason(language, shown.failed_reason) if shown.way == "failed" else "",
    )


def _when(shown: Glance, language: str, zone: ZoneInfo, now: datetime) -> tuple[str, str]:
    if shown.delivered_at is not None:
        at = shown.delivered_at.astimezone(zone)
        return say(language, "delivered_at", day=day(at, language, now=now, zone=zone), time=clock(at)), ""
    if shown.eta is not None:
        begin, end = (moment.astimezone(zone) for moment in shown.eta)
        if begin <= now:
            return say(language, "eta_soon", end=clock(end)), say(language, "band")
        return say(language, "eta", begin=clock(begin), end=clock(end)), say(language, "band")
    if shown.way == "failed" and (
        shown.slot is None or shown.slot[1] <= now
    ):  # the time that was kept in vain
        return say(language, "again_choose" if shown.may_move else "again"), ""
    if shown.not_before is not None and shown.not_before > now:
        at = shown.not_before.astimezone(zone)
        return say(language, "not_before", day=day(at, language, now=now, zone=zone)), ""
    if shown.slot is not None and not shown.over:
        return slot_text(shown.slot, language, zone, now=now), ""
    return "", ""


def slot_text(
    slot: tuple[datetime, datetime], language: str, zone: ZoneInfo, *, now: datetime, sentence: str = "slot"
) -> str:
    """`Planned for tomorrow, 09:00 to 12:00`; with the sentence `offer`, that may be chosen, without `planned`."""
    begin, end = slot[0].astimezone(zone), slot[1].astimezone(zone)
    which = day(begin, language, now=now, zone=zone)
    return say(language, sentence, day=which, begin=clock(begin), end=clock(end))


def _stops(shown: Glance, language: str) -> str:
    if shown.stops_before is None or shown.way != "out":
        return ""
    name = {0: "stops_before.0", 1: "stops_before.1"}.get(shown.stops_before, "stops_before.n")
    return say(language, name, count=shown.stops_before)


def _hint(shown: Glance, language: str) -> str:
    if shown.way != "out":
        return ""
    if shown.silent:
        return say(language, "silent")
    return say(language, "far") if shown.stops_before is None else ""


def clock(moment: datetime) -> str:
    """Hours and minutes; digits all languages of ours read."""
    return f"{moment:%H:%M}"


def day(local: datetime, language: str, *, now: datetime, zone: ZoneInfo) -> str:
    """`today`, `tomorrow`, or the weekday and the date."""
    away = (local.date() - now.astimezone(zone).date()) // timedelta(days=1)
    if away in {0, 1}:
        return say(language, ["today", "tomorrow"][away])
    return f"{WEEKDAYS[language][local.weekday()]}, {local.day} {MONTHS[language][local.month - 1]}"


def amount(minor: int, currency: str) -> str:
    """`₹ 1,250.00`-like without symbols that fonts lack: the number and the currency's code."""
    places = 0 if currency in NO_MINOR else 3 if currency in THREE_MINOR else 2
    whole, part = divmod(minor, 10**places)
    number = f"{whole:,}" + (f".{part:0{places}}" if places else "")
    return f"{number} {currency}".strip()


def place_text(place: dict[str, Any], language: str, zone: ZoneInfo) -> str:
    """When the driver was seen there."""
    return say(
        language, "place_at", time=clock(datetime.fromisoformat(place["recorded_at"]).astimezone(zone))
    )
