"""Pages of a list by keyset: the link to the next page holds, signed, the last row's number."""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core import signing
from django.db import models

M = TypeVar("M", bound=models.Model)
SALT = "milepost.console.paging"


@dataclass(frozen=True)
class Page(Generic[M]):
    """Some rows, and the cursor that asks for those after them (empty on the last page)."""

    rows: list[M]
    next: str
    first: bool


def newest_first(rows: models.QuerySet[M], cursor: str, *, size: int) -> Page[M]:
    """The rows after the cursor, highest number first. A cursor that is not ours begins at the top."""
    after = _number(cursor)
    if after is not None:
        rows = rows.filter(pk__lt=after)
    found = list(rows.order_by("-pk")[: size + 1])
    more = len(found) > size
    found = found[:size]
    return Page(found, signing.dumps(found[-1].pk, salt=SALT) if more else "", after is None)


def _number(cursor: str) -> int | None:
    try:
        value: Any = signing.loads(cursor, salt=SALT) if cursor else None
    except signing.BadSignature:
        return None
    return value if isinstance(value, int) else None
