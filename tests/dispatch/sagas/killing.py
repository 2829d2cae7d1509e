"""Ends work as kill -9 does: before any statement, and before or behind any commit, with nothing of ours reacting."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection


class Killed(BaseException):
    """No handler of ours catches it."""


class Counter:
    """Counts down; the one who reaches nought dies."""

    def __init__(self, number: int) -> None:
        self.left = number
        self.struck = False

    def beat(self) -> None:
        if self.left == 0 and not self.struck:
            self.struck = True
            raise Killed
        self.left -= 1

    def __call__(self, execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        self.beat()
        return execute(sql, params, many, context)


@contextmanager
def killed_at(number: int) -> Iterator[Counter]:
    """Dies at the n-th of: each statement, each commit just before it, each commit just behind it.

    Afterwards the connection is closed, as the server does when a client is gone.
    """
    counter = Counter(number)
    plain = connection.commit

    def commit() -> None:
        counter.beat()
        plain()
        counter.beat()

    vars(connection)["commit"] = commit
    try:
        with connection.execute_wrapper(counter):
            yield counter
    except BaseException:  # dying inside a commit, Django's own tidying up fails on top of it
        if not counter.struck:
            raise
        connection.close()
    finally:
        del vars(connection)["commit"]
