"""A request of unknown form taken apart once: its parameters, the JSON of its body. Nothing here knows an app."""

from __future__ import annotations

import re
from typing import Any

from ingest_lambda.exchange import Headers
from ingest_lambda.formats import Asked
from ingest_lambda.formats.json_text import BadJson, decode_forgiving
from ingest_lambda.problems import wrong_shape

MAX_PARAMETERS = 500

_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")


def take_apart(
    query: str, body: bytes, received_at_us: int, headers: Headers, device: str | None = None
) -> Asked:
    """What the forms look at. A body is JSON if it begins like JSON, whatever it is labelled, else a form's fields.

    Raises Problem 400 for over MAX_PARAMETERS parameters. A query is read before a form body: what somebody wrote
    into the URL on purpose stands against what the app says by itself.
    """
    value: Any = None
    why = ""
    pairs = parameters(query.encode("latin-1", "replace")) if query else []
    if body:
        if _begins_like_json(body):
            try:
                value = decode_forgiving(body)
            except BadJson as error:
                why = str(error)
        else:
            pairs += parameters(body)
    params: dict[str, str] = {}
    for name, text in pairs:
        params.setdefault(name, text)
    return Asked(received_at_us, params, value, headers, device, body, why)


def parameters(text: bytes) -> list[tuple[str, str]]:
    """Names and values of a query or a form body; blank values are left out. Bytes that are no UTF-8 become U+FFFD."""
    if text.count(b"&") >= MAX_PARAMETERS:
        detail = f"The request has over {MAX_PARAMETERS} parameters."
        raise wrong_shape("too_many_parameters", detail)
    pairs = (field.partition(b"=") for field in text.split(b"&"))
    return [(unescaped(name), unescaped(value)) for name, _, value in pairs if name and value.strip()]


def unescaped(text: bytes, *, plus: bool = True) -> str:
    """Percent-encoding undone, and plus signs too, which stand for spaces in queries and forms but not in paths."""
    if plus and b"+" in text:
        text = text.replace(b"+", b" ")
    if b"%" in text:
        text = _ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), text)
    return text.decode("utf-8", "replace")


def _begins_like_json(body: bytes) -> bool:
    if body[:2] in {b"\xff\xfe", b"\xfe\xff"}:  # UTF-16, which no form body is
        return True
    return body[:256].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in {b"{", b"["}
