"""The one form in which a document is hashed, the same for whoever checks it with the standard library alone. Pure.

JSON in ASCII, names sorted by code point, no white space, a number without a fraction written without one. The
database's jsonb keeps neither the order of names nor how a number was written: what is hashed depends on neither.
"""

import hashlib
import json
import math
from typing import Any

AS_IT_IS = frozenset({str, int, bool, type(None)})


class NotCanonical(ValueError):
    """A value that has no such form: a number without an end, or no JSON at all."""


def plain(value: Any) -> Any:
    """The value with each number in its one form."""
    kind = type(value)
    if kind in AS_IT_IS:
        return value
    if kind is float:
        if not math.isfinite(value):
            raise NotCanonical(f"{value} is no number of JSON")
        return int(value) if value.is_integer() else value
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def canonical(value: Any) -> bytes:
    """The bytes that are hashed. Raises NotCanonical."""
    try:
        text = json.dumps(plain(value), sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise NotCanonical(str(error)) from None
    return text.encode()


def digest(value: Any) -> bytes:
    """SHA-256 of the canonical form."""
    return hashlib.sha256(canonical(value)).digest()
