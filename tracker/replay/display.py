"""What a replay shows on the terminal: a bar that moves, or plain lines where nobody watches; a table at the end."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

LINE_EVERY_S = 5.0


class Advance(Protocol):
    """Told of fixes that were sent."""

    def __call__(self, count: int) -> None:
        """`count` more fixes were answered."""


def console_on(stream: IO[str]) -> Console:
    """A console that writes to `stream`; plain, and of a fixed width, where that is no terminal."""
    return Console(file=stream, highlight=False, soft_wrap=not stream.isatty())


@contextmanager
def progress(console: Console, total: int) -> Iterator[Advance]:
    """Shows how many of `total` fixes were sent."""
    if not console.is_terminal:
        yield _Lines(console, total)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("sending", total=total)
        yield lambda count: bar.advance(task, count)


class _Lines:
    """Every few seconds a line: progress that reads well in a log."""

    def __init__(self, console: Console, total: int) -> None:
        self.console, self.total, self.sent = console, total, 0
        self.said_at = time.monotonic()

    def __call__(self, count: int) -> None:
        self.sent += count
        if time.monotonic() - self.said_at >= LINE_EVERY_S or self.sent >= self.total:
            self.said_at = time.monotonic()
            self.console.print(f"{self.sent:,} of {self.total:,} fixes sent")


def table(console: Console, rows: Mapping[str, str]) -> None:
    """Names and figures, the figures right-aligned."""
    grid = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    grid.add_column()
    grid.add_column(justify="right")
    for name, figure in rows.items():
        grid.add_row(name, figure)
    console.print(grid)
