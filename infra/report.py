"""What the cloud commands print: packages, plans and the table of a rehearsal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from infra.changes import Action, Change
from infra.packages import Package

SIGNS = {Action.ADD: "+", Action.CHANGE: "~", Action.REPLACE: "-/+", Action.REMOVE: "-"}


class Check(NamedTuple):
    """One thing read back: what was asked for and what stands."""

    what: str
    wanted: object
    found: object

    @property
    def fine(self) -> bool:
        """Whether they are the same."""
        return self.wanted == self.found


def said_package(made: Package) -> Iterator[str]:
    """Size and contents of a zip."""
    yield f"{made.stage}: {made.size / 1024:,.0f} KiB  {made.path}"
    for top, size in sorted(made.tops.items(), key=lambda pair: -pair[1]):
        yield f"    {size / 1024:9,.1f} KiB  {top}"


def said_changes(found: list[Change]) -> Iterator[str]:
    """A plan, stack by stack."""
    stack = ""
    for change in found:
        if change.stack != stack:
            stack = change.stack
            yield stack
        what = f"  {', '.join(change.properties)}" if change.properties else ""
        loses = "   HOLDS DATA" if change.loses_state else ""
        yield f"  {SIGNS[change.action]:>3} {change.resource}  {change.type}{what}{loses}"
    counts = {action: sum(change.action is action for change in found) for action in Action}
    yield (
        "nothing changes"
        if not found
        else ", ".join(f"{count} to {action}" for action, count in counts.items() if count)
    )


def said_checks(checks: Iterable[Check]) -> Iterator[str]:
    """The table of what was read back."""
    for check in checks:
        told = str(check.found) if check.fine else f"{check.found!r}, and {check.wanted!r} was asked for"
        yield f"  {'same' if check.fine else 'DIFFERS':<8} {check.what:<52} {told[:110] if check.fine else told}"
