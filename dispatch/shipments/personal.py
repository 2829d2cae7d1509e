"""Takes what an event says of the recipient out of it, and puts it back: the event keeps a salted digest. Pure.

The events stay for ever and their hashes cover the digest, so the recipient's data can be deleted and the chain still
holds; while it is there, the digest proves that it is what was written. Without the salt, which goes with it, nobody
can find a telephone number by trying them all.
"""

import secrets
from typing import Any

from msgspec import NODEFAULT, Struct, to_builtins
from msgspec.structs import fields, replace

from dispatch.shipments.canonical import digest, plain
from dispatch.shipments.commands import Command
from dispatch.shipments.kinds import KINDS, Event

DIGEST = "personal_sha256"  # the name in the event's data
SALT_BYTES = 16


class Personal(Struct, frozen=True):
    """What is kept beside an event."""

    salt: str  # hexadecimal
    data: dict[str, Any]


def taken_apart(event: Event) -> tuple[dict[str, Any], Personal | None]:
    """The data of an event as it is stored for ever, and what is kept beside it."""
    data = plain(to_builtins(event))
    found = {name: data.pop(name) for name in type(event).PERSONAL if name in data}
    if not found:
        return data, None
    personal = Personal(secrets.token_hex(SALT_BYTES), found)
    return data | {DIGEST: digest_of(personal)}, personal


def digest_of(personal: Personal) -> str:
    """Hexadecimal SHA-256 of the canonical form of {"personal": data, "salt": salt}."""
    return digest({"personal": personal.data, "salt": personal.salt}).hex()


def put_together(data: dict[str, Any], personal: dict[str, Any] | None) -> dict[str, Any]:
    """The data of an event as a whole, without the digest; where it was forgotten, without what was."""
    whole = {name: value for name, value in data.items() if name != DIGEST}
    return whole | personal if personal else whole


def bare(command: Command) -> Command:
    """The command without what it says of the recipient, for a shipment whose recipient is forgotten."""
    names = {name for kind in KINDS.values() for name in kind.PERSONAL}
    nothing = {field.name: field.default for field in fields(command) if field.name in names}
    nothing |= {"metadata": {}} if "metadata" in nothing else {}
    return replace(command, **{name: value for name, value in nothing.items() if value is not NODEFAULT})
