"""OpenGTS: a $GPRMC sentence in the parameter `gprmc`, as GPSLogger's OpenGTS target and many trackers send it.

Units of the sentence: speed in KNOTS, course in degrees, place in degrees and minutes, date and time in UTC, years
from 2000 on. Beside it `alt` in metres and `batt` 0..100. Unknown: an empty field. Status V means that the receiver
had no fix, and the sentence is refused as that. The checksum is not looked at: widespread apps compute it wrongly,
and HTTP has its own.
The device: id, dev or acct, else "unnamed-opengts".
Answer: 200 with `OK`.
"""

from __future__ import annotations

import re
from typing import Any

from ingest_lambda.formats import Answer, Asked, DeviceReports
from ingest_lambda.formats.flat import Told, device_in
from ingest_lambda.formats.gathering import Gathering
from ingest_lambda.formats.numbers import KNOT_MPS, is_number, number, percent, scaled
from ingest_lambda.report import Refusal

NAME = "opengts"
UNNAMED = "unnamed-opengts"

_TIME = re.compile(r"(\d\d)(\d\d)(\d\d)(\.\d{1,6})?", re.ASCII)
_DATE = re.compile(r"(\d\d)(\d\d)(\d\d)", re.ASCII)
_FIELDS = 10  # of a sentence, up to its date


def recognises(asked: Asked) -> bool:
    """A parameter `gprmc`."""
    return "gprmc" in Told(asked.params)


def read(asked: Asked) -> list[DeviceReports]:
    """One fix."""
    gathering = Gathering(asked, UNNAMED)
    told = Told(asked.params)
    sentence = str(told.take("gprmc")).partition("*")[0].split(",")
    sentence += [""] * (_FIELDS - len(sentence))
    device = device_in(told)
    device = told.take("acct", "account") if device is None else device
    _, time, status, latitude, south, longitude, west, speed, course, date = sentence[:_FIELDS]
    if status == "V":
        detail = "the sentence has status V: the receiver had no fix"
        gathering.refuse(device, Refusal.MARKED_INVALID, detail, asked.params)
        return gathering.reports()
    fix = {
        "recorded_at": _moment(date, time),
        "latitude": _degrees(latitude, south, "NS"),
        "longitude": _degrees(longitude, west, "EW"),
        "speed_mps": scaled(speed, KNOT_MPS) if speed else None,
        "heading_deg": number(course) if course else None,
        "altitude_m": number(told.take("alt", "altitude")),
        "battery": percent(told.take("batt", "battery")),
        "extra": told.left(),
    }
    gathering.add(device, fix, asked.params, speed_unit="knots")
    return gathering.reports()


def reply(request_id: str, received: int) -> Answer:
    """200 and OK."""
    return 200, "text/plain", b"OK"


def _degrees(value: str, hemisphere: str, hemispheres: str) -> Any:
    """`5006.747329` as 50.112...: the last two digits before the point are minutes. What is none stays text."""
    if not value:
        return None
    read = number(value)
    if not is_number(read) or read < 0 or read % 100 >= 60 or hemisphere not in tuple(hemispheres):
        return f"{value},{hemisphere}"
    degrees = read // 100 + (read % 100) / 60
    return -degrees if hemisphere == hemispheres[1] else degrees


def _moment(date: str, time: str) -> str | None:
    """`131018` and `082202.5` as ISO 8601; what is none stays text, to be refused."""
    day, clock = _DATE.fullmatch(date), _TIME.fullmatch(time)
    if not date and not time:
        return None
    if day is None or clock is None:
        return f"date {date} time {time}"
    return f"20{day[3]}-{day[2]}-{day[1]}T{clock[1]}:{clock[2]}:{clock[3]}{clock[4] or ''}Z"
