"""Parts of routes by how long they take and when they can begin: two of them joined, in constant time."""

from typing import NamedTuple

from dispatch.optimiser.core import FOREVER, Core, VehicleType


class Span(NamedTuple):
    """A part that is in time when it begins no later than `late`; before `early` it only waits longer."""

    time: int
    early: int
    late: int


def joined(first: Span, travel: int, second: Span) -> Span | None:
    """Both driven one after the other (Vidal et al. 2013); None where the second would be late."""
    reach = first.time + travel
    if first.early + reach > second.late:
        return None
    wait = max(0, second.early - reach - first.late)
    early = max(second.early - reach, first.early) - wait
    return Span(reach + second.time + wait, early, min(second.late - reach, first.late))


def ends_of(core: Core, kind: VehicleType) -> tuple[Span, Span]:
    """Leaving and being back."""
    start, end = core.depots[kind.start], core.depots[kind.end]
    leaves = FOREVER if kind.start_late is None else kind.start_late
    return (
        Span(0, max(kind.early, start.early), min(leaves, kind.late, start.late)),
        Span(0, end.early, min(kind.late, end.late)),
    )
