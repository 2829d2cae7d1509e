"""Times of a route whose stops leave a choice: several slots, soft slots, rests. The best by Pareto labels.

A label is one way to have come so far: the second it is over, what was paid for slots, how many rests are taken.
Of two with the same rests the one that is later and dearer is dropped, so few are left at each stop.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dispatch.optimiser.clock import arrival
from dispatch.optimiser.indexed import Indexed
from dispatch.optimiser.problem import Break, Stop
from dispatch.optimiser.timing import Refusal, Timed, finish

# Early prices add one more label a stop; this many have never been needed in trials and bound a strange input.
MOST_LABELS = 24


@dataclass(slots=True)
class Label:
    """The best known way to be over with a stop at a second; `before` leads back to the start."""

    time_s: int
    late: int
    early: int
    rests: int
    visit: tuple[int, int, int, int | None] | None = None
    taken: tuple[tuple[int, int, int, bool], ...] = ()  # rests of this leg
    before: "Label | None" = None

    @property
    def paid(self) -> int:
        return self.late + self.early


def best_timing(
    ix: Indexed, vehicle: int, order: Sequence[int], leave_s: int, now: int, here: int
) -> Timed | Refusal:
    """The cheapest times when the first leg begins at `now` from `here` and the route began at `leave_s`."""
    on_the_way = ix.outsets[vehicle].on_the_way
    begin = now if on_the_way else leave_s
    rests = ix.rests[vehicle] if order else ()
    past = sum(1 for rest in rests if rest.latest_s < begin)
    labels = [Label(now, 0, 0, past)]
    for number, stop in enumerate(order):
        reach = _Reach(ix, vehicle, rests, number, at_place=number > 0 or on_the_way)
        arrived = [label for before in labels for label in reach.legs(before, here, ix.place[stop])]
        if not arrived:
            return Refusal("no_way", stop)
        served = [
            label for before in arrived for label in _services(ix.stops[stop], ix.service[stop], before)
        ]
        if not served:
            return Refusal("slot", stop, _late_by(ix.stops[stop], min(label.time_s for label in arrived)))
        labels = _undominated(served)
        here = ix.place[stop]
    return _best_end(ix, vehicle, order, leave_s, rests, labels, here)


class _Reach:
    """The ways from one stop to the next: straight on, resting before it leaves, or when it arrives."""

    def __init__(
        self, ix: Indexed, vehicle: int, rests: Sequence[Break], number: int, at_place: bool
    ) -> None:
        self.legs_of = ix.vehicle_legs[vehicle]
        self.rests, self.number, self.at_place = rests, number, at_place

    def legs(self, label: Label, here: int, there: int) -> Iterator[Label]:
        for ready in self.departures(label):
            reached = arrival(self.legs_of, here, there, ready.time_s)
            if reached is None:
                return
            arrived = Label(
                reached, ready.late, ready.early, ready.rests, (reached, 0, 0, None), ready.taken, label
            )
            yield arrived
            rested = self._rest(arrived, on_arrival=True)
            if rested is not None:
                yield rested

    def departures(self, label: Label) -> Iterator[Label]:
        plain = Label(label.time_s, label.late, label.early, label.rests)
        yield plain
        if self.at_place:
            rested = self._rest(plain, on_arrival=False)
            if rested is not None:
                yield rested

    def _rest(self, label: Label, *, on_arrival: bool) -> Label | None:
        if label.rests >= len(self.rests):
            return None
        rest = self.rests[label.rests]
        begin = max(label.time_s, rest.earliest_s)
        if begin > rest.latest_s:
            return None
        taken = (*label.taken, (begin, begin + rest.duration_s, self.number, on_arrival))
        return Label(
            begin + rest.duration_s,
            label.late,
            label.early,
            label.rests + 1,
            label.visit,
            taken,
            label.before,
        )


def slot_choices(stop: Stop, ready_s: int) -> Iterator[tuple[int, int, int, int | None]]:
    """Begins that a stop allows from `ready_s` on: (second, late price, early price, number of the slot)."""
    if not stop.slots:
        yield ready_s, 0, 0, None
    for number, slot in enumerate(stop.slots):
        if slot.earliest_s > slot.latest_s:
            continue  # a slot that ends before it begins holds nothing
        if ready_s <= slot.latest_s:
            yield max(ready_s, slot.earliest_s), 0, 0, number
            if ready_s < slot.earliest_s and slot.early_price is not None:
                yield ready_s, 0, slot.early_price * (slot.earliest_s - ready_s), number
        elif slot.late_price is not None and (slot.late_limit_s is None or ready_s <= slot.late_limit_s):
            yield ready_s, slot.late_price * (ready_s - slot.latest_s), 0, number


def _services(stop: Stop, service_s: int, label: Label) -> Iterator[Label]:
    assert label.visit is not None  # noqa: S101 - an arrival has its second
    reached = label.visit[0]
    for start, late, early, number in slot_choices(stop, label.time_s):
        end = start + service_s
        yield Label(
            end, label.late + late, label.early + early, label.rests,
            (reached, start, end, number), label.taken, label.before,
        )  # fmt: skip


def _late_by(stop: Stop, ready_s: int) -> int:
    """The least by which any slot is missed; 0 where no slot can hold anything."""
    limits = [
        slot.latest_s if slot.late_price is None or slot.late_limit_s is None else slot.late_limit_s
        for slot in stop.slots
        if slot.earliest_s <= slot.latest_s
    ]
    return min((ready_s - limit for limit in limits), default=0)


def _undominated(labels: list[Label]) -> list[Label]:
    """Of labels with equal rests, those that are cheaper than every earlier one."""
    kept: list[Label] = []
    least: dict[int, int] = {}
    for label in sorted(labels, key=lambda one: (one.time_s, one.paid)):
        if label.paid < least.get(label.rests, 1 << 62):
            least[label.rests] = label.paid
            kept.append(label)
    return kept[:MOST_LABELS]


def _best_end(
    ix: Indexed,
    vehicle: int,
    order: Sequence[int],
    leave_s: int,
    rests: Sequence[Break],
    labels: list[Label],
    here: int,
) -> Timed | Refusal:
    one = ix.vehicles[vehicle]
    best: tuple[int, Timed] | None = None
    refusal: Refusal | None = None
    reach = _Reach(ix, vehicle, rests, len(order), at_place=True)
    for label in labels:
        for ready in reach.departures(label):
            timed = _unrolled(label, ready, leave_s)
            ended = finish(ix, vehicle, order, timed, ready.time_s, here)
            if isinstance(ended, Timed) and any(rest.latest_s < ended.end_s for rest in rests[ready.rests :]):
                ended = Refusal("break", order[-1] if order else None, rests[ready.rests].duration_s)
            if isinstance(ended, Refusal):
                refusal = refusal or ended
                continue
            over = 0 if one.overtime_after_s is None else max(0, ended.duration_s - one.overtime_after_s)
            cost = label.paid + one.second_price * ended.duration_s + one.overtime_price * over
            if best is None or (cost, ended.end_s) < (best[0], best[1].end_s):
                best = (cost, ended)
    if best is not None:
        return best[1]
    return refusal or Refusal("break")


def _unrolled(label: Label, ready: Label, leave_s: int) -> Timed:
    timed = Timed(leave_s, 0, 0, late_cost=label.late, early_cost=label.early)
    one: Label | None = label
    taken = [*ready.taken]
    while one is not None:
        if one.visit is not None:
            timed.visits.append(one.visit)
            taken = [*one.taken, *taken]
        one = one.before
    timed.visits.reverse()
    timed.rests = taken
    return timed
