"""Public ids: a prefix that says what it is, and the row's random uid. Row numbers never leave the house."""

import uuid


class BadIdentifier(ValueError):
    """A text that is no public id of the kind expected."""


def public_id(prefix: str, uid: uuid.UUID) -> str:
    """`dev_0190…`: the prefix and 32 hexadecimal digits."""
    return f"{prefix}_{uid.hex}"


def parse_id(prefix: str, text: str) -> uuid.UUID:
    """The uid inside a public id; raises BadIdentifier for anything else."""
    head, _, digits = text.partition("_")
    if head != prefix or len(digits) != 32:
        raise BadIdentifier(f"{text[:60]!r} is not an id that begins with {prefix}_")
    try:
        return uuid.UUID(hex=digits)
    except ValueError:
        raise BadIdentifier(f"{text[:60]!r} is not an id that begins with {prefix}_") from None
