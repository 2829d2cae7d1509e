"""Pages of a list by keyset: the link to the next page holds, sealed, the last row's number."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db import models

from tracker.http.seals import seal, unseal

M = TypeVar("M", bound=models.Model)
PURPOSE = "console page"


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
    return Page(found, seal(PURPOSE, found[-1].pk.to_bytes(8, "big")).hex() if more else "", after is None)


def _number(cursor: str) -> int | None:
    try:
        return int.from_bytes(unseal(PURPOSE, bytes.fromhex(cursor)), "big")
    except ValueError:  # a broken seal is one too
        return None
