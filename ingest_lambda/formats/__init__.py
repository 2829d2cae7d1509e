"""One file per wire form: the request of one kind of client, taken apart into reports of its devices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

from ingest_lambda.exchange import Headers
from ingest_lambda.report import DeviceInfo, PositionReport, RefusedPosition


class DeviceReports(NamedTuple):
    """What every format yields: the device's own id, what it says of itself, positions good and refused.

    `speed_unit` is the unit in which the app's speed was read ("" where a device's settings override nothing).
    A device of "" is none: the request does not tell whose these are, and all of them are refused.
    """

    device: str
    device_info: DeviceInfo | None
    positions: list[PositionReport]
    refused: list[RefusedPosition]
    speed_unit: str = ""


class Asked(NamedTuple):
    """One request as the forms look at it: taken apart once, before anybody knows which form it is.

    `value` is the JSON of the body (None: there is none), `params` the query's and a form body's parameters, of a
    repeated name the first. `device` is the device that the address names: it is the device of the whole request.
    `why` says what is wrong with a body that looks like JSON and is none.
    """

    received_at_us: int
    params: Mapping[str, str] = {}
    value: Any = None
    headers: Headers = {}
    device: str | None = None
    body: bytes = b""
    why: str = ""


# What an app must hear to let go of what it sent: status, content type, body.
Answer = tuple[int, str, bytes]


class Form(Protocol):
    """What each file of a format offers; the module itself is the object. `formats/catalogue.py` lists them."""

    NAME: str

    def recognises(self, asked: Asked) -> bool:
        """Whether the request has this form's shape. Told by what it holds, never by its content type."""
        ...

    def read(self, asked: Asked) -> list[DeviceReports]:
        """Everything in it. Raises Problem 400 when the form is this one and still nothing can be read."""
        ...

    def reply(self, request_id: str, received: int) -> Answer:
        """The answer for `received` fixes, good and refused."""
        ...
