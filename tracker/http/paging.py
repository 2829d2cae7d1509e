"""Pages of a list by keyset: an opaque cursor holds where the page ended.

Cursors are sealed: one made up or meant for another list is refused by name, and what they hold may be row
numbers, which never leave the house.
"""

import base64
import binascii
from typing import TypeVar

import msgspec
from django.db.models import Model, QuerySet

from tracker.http.problems import ApiProblem
from tracker.http.query import Query, wrong
from tracker.http.seals import seal, unseal

T = TypeVar("T")
M = TypeVar("M", bound=Model)
DEFAULT_LIMIT, LARGEST_LIMIT = 100, 1000
LONGEST_CURSOR = 400


def limit_of(query: Query) -> int:
    """How many rows a page holds."""
    return query.integer("limit", DEFAULT_LIMIT, low=1, high=LARGEST_LIMIT)


def cursor_of(list_name: str, place: object) -> str:
    """The cursor of a list that goes on after `place`."""
    sealed = seal(f"cursor:{list_name}", msgspec.msgpack.encode(place))
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def place_in(list_name: str, query: Query, kind: type[T]) -> T | None:
    """Where the cursor of the query says to go on; None on the first page. A wrong cursor is a 400."""
    text = query.text("cursor", longest=LONGEST_CURSOR)
    if text is None:
        return None
    try:
        sealed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        return msgspec.msgpack.decode(unseal(f"cursor:{list_name}", sealed), type=kind)
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        raise _not_ours() from None


def newest_first(list_name: str, query: Query, rows: QuerySet[M]) -> tuple[list[M], str | None]:
    """One page of a list by row number, the newest first, and the cursor of the next; None on the last page."""
    limit, after = limit_of(query), place_in(list_name, query, int)
    if after is not None:
        rows = rows.filter(pk__lt=after)
    found = list(rows.order_by("-pk")[: limit + 1])
    return found[:limit], cursor_of(list_name, found[limit - 1].pk) if len(found) > limit else None


def _not_ours() -> ApiProblem:
    return wrong("cursor", "cursor must be the next_cursor of an answer to this same list, unchanged.")
