"""How a caller names a geofence: our id `gf_…`, or `external:` and the id its owner gave it."""

from uuid import UUID

from tracker.devices.references import EXTERNAL
from tracker.geofences.shape_facts import LONGEST_EXTERNAL_ID
from tracker.tenants.identifiers import BadIdentifier, parse_id


def reference_in(text: str) -> dict[str, UUID | str] | None:
    """The filter that finds it: by uid or by external id. None for a text that names nothing."""
    if text.startswith(EXTERNAL):
        external_id = text.removeprefix(EXTERNAL)
        named = 0 < len(external_id) <= LONGEST_EXTERNAL_ID and "\x00" not in external_id
        return {"external_id": external_id} if named else None
    try:
        return {"uid": parse_id("gf", text)}
    except BadIdentifier:
        return None
