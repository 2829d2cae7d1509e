"""What has no known form: a browser at the address, placeholders that no app filled, some other JSON.

No app sends this, so no app would send it for ever: it is answered 400 with a sentence that helps, and it is set
aside as `unrecognised`, so that whoever sets up the app sees in the console what arrived.
"""

from __future__ import annotations

import re
from typing import Any

from ingest_lambda.formats import Answer, Asked, DeviceReports
from ingest_lambda.formats.flat import LATITUDE, LONGITUDE, Told
from ingest_lambda.formats.position import set_aside
from ingest_lambda.report import Refusal

NAME = "unrecognised"

_PLACEHOLDER = re.compile(r"%[A-Za-z_]+|\{\d+\}|\{\{?\w+\}?\}", re.ASCII)
_NOTHING = (
    "The address and its key are right, and no report came with the request: enter the address in your app. "
    "To see what an app's request means, add /explain to the address."
)
_PLACEHOLDERS = (
    "The request holds {placeholder} as it stands in the template: the app fills it when it sends. Enter the "
    "address in the app instead of opening it."
)
_UNKNOWN = (
    "This has the shape of no app known here: Traccar Client, OsmAnd, OwnTracks, Overland, GPSLogger, "
    "background-geolocation, OpenGTS, or Milepost's own JSON with positions."
)


def placeholder_in(asked: Asked) -> str | None:
    """A latitude or longitude that is still the placeholder of its template. Other facts may be one: no loss."""
    if not asked.params:
        return None
    told = Told(asked.params)
    places = (told.peek(*LATITUDE), told.peek(*LONGITUDE))
    return next((text for text in places if text and _PLACEHOLDER.fullmatch(text)), None)


def recognises(asked: Asked) -> bool:
    """Everything: this form stands last. `catalogue` asks it first about placeholders."""
    return True


def read(asked: Asked) -> list[DeviceReports]:
    """One refusal, of no device."""
    placeholder = placeholder_in(asked)
    if placeholder is not None:
        detail = _PLACEHOLDERS.format(placeholder=placeholder[:40])
    elif asked.why:
        detail = asked.why
    else:
        detail = _UNKNOWN if asked.body or asked.params else _NOTHING
    return [nobodys(detail, _shown(asked))]


def reply(request_id: str, received: int) -> Answer:
    """Never asked for: a request of no device is answered 400, see `catalogue`."""
    return 400, "text/plain", b""


def nobodys(detail: str, came: Any) -> DeviceReports:
    """A request that could not be read at all, as a refusal of no device."""
    return DeviceReports("", None, [], [set_aside(0, Refusal.UNRECOGNISED, detail, came)])


def _shown(asked: Asked) -> Any:
    if asked.value is not None:
        return asked.value
    if asked.params:
        return dict(asked.params)
    return asked.body[:2000].decode("utf-8", "replace")
