"""Reads the bodies of webhook requests into their structs, and refuses what does not fit by the field's name."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TypeVar

import msgspec
from rest_framework.request import Request

from tracker.http.parsing import object_of, pointer
from tracker.http.problems import ApiProblem, bad_request
from tracker.http.times import BadMoment, parse_moment
from tracker.webhooks.errors import WebhookProblem

S = TypeVar("S", bound=msgspec.Struct)
FIELDS = {"url": "url", "description": "description", "kinds": "kinds", "content_type": "content_type",
          "overlap": "overlap_s", "since": "from", "until": "to"}  # fmt: skip


def body_of(request: Request, kind: type[S], *, may_be_empty: bool = False) -> S:
    """The request's body as that struct; raises ApiProblem."""
    if may_be_empty and request.META.get("CONTENT_LENGTH") in {None, "", "0"}:
        return kind()
    names = [one.encode_name for one in msgspec.structs.fields(kind)]
    body = object_of(request, *names)
    try:
        return msgspec.convert(_without_nul(body), kind)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `$")
        raise bad_request("invalid_body", f"{what}.", _pointer(where) or None) from None


def moment_of(name: str, text: str) -> datetime:
    """A time in a body; raises ApiProblem."""
    try:
        return parse_moment(text)
    except BadMoment:
        raise bad_request(
            "invalid_body", f"{name} must be a time such as 2026-05-01T08:30:00Z.", pointer(name)
        ) from None


@contextmanager
def told_to_the_caller() -> Iterator[None]:
    """What the services refuse, as the API says it: 400 about a field, else 409 about what is there."""
    try:
        yield
    except WebhookProblem as refusal:
        if refusal.code == "endpoint_deleted":
            raise ApiProblem(404, "not_found", "There is no such endpoint in this environment.") from None
        if not refusal.param:
            raise ApiProblem(409, refusal.code, refusal.detail) from None
        name = FIELDS.get(refusal.param, refusal.param)
        raise bad_request(refusal.code, refusal.detail, pointer(name)) from None


def _pointer(path: str) -> str:
    """`.kinds[0]` as a JSON pointer."""
    parts = re.findall(r"[^.\[\]`]+", path.replace("[...]", ""))
    return pointer(*parts)


def _without_nul(body: object) -> object:
    """U+0000 cannot be stored; it is left out of texts, as everywhere in the API."""
    if isinstance(body, str):
        return body.replace("\x00", "")
    if isinstance(body, list):
        return [_without_nul(one) for one in body]
    if isinstance(body, dict):
        return {name: _without_nul(value) for name, value in body.items()}
    return body
