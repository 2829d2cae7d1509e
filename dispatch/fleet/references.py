"""How a caller names a hub, driver or vehicle: our id (`hub_…`), or `external:` and the id its owner gave it."""

from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet

from tracker.devices.references import EXTERNAL, LONGEST_EXTERNAL_ID
from tracker.tenants.identifiers import BadIdentifier, parse_id

M = TypeVar("M", bound=Model)


def reference_in(prefix: str, text: str) -> dict[str, UUID | str] | None:
    """The filter that finds it: by uid or by external id. None for a text that names nothing."""
    if text.startswith(EXTERNAL):
        external_id = text.removeprefix(EXTERNAL)
        named = 0 < len(external_id) <= LONGEST_EXTERNAL_ID and "\x00" not in external_id
        return {"external_id": external_id} if named else None
    try:
        return {"uid": parse_id(prefix, text)}
    except BadIdentifier:
        return None


def find(rows: QuerySet[M, Any], prefix: str, text: str) -> M | None:
    """The row of these that the text names."""
    named = reference_in(prefix, text)
    found: M | None = rows.filter(**named).first() if named is not None else None
    return found
