"""How a caller names a device in an address: our id `dev_…`, or `external:` and the id its owner gave it."""

import uuid
from dataclasses import dataclass

from tracker.tenants.identifiers import BadIdentifier, parse_id

EXTERNAL = "external:"
LONGEST_EXTERNAL_ID = 200


class BadReference(ValueError):
    """A text that names no device in either way."""


@dataclass(frozen=True)
class DeviceReference:
    """Exactly one of the two is set."""

    uid: uuid.UUID | None = None
    external_id: str | None = None


class DeviceReferenceConverter:
    """Takes everything up to the end or the next part of the address: external ids may hold slashes, any character."""

    regex = r"[\s\S]+"

    def to_python(self, value: str) -> str:
        """As it is; `parse_reference` says later what is wrong with it, in a problem document."""
        return value

    def to_url(self, value: str) -> str:
        """As it is; Django escapes it."""
        return value


def parse_reference(text: str) -> DeviceReference:
    """The reference in `text`; raises BadReference."""
    if text.startswith(EXTERNAL):
        external_id = text.removeprefix(EXTERNAL)
        if not external_id or len(external_id) > LONGEST_EXTERNAL_ID or "\x00" in external_id:
            raise BadReference
        return DeviceReference(external_id=external_id)
    try:
        return DeviceReference(uid=parse_id("dev", text))
    except BadIdentifier:
        raise BadReference from None
