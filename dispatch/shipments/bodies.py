"""Reads the bodies of requests about shipments: a wrong field is refused by its place."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET, Struct
from msgspec.structs import fields
from rest_framework.request import Request

from dispatch.fleet.references import find
from dispatch.fleet.selectors import hubs_of
from dispatch.shipments.announcing import NewShipment
from dispatch.shipments.checks import Fault
from dispatch.shipments.commands import Command, CorrectAddress, Create
from dispatch.shipments.intervals import BadInterval, parse_interval
from dispatch.shipments.kinds import Slot
from dispatch.shipments.request_schemas import CommandBody, NewShipmentBody
from tracker.devices.metadata import BadMetadata, storable
from tracker.http.parsing import pointer
from tracker.http.problems import ApiProblem, bad_request
from tracker.http.times import BadMoment, parse_moment
from tracker.tenants.models import Environment

S = TypeVar("S", bound=Struct)
C = TypeVar("C", bound=Command)
AT = re.compile(r" - at `\$(?P<path>.*)`$")
STEP = re.compile(r"\.([A-Za-z_0-9]+)|\[(\d+|\.\.\.)\]")


class WrongField(ValueError):
    """A field that cannot be taken; says which."""

    def __init__(self, reason: str, *path: str) -> None:
        super().__init__(reason)
        self.reason, self.path = reason, path


def read(request: Request, kind: type[S]) -> S:
    """The body as this struct; an empty body is the empty object. Raises ApiProblem that names the field."""
    empty = request.META.get("CONTENT_LENGTH") in {None, "", "0"}
    body = {} if empty else request.data
    try:
        return shaped(body, kind)
    except WrongField as wrong:
        raise problem_of(wrong) from None


def problem_of(wrong: WrongField) -> ApiProblem:
    """The 400 about a field."""
    return bad_request("invalid_body", wrong.reason, pointer(*wrong.path) if wrong.path else None)


def shaped(value: Any, kind: type[S]) -> S:
    """The value as this struct. Raises WrongField."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        text = str(error)
        found = AT.search(text)
        steps = STEP.findall(found["path"]) if found else []
        path = tuple(name or number for name, number in steps)
        what = text[: found.start()] if found else text
        raise WrongField(f"{'.'.join(path)}: {what}." if path else f"{what}.", *path) from None


class Reader:
    """Turns bodies into commands; knows the hubs that were named so far."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._hubs: dict[str, str | None] = {}

    def new_shipment(self, body: NewShipmentBody) -> NewShipment:
        """The shipment a body announces. Raises WrongField."""
        facts = self._values(body, Create)
        placed = body.longitude is not None or body.latitude is not None
        return NewShipment(Create(**facts, place_by="given" if placed else ""), body.external_id)

    def command(self, body: CommandBody, kind: type[C]) -> C:
        """The command a body holds. Raises WrongField."""
        facts = self._values(body, kind)
        if kind is CorrectAddress:
            facts["place_by"] = "given"
        return kind(**facts)

    def _values(self, body: Struct, kind: type[Command]) -> dict[str, Any]:
        known = {field.name for field in fields(kind)}
        given = {field.name: getattr(body, field.name) for field in fields(body) if field.name in known}
        return {name: self._value(name, value) for name, value in given.items() if value is not UNSET}

    def _value(self, name: str, value: Any) -> Any:
        if name == "slots":
            return _slots(value)
        if name == "skills":
            return tuple(value)
        if name == "metadata":
            return _metadata(value)
        if name == "not_before":
            return moment(value, name)
        if name == "hub" and value is not None:
            return self._hub(value)
        return value

    def _hub(self, reference: str) -> str:
        if reference not in self._hubs:
            found = find(hubs_of(self._environment), "hub", reference)
            self._hubs[reference] = found.public_id if found else None
        public_id = self._hubs[reference]
        if public_id is None:
            raise WrongField(
                "There is no such hub in use in this environment: name it as hub_… or external:….", "hub"
            )
        return public_id


def moment(text: str | None, name: str) -> datetime | None:
    """A time of a body. Raises WrongField."""
    if text is None:
        return None
    try:
        return parse_moment(text)
    except BadMoment:
        raise WrongField(
            f"{name} must be a time such as 2026-05-01T08:30:00Z, not {text[:60]!r}.", name
        ) from None


def faults_as_problem(faults: Sequence[Fault]) -> ApiProblem:
    """The 400 about values that make no sense; `param` is the first field."""
    detail = " ".join(fault.reason for fault in faults)
    return bad_request("invalid_body", detail, pointer(faults[0].field))


def _slots(texts: Sequence[str]) -> tuple[Slot, ...]:
    found = []
    for number, text in enumerate(texts):
        try:
            found.append(parse_interval(text))
        except BadInterval as bad:
            raise WrongField(str(bad), "slots", str(number)) from None
    return tuple(sorted(found))


def _metadata(value: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return storable(dict(value))
    except BadMetadata as bad:
        raise WrongField(f"{bad}.", "metadata") from None
