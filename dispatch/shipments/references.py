"""How a caller names a shipment: our id `shp_…`, or `external:` and the id its owner gave it."""

from uuid import UUID

from tracker.devices.references import EXTERNAL, DeviceReferenceConverter
from tracker.tenants.identifiers import BadIdentifier, parse_id

LONGEST_EXTERNAL_ID = 200


class ShipmentReferenceConverter(DeviceReferenceConverter):
    """Everything up to the end or the next part of the address: external ids may hold slashes, any character."""


def reference_in(text: str) -> dict[str, UUID | str] | None:
    """The filter that finds it: by uid or by external id. None for a text that names nothing."""
    if text.startswith(EXTERNAL):
        external_id = text.removeprefix(EXTERNAL)
        named = 0 < len(external_id) <= LONGEST_EXTERNAL_ID and "\x00" not in external_id
        return {"external_id": external_id} if named else None
    try:
        return {"uid": parse_id("shp", text)}
    except BadIdentifier:
        return None
