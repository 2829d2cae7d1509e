"""One device's walk among zones, fix by fix: evidence is gathered, crossings are told. Decision 0026 has the rule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ingest_lambda.presence import rule
from ingest_lambda.presence.rule import Crossed
from ingest_lambda.presence.state import Cause, Fix, Inside, Passing, Pending, Presence, Transition
from ingest_lambda.presence.zones import Zones

Covering = frozenset[int]


class Turn(NamedTuple):
    """That a geofence is entered or left: where the border was crossed, and which fixes say so."""

    geofence_id: int
    crossed: Crossed
    run_us: int  # the first fix on the new side; 0: longer ago than is remembered
    evidence_us: int  # the first fix that decides


class Walk:
    """What is believed of one device after `last`, and the transitions told on the way."""

    def __init__(self, zones: Zones, presence: Presence) -> None:
        self.zones = zones
        self.last = Fix(*presence.last)
        self.before = presence.before
        self.inside = {one.geofence_id: one for one in presence.inside}
        self.pending = {one.geofence_id: one for one in presence.pending}
        self.passing = presence.passing
        self.told: list[Transition] = []

    @classmethod
    def begin(cls, zones: Zones, fix: Fix, covering: Covering) -> Walk:
        """A device's first fix: it is where that says it is, until there is evidence against it."""
        walk = cls(zones, Presence(zones.number, fix))
        for geofence_id in sorted(covering):
            stay = Inside(geofence_id, fix.at_us, fix.at_us, zones.number)
            walk.inside[geofence_id] = stay
            walk._tell(Cause.FIRST_FIX, None, stay, (fix.at_us, *rule.place(fix)), fix.at_us)
        return walk

    def presence(self) -> Presence:
        """The state to keep."""
        return Presence(
            self.zones.number,
            self.last,
            tuple(self.inside[one] for one in sorted(self.inside)),
            tuple(self.pending[one] for one in sorted(self.pending)),
            self.before,
            self.passing,
        )

    @property
    def settled(self) -> bool:
        """Is there no evidence under way? Then a fix in the same zones changes nothing but `last`."""
        return not self.pending and not self.passing

    def step(self, fix: Fix, covering: Covering, long_way: bool) -> None:
        """The next fix, inside `covering`; `long_way`: the way to it may lead through a zone that neither end is in."""
        if self.passing:
            self.passed(fix)
        if covering != self.inside.keys() or self.pending:
            self._weigh(fix, covering)
        passing = self._ways_through(fix, covering) if long_way else ()
        self.before, self.last, self.passing = rule.place(self.last), fix, passing

    def follow(self, before: Sequence[Any], last: Sequence[Any]) -> None:
        """Fixes in the very zones the device is believed in, nothing under way: the last two, the short for `step`."""
        self.before, self.last = (before[1], before[2]), Fix._make(last)

    def recall(self, fix: Fix, covering: Covering, *, is_last: bool) -> None:
        """A fix of the past, what was believed at the end of it being known: evidence only, no decisions.

        Ways through are remembered for one fix only, so they are looked for on the way to the last.
        """
        if self.pending or covering != self.inside.keys():
            self.pending = {
                one: run for one, run in self.pending.items() if (one in covering) != (one in self.inside)
            }
            self._witness(fix, covering)
            self.pending = {one: rule.ripened(run, fix.at_us) for one, run in self.pending.items()}
        passing = tuple(self._ways_through(fix, covering)) if is_last else ()
        self.before, self.last, self.passing = rule.place(self.last), fix, passing

    def _weigh(self, fix: Fix, covering: Covering) -> None:
        """Evidence of this fix for and against what is believed, and the decisions it leads to."""
        left: dict[int, Turn] = {}
        entered: dict[int, Turn] = {}
        if self.zones.exact:
            self._exact(fix, covering, left, entered)
        self._returns(fix, covering, left, entered)
        self._witness(fix, covering)
        for run in [run for run in self.pending.values() if rule.proven(run, fix)]:
            self._turn(run, left, entered)
        self._stays(fix, entered)
        if left or entered:
            self._decide(fix, covering, left, entered)
        for geofence_id, run in self.pending.items():
            self.pending[geofence_id] = rule.ripened(run, fix.at_us)

    def _decide(self, fix: Fix, covering: Covering, left: dict[int, Turn], entered: dict[int, Turn]) -> None:
        """What is proven is believed, with what follows from it."""
        swapped = self._swaps(left, entered)
        self._settle(fix, left | swapped, entered)
        for turned in (*left, *swapped, *entered):
            if (turned in self.inside) == (turned in covering):
                self.pending.pop(turned, None)
            else:  # a visit already over: the fix that proved it is the first witness of its end
                self.pending[turned] = self._next(turned, None, fix, covering)

    def _exact(self, fix: Fix, covering: Covering, left: dict[int, Turn], entered: dict[int, Turn]) -> None:
        """Zones without hysteresis: the fix decides."""
        for geofence_id in covering ^ self.inside.keys():
            if self.zones.by_id[geofence_id].exact:
                turn = Turn(
                    geofence_id,
                    rule.crossed(self.zones, geofence_id, self.last, fix),
                    fix.at_us,
                    fix.at_us,
                )
                (entered if geofence_id in covering else left)[geofence_id] = turn

    def _returns(self, fix: Fix, covering: Covering, left: dict[int, Turn], entered: dict[int, Turn]) -> None:
        """Runs that this fix ends: a short visit on the way, or nothing."""
        for geofence_id, run in list(self.pending.items()):
            if (geofence_id in covering) == (geofence_id in self.inside):
                del self.pending[geofence_id]
                if rule.visited(run, fix):
                    self._turn(run, left, entered)

    def _witness(self, fix: Fix, covering: Covering) -> None:
        for geofence_id in covering ^ self.inside.keys():
            if not self.zones.by_id[geofence_id].exact:
                self.pending[geofence_id] = self._next(
                    geofence_id, self.pending.get(geofence_id), fix, covering
                )

    def _next(self, geofence_id: int, run: Pending | None, fix: Fix, covering: Covering) -> Pending:
        return rule.witness(self.zones, geofence_id, geofence_id in covering, run, self.last, fix)

    def _turn(self, run: Pending, left: dict[int, Turn], entered: dict[int, Turn]) -> None:
        evidence_us = run.clear[0] if run.clear else run.since_us
        turn = Turn(run.geofence_id, rule.turning(run), run.since_us, evidence_us)
        (left if run.geofence_id in self.inside else entered)[run.geofence_id] = turn

    def _stays(self, fix: Fix, entered: dict[int, Turn]) -> None:
        """Inside for long, if never deep, and not outside a zone it is believed in: entered."""
        if any(one in self.inside for one in self.pending):
            return
        for run in self.pending.values():
            if run.geofence_id not in entered and rule.stayed(run, fix):
                here = (fix.at_us, *rule.place(fix))
                entered[run.geofence_id] = Turn(
                    run.geofence_id, run.crossed or here, run.since_us, run.since_us or fix.at_us
                )

    def _swaps(self, left: dict[int, Turn], entered: dict[int, Turn]) -> dict[int, Turn]:
        """Zones left because another is entered by fixes outside of them; and entered because another is left for
        them. A fix in the next zone is out of this one, though neither may be deep enough by itself."""
        swapped: dict[int, Turn] = {}
        for turn in list(entered.values()):
            for run in self.pending.values():
                one = run.geofence_id
                if one in self.inside and one not in left and run.since_us <= turn.evidence_us:
                    swapped[one] = Turn(one, run.crossed or turn.crossed, turn.run_us, run.since_us)
        for turn in list(left.values()):
            for run in self.pending.values():
                one = run.geofence_id
                if one not in self.inside and one not in entered and run.since_us <= turn.evidence_us:
                    entered[one] = Turn(one, run.crossed or turn.crossed, turn.run_us, run.since_us)
        return swapped

    def _settle(self, fix: Fix, left: dict[int, Turn], entered: dict[int, Turn]) -> None:
        """Believe it, and tell it: out of one zone into the next as one transition."""
        leaving = sorted(left.values(), key=lambda turn: (turn.crossed[0], turn.geofence_id))
        for turn in sorted(entered.values(), key=lambda turn: (turn.crossed[0], turn.geofence_id)):
            stay = Inside(turn.geofence_id, turn.crossed[0], fix.at_us, self.zones.number)
            together = [one for one in leaving if one.run_us == turn.run_us]
            gone = min(together, key=lambda one: rule.near(one.crossed, turn.crossed), default=None)
            if gone is not None:
                leaving.remove(gone)
            was = self.inside.pop(gone.geofence_id) if gone is not None else None
            self._tell(Cause.MOVED, was, stay, turn.crossed, fix.at_us)
            self.inside[turn.geofence_id] = stay
        for turn in leaving:
            self._tell(Cause.MOVED, self.inside.pop(turn.geofence_id), None, turn.crossed, fix.at_us)

    def _ways_through(self, fix: Fix, covering: Covering) -> tuple[Passing, ...]:
        """Zones that the way to this fix leads through; of exact ones it is told at once."""
        if not rule.known_way(self.last, fix):
            return ()
        a, b = rule.place(self.last), rule.place(fix)
        jump = self.before is not None and rule.came_back(self.before, a, b)
        found = []
        for geofence_id in self.zones.on_way(a, b):
            border = self.zones.border(geofence_id)
            if geofence_id in self.inside or geofence_id in covering or border.covers(*a):
                continue
            if jump and not border.zone.exact:
                continue
            passage = border.passage(a, b)
            if passage is not None:
                entered = rule.moment(self.last, fix, passage.entered)
                one = Passing(geofence_id, entered, rule.moment(self.last, fix, passage.left))
                if border.zone.exact:
                    self._tell_passage(one, fix)
                else:
                    found.append(one)
        return tuple(found)

    def passed(self, fix: Fix) -> None:
        """The ways through before this fix: told, unless it is back where they began."""
        if self.before is None or not rule.came_back(self.before, rule.place(self.last), rule.place(fix)):
            for one in self.passing:
                self._tell_passage(one, fix)

    def _tell_passage(self, one: Passing, fix: Fix) -> None:
        stay = Inside(one.geofence_id, one.entered[0], fix.at_us, self.zones.number)
        self._tell(Cause.PASSED, None, stay, one.entered, fix.at_us)
        self._tell(Cause.PASSED, stay, None, one.left, fix.at_us)

    def _tell(
        self, cause: Cause, left: Inside | None, entered: Inside | None, crossed: Crossed, decided_us: int
    ) -> None:
        at_us, longitude, latitude = crossed
        version = self.zones.number
        self.told.append(Transition(cause, left, entered, at_us, decided_us, longitude, latitude, version))
