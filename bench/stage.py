"""A whole product of its own for a measurement, and how its figures are read from outside."""

import json
import time
import urllib.request
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import psycopg
from box.throwaway import Throwaway


class Stage:
    """A throw-away stack with durable databases: what is measured is what `make run` runs."""

    def __init__(self) -> None:
        self.stack = Throwaway(durable=True, with_fleet=False)

    def __enter__(self) -> Self:
        self.stack.up()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stack.down()

    def sql(self, statement: str, *values: Any) -> Any:
        """The first column of the first row, asked as the owner of the tables."""
        everything = "-c milepost.unscoped=bench"  # row-level security binds the owner too
        with psycopg.connect(
            self.stack.database_url("owner"), autocommit=True, options=everything
        ) as connection:
            row = connection.execute(statement, values).fetchone()
        return row[0] if row else None

    def run(self, statement: str, **values: Any) -> Any:
        """The same with values by name."""
        everything = "-c milepost.unscoped=bench"
        with psycopg.connect(
            self.stack.database_url("owner"), autocommit=True, options=everything
        ) as connection:
            row = connection.execute(statement, values).fetchone()
        return row[0] if row else None

    def do(self, statement: str) -> None:
        """What has no result."""
        with psycopg.connect(self.stack.database_url("owner"), autocommit=True) as connection:
            connection.execute(statement)

    def environment_id(self, kind: str = "test") -> int:
        """The number of the demo tenant's environment."""
        return int(
            self.sql(
                "SELECT e.id FROM tracker_environment e JOIN tracker_tenant t ON t.id = e.tenant_id"
                " WHERE e.kind = %s AND t.name LIKE 'Demo%%' ORDER BY e.id LIMIT 1",
                kind,
            )
        )

    def counted(self, environment_id: int) -> int:
        """Reports of the environment that have their outcome."""
        return int(
            self.sql(
                "SELECT coalesce(sum(count), 0) FROM tracker_outcomecount WHERE environment_id = %s",
                environment_id,
            )
        )

    def post(self, path: str, body: dict[str, Any]) -> None:
        """One POST with the demo's publishable key."""
        request = urllib.request.Request(
            self.stack.base_url + path,
            json.dumps(body).encode(),
            {
                "Authorization": f"Bearer {self.stack.demo['publishable_key']}",
                "Content-Type": "application/json",
            },
        )
        with urllib.request.urlopen(request, timeout=30):
            pass


def wait_for(what: str, true: Callable[[], bool], *, seconds: float = 120, every: float = 0.05) -> float:
    """Wait until it holds; how many seconds that took. Raises TimeoutError."""
    began = time.monotonic()
    while not true():
        if time.monotonic() - began > seconds:
            raise TimeoutError(f"{what}: not within {seconds:.0f} s")
        time.sleep(every)
    return time.monotonic() - began


def share(values: list[float], part: float) -> float:
    """The value below which that part of them lies; values need not be sorted."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]
