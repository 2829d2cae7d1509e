"""Wait for something to become true: the tests' only way to let time pass."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(look: Callable[[], T], *, timeout_s: float = 15.0, every_s: float = 0.05, says: str = "") -> T:
    """What `look` returns once it is true; AssertionError with what it returned last after `timeout_s` seconds."""
    ends = time.monotonic() + timeout_s
    while not (seen := look()):
        if time.monotonic() > ends:
            raise AssertionError(
                f"{says or 'it did not come true'} within {timeout_s:g} s; last seen: {seen!r}"
            )
        time.sleep(every_s)
    return seen
