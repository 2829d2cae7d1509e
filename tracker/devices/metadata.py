"""What may stand in a device's metadata: a JSON object of modest size that PostgreSQL can keep. Pure."""

import json
import math
from typing import Any

LARGEST_BYTES = 16_384
DEEPEST = 20
LONGEST_HUB = 200


class BadMetadata(ValueError):
    """A value that cannot be metadata; its text says why."""


def storable(value: Any) -> dict[str, Any]:
    """The object without what jsonb refuses: NUL characters go, halves of surrogate pairs become U+FFFD.

    Raises BadMetadata for anything that is no object, too deep, too large, or holds a number without an end.
    """
    if not isinstance(value, dict):
        raise BadMetadata("metadata must be an object")
    clean = _clean(value, DEEPEST)
    if len(json.dumps(clean, ensure_ascii=False).encode()) > LARGEST_BYTES:
        raise BadMetadata(f"metadata must not be larger than {LARGEST_BYTES} bytes")
    return dict(clean)


def hub_in(metadata: dict[str, Any]) -> str:
    """The hub a device belongs to, where its metadata names one as a text; the map filters by it."""
    hub = metadata.get("hub")
    return hub[:LONGEST_HUB] if isinstance(hub, str) else ""


def _clean(value: Any, levels: int) -> Any:
    if levels < 0:
        raise BadMetadata(f"metadata must not be nested deeper than {DEEPEST} levels")
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise BadMetadata("metadata holds a number that is too large")
    if isinstance(value, dict):
        return {_text(str(name)): _clean(item, levels - 1) for name, item in value.items()}
    if isinstance(value, list):
        return [_clean(item, levels - 1) for item in value]
    return value


def _text(text: str) -> str:
    return text.replace("\x00", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
