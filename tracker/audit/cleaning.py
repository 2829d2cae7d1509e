"""What of a change may be kept in the log: no secret, nothing endless, nothing the database cannot hold."""

import re
from collections.abc import Mapping
from datetime import date, time
from typing import Any

from tracker.http.logs import without_secrets

HIDDEN = "[hidden]"
_SECRET_NAME = re.compile(
    r"secret|token|passw|passphrase|private|credential|authorization|csrf|\bpin\b|otp", re.I
)
LONGEST_TEXT, MOST_ITEMS, DEEPEST = 300, 40, 4


def clean(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The values as they may be kept: those named like secrets are hidden, long ones cut."""
    if values is None:
        return None
    kept: dict[str, Any] = _cleaned(dict(values), DEEPEST)
    return kept


def text(value: object, longest: int) -> str:
    """A text that fits, without keys, NUL or halves of characters."""
    whole = str(value).replace("\x00", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()
    safe = without_secrets(whole)
    return safe if len(safe) <= longest else f"{safe[: longest - 1]}…"


def _cleaned(value: Any, depth: int) -> Any:
    if isinstance(value, Mapping):
        return _mapping(value, depth)
    if isinstance(value, list | tuple | set | frozenset):
        if depth == 0 or len(value) > MOST_ITEMS:
            return f"{len(value)} items"
        return [_cleaned(item, depth - 1) for item in value]
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return value if abs(value) < 1e300 else str(value)  # not NaN either: it compares with nothing
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    return text(value, LONGEST_TEXT)


def _mapping(value: Mapping[Any, Any], depth: int) -> Any:
    if depth == 0 or len(value) > MOST_ITEMS:
        return f"{len(value)} fields"
    return {
        text(name, 80): HIDDEN if _SECRET_NAME.search(str(name)) else _cleaned(item, depth - 1)
        for name, item in value.items()
    }
