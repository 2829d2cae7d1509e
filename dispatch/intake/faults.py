"""What is wrong with a row or a file of shipments: a reason, and the cell it stands in. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

LONGEST_VALUE = 120  # of a cell, as it is repeated beside its fault


class Unreadable(Exception):
    """The file as a whole cannot be read; the text tells a person why, and what would help."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong. `refused`: the row cannot be taken; otherwise it is taken and a person is warned."""

    column: str
    cell: str  # as a spreadsheet names it, F17; empty where the fault is of the row
    value: str
    reason: str
    refused: bool = True

    def document(self) -> dict[str, Any]:
        """As it is stored and as the API gives it."""
        return {
            "column": self.column,
            "cell": self.cell,
            "value": self.value,
            "reason": self.reason,
            "refused": self.refused,
        }


@dataclass(slots=True)
class RowFaults:
    """The faults of one row, in the order they were met."""

    number: int  # as a spreadsheet counts: the heading is usually row 1
    found: list[Fault] = field(default_factory=list)

    def add(
        self,
        reason: str,
        *,
        column: str = "",
        index: int | None = None,
        value: str = "",
        refused: bool = True,
    ) -> None:
        """Note a fault; `index` counts the columns from 0."""
        cell = cell_name(index, self.number) if index is not None else ""
        shown = value if len(value) <= LONGEST_VALUE else f"{value[: LONGEST_VALUE - 1]}…"
        self.found.append(Fault(column, cell, shown, reason, refused))

    @property
    def refused(self) -> bool:
        """Whether the row cannot be taken."""
        return any(fault.refused for fault in self.found)


def column_letters(index: int) -> str:
    """0 is A, 25 is Z, 26 is AA: as spreadsheets name their columns."""
    letters = ""
    index += 1
    while index:
        index, digit = divmod(index - 1, 26)
        letters = chr(ord("A") + digit) + letters
    return letters


def cell_name(index: int, number: int) -> str:
    """`F17` of column 5 (counted from 0) in row 17."""
    return f"{column_letters(index)}{number}"


def words(items: Sequence[str], most: int = 8) -> str:
    """`a, b and c`, cut after `most`."""
    shown = [item if len(item) <= 40 else f"{item[:39]}…" for item in items[:most]]
    if len(items) > most:
        return f"{', '.join(shown)} and {len(items) - most} more"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
