"""Pages of a list by keyset: an opaque cursor holds where the page ended.

Cursors are sealed: authenticated, so that one made up or meant for another list is refused by name, and
enciphered, because what they hold may be row numbers, which never leave the house. The seal is a synthetic
initialisation vector made of two keyed hashes: the tag is a hash of the contents, the key stream a hash of the tag.
"""

import base64
import binascii
import hmac
from typing import TypeVar

import msgspec
from django.conf import settings

from tracker.http.problems import ApiProblem
from tracker.http.query import Query, wrong

T = TypeVar("T")
DEFAULT_LIMIT, LARGEST_LIMIT = 100, 1000
TAG_BYTES = 8
LONGEST_CURSOR = 400


class BrokenSeal(ValueError):
    """Bytes that we did not seal, or not for this purpose."""


def seal(purpose: str, contents: bytes) -> bytes:
    """The contents as bytes that only we can make or read, 8 longer; the same ones each time."""
    tag = _keyed(b"tag", purpose, contents)[:TAG_BYTES]
    return tag + _stream(purpose, tag, contents)


def unseal(purpose: str, sealed: bytes) -> bytes:
    """The contents sealed for this purpose; raises BrokenSeal."""
    tag = sealed[:TAG_BYTES]
    contents = _stream(purpose, tag, sealed[TAG_BYTES:])
    if not hmac.compare_digest(tag, _keyed(b"tag", purpose, contents)[:TAG_BYTES]):
        raise BrokenSeal
    return contents


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


def _not_ours() -> ApiProblem:
    return wrong("cursor", "cursor must be the next_cursor of an answer to this same list, unchanged.")


def _stream(purpose: str, tag: bytes, contents: bytes) -> bytes:
    """The contents with the tag's key stream laid over them; doing it twice gives them back."""
    key = b""
    while len(key) < len(contents):
        key += _keyed(b"stream", purpose, tag + len(key).to_bytes(4, "big"))
    return bytes(a ^ b for a, b in zip(contents, key, strict=False))


def _keyed(use: bytes, purpose: str, contents: bytes) -> bytes:
    secret = b"milepost.paging." + use + b"." + settings.SECRET_KEY.encode()
    return hmac.digest(secret, purpose.encode() + b"\x00" + contents, "sha256")
