"""JSON from strangers: strict about the grammar, forgiving about what only one value can be blamed for."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, NoReturn

import msgspec

MAX_DEPTH = 32  # of a value that is kept as it came
MAX_INTEGER_DIGITS = 40

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_NUL_ESCAPE = "\\u0000"


_encoder = msgspec.json.Encoder(enc_hook=str)  # for HugeNumber: only exact strings are known to it


class BadJson(Exception):
    """A text that is no JSON; the message says what is wrong and where."""


class HugeNumber(str):
    """A number too large for any use, as its own text. It is no number, so a field that needs one refuses it."""

    __slots__ = ()


def decode(body: bytes) -> Any:
    """The JSON value in `body` (UTF-8, a byte order mark is allowed). Raises BadJson and nothing else.

    Number literals beyond a double become HugeNumber, and strings may hold unpaired surrogates, so that one
    such value does not cost a phone its whole batch. NaN and Infinity are no JSON. Of a repeated name the
    last counts.
    """
    try:
        return msgspec.json.decode(body)
    except RecursionError:
        raise BadJson("The JSON is nested too deeply.") from None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return _decode_with_care(body)


def decode_forgiving(body: bytes) -> Any:
    """As `decode`, for apps that send what is no JSON and would send it again for ever. Raises BadJson.

    NaN and Infinity become HugeNumber, control characters inside strings stand, UTF-16 with its byte order mark
    is read, and bytes that are no UTF-8 become U+FFFD: such a value costs itself, and not the fixes beside it.
    """
    if body[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        body = body.decode("utf-16", "replace").encode("utf-8", "replace")
    try:
        return decode(body)
    except BadJson as error:
        reason = error
    try:
        return _FORGIVING_DECODER.decode(body.decode("utf-8", "replace").lstrip("\ufeff"))
    except (json.JSONDecodeError, RecursionError):
        raise reason from None


def compact(value: Any, limit: int, depth: int = MAX_DEPTH) -> str | None:
    """`value` as JSON text fit for the database, or None when it is over `limit` bytes or nests over `depth` deep.

    PostgreSQL cannot hold U+0000 in jsonb, so it is taken out of strings and names, and unpaired surrogates
    become U+FFFD; the rest is kept.
    """
    try:
        text = _encode(value)
    except (RecursionError, ValueError, OverflowError):
        return None
    if text.count("[") + text.count("{") > depth and _depth(text) > depth:
        return None
    if _NUL_ESCAPE in text:
        text = _encode(_map_strings(value, lambda text: text.replace("\x00", "")))
    return text if len(text.encode()) <= limit else None


def ascii_text(value: Any, limit: int) -> str:
    """`value` as ASCII JSON to show what came in; cut at `limit`, and then no longer JSON."""
    try:
        text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    except (RecursionError, ValueError):
        text = '"(nested too deeply to show)"'
    return text if len(text) <= limit else text[: limit - 3] + "..."


def _decode_with_care(body: bytes) -> Any:
    """The slow way: tells where the text is broken, and survives what msgspec gives up on."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadJson(f"The body is not UTF-8: byte {error.start} cannot be read.") from None
    try:
        return _PYTHON_DECODER.decode(text)
    except RecursionError:
        raise BadJson("The JSON is nested too deeply.") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise BadJson(f"The body is not valid JSON at {where}: {error.msg}.") from None


def _integer(text: str) -> int | HugeNumber:
    return int(text) if len(text) <= MAX_INTEGER_DIGITS else HugeNumber(text)


def _decimal(text: str) -> float | HugeNumber:
    number = float(text)
    return number if abs(number) != float("inf") else HugeNumber(text)


def _no_constant(text: str) -> NoReturn:
    raise BadJson(f"The body is not valid JSON: {text} is not a JSON number.")


_PYTHON_DECODER = json.JSONDecoder(parse_int=_integer, parse_float=_decimal, parse_constant=_no_constant)
_FORGIVING_DECODER = json.JSONDecoder(
    parse_int=_integer, parse_float=_decimal, parse_constant=HugeNumber, strict=False
)


def _encode(value: Any) -> str:
    try:
        return _encoder.encode(value).decode()
    except UnicodeEncodeError:
        return _encode(_map_strings(value, without_surrogates))
    except OverflowError:  # msgspec reads integers over 64 bits and does not write them
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def without_surrogates(text: str) -> str:
    """`text` with U+FFFD for each half of a surrogate pair: such a text has no UTF-8 form."""
    return _LONE_SURROGATE.sub("\ufffd", text)


def _map_strings(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return value if isinstance(value, HugeNumber) else change(value)
    if isinstance(value, dict):
        return {change(name): _map_strings(item, change) for name, item in value.items()}
    if isinstance(value, list):
        return [_map_strings(item, change) for item in value]
    return value


def _depth(text: str) -> int:
    """How deep compact JSON nests. Brackets inside strings are skipped."""
    deepest = depth = 0
    in_string = escaped = False
    for char in text:
        if in_string:
            if escaped:
                escaped = False
            elif char == "\\":
                escaped = True
            elif char == '"':
                in_string = False
        elif char == '"':
            in_string = True
        elif char in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif char in "]}":
            depth -= 1
    return deepest
