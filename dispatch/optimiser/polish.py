"""Exact local improvement: what engines cannot see (hours of the day, rests, soft slots, change, fairness, groups).

Every move is priced by the full rules before it is made, so the plan is feasible whenever the search is stopped.
"""

import random
from collections.abc import Callable, Iterator

from dispatch.optimiser.insertion import best_insertion
from dispatch.optimiser.near import Near
from dispatch.optimiser.plan import Order, Plan
from dispatch.optimiser.repair import eject_for, serve_left_out
from dispatch.optimiser.stop import Stop
from dispatch.optimiser.timing import Refusal

NEAREST = 8  # partners tried for each stop
MOST_IDLE = 3  # idle vehicles tried for each stop
LONGEST_CHAIN = 3
FEW = 40  # so many stops left out are tried everywhere even when time is up: milliseconds each

Changes = dict[int, Order]


def polish(plan: Plan, stop: Stop, seed: int = 0, on_better: Callable[[Plan], None] | None = None) -> Plan:
    """The plan improved until `stop` says so, or nothing is found any more. The argument itself is not changed."""
    return _Polish(plan.copy(), stop, random.Random(seed), on_better).run()  # noqa: S311 - a search, not a secret


class _Polish:
    def __init__(
        self, plan: Plan, stop: Stop, rng: random.Random, on_better: Callable[[Plan], None] | None
    ) -> None:
        self.plan, self.stop, self.rng, self.on_better = plan, stop, rng, on_better
        self.near = Near(plan.ix)

    def run(self) -> Plan:
        until: Stop = never if len(self.plan.unserved) <= FEW else self.stop
        serve_left_out(self.plan, self.near, until)
        for stop in sorted(self.plan.unserved, key=lambda s: -self.plan.ix.price[s]):
            if self._over():
                return self.plan
            if not self._gather(stop):
                eject_for(self.plan, stop, self.near, self.stop)
        self._report()
        improved = True
        while improved and not self._over():
            improved = self._round()
            self._report()
        self._shake()
        return self.plan

    def _over(self) -> bool:
        return self.stop(self.plan.cost)

    def _report(self) -> None:
        if self.on_better is not None:
            self.on_better(self.plan)

    def _round(self) -> bool:
        """Try every move of every served stop once; True when one paid."""
        improved = False
        stops = list(self.plan.at)
        self.rng.shuffle(stops)
        for stop in stops:
            if self._over():
                return False
            if stop in self.plan.at and self._improve(stop):
                improved = True
        return improved

    def _improve(self, stop: int) -> bool:
        for changes in self._moves(stop):
            delta = self.plan.price(changes)
            if not isinstance(delta, Refusal) and delta < 0:
                self.plan.put(changes)
                return True
        return False

    def _moves(self, stop: int) -> Iterator[Changes]:
        yield from self._relocations(stop)
        home = self.plan.at[stop]
        for other in self.near.stops(stop, NEAREST):
            there = self.plan.at.get(other)
            if there is None:
                continue
            if there != home:
                yield from self._exchanges(stop, home, other, there)
            else:
                yield from self._turns(stop, other, home)
        yield from self._group_moves(stop)

    def _relocations(self, stop: int) -> Iterator[Changes]:
        """The stop, alone or with those that follow it, to the best place of a neighbouring or idle vehicle."""
        home = self.plan.at[stop]
        order = self.plan.orders[home]
        at = order.index(stop)
        vehicles = self.near.vehicles(self.plan, stop, NEAREST, MOST_IDLE)
        rest = (*order[:at], *order[at + 1 :])
        again = best_insertion(self.plan, stop, home, rest, most=4)
        if again is not None and again.order != order:
            yield {home: again.order}
        for vehicle in vehicles:
            if vehicle == home:
                continue
            place = best_insertion(self.plan, stop, vehicle, most=3)
            if place is None:
                continue
            yield {home: rest, vehicle: place.order}
            for length in range(2, LONGEST_CHAIN + 1):
                chain = order[at : at + length]
                if len(chain) == length:
                    target = place.order
                    here = target.index(stop)
                    yield {
                        home: (*order[:at], *order[at + length :]),
                        vehicle: (*target[:here], *chain, *target[here + 1 :]),
                    }

    def _exchanges(self, stop: int, home: int, other: int, there: int) -> Iterator[Changes]:
        """Swap two stops, or the tails of their routes behind and before them."""
        mine, theirs = self.plan.orders[home], self.plan.orders[there]
        a, b = mine.index(stop), theirs.index(other)
        yield {home: (*mine[:a], other, *mine[a + 1 :]), there: (*theirs[:b], stop, *theirs[b + 1 :])}
        yield {home: (*mine[: a + 1], *theirs[b:]), there: (*theirs[:b], *mine[a + 1 :])}
        yield {home: (*mine[:a], *theirs[b + 1 :]), there: (*theirs[: b + 1], *mine[a:])}

    def _turns(self, stop: int, other: int, home: int) -> Iterator[Changes]:
        """Drive the part between two stops of one route the other way round."""
        order = self.plan.orders[home]
        a, b = sorted((order.index(stop), order.index(other)))
        yield {home: (*order[:a], *reversed(order[a : b + 1]), *order[b + 1 :])}

    def _group_moves(self, stop: int) -> Iterator[Changes]:
        """All of a group that must go together, to another vehicle at once."""
        ix, plan = self.plan.ix, self.plan
        for group in ix.together_of.get(stop, ()):
            members = [s for s in ix.together[group] if plan.at.get(s) is not None]
            if len(members) < 2 or any(s in ix.fixed_at for s in ix.together[group]):
                continue
            home = plan.at[stop]
            rest = tuple(s for s in plan.orders[home] if s not in members)
            for vehicle in self.near.vehicles(plan, stop, NEAREST, MOST_IDLE):
                if vehicle == home:
                    continue
                order: Order | None = plan.orders[vehicle]
                for member in members:
                    order = None if order is None else placed(plan, member, vehicle, order, {home: rest})
                if order is not None:
                    yield {home: rest, vehicle: order}

    def _gather(self, stop: int) -> bool:
        """Serve a stop that was left out for its group: the whole group on whichever vehicle takes it cheapest."""
        ix, plan = self.plan.ix, self.plan
        for group in ix.together_of.get(stop, ()):
            if any(s in ix.fixed_at for s in ix.together[group]):
                continue
            members = [stop, *(s for s in ix.together[group] if s in plan.at)]
            homes = {plan.at[s] for s in members[1:]}
            rest = {v: tuple(s for s in plan.orders[v] if s not in members) for v in homes}
            near = dict.fromkeys(
                v for s in members for v in self.near.vehicles(plan, s, 3 * NEAREST, MOST_IDLE)
            )
            best: tuple[int, Changes] | None = None
            for vehicle in near:
                order: Order | None = rest.get(vehicle, plan.orders[vehicle])
                for member in members:
                    order = None if order is None else placed(plan, member, vehicle, order, rest)
                if order is not None:
                    changes = {**rest, vehicle: order}
                    delta = plan.price(changes)
                    if isinstance(delta, int) and (best is None or delta < best[0]):
                        best = (delta, changes)
            if best is not None and best[0] < 0:
                plan.put(best[1])
                return True
        return False

    def _shake(self) -> None:
        """Take a few neighbours off and put them back the cheapest way, as long as there is time."""
        served = list(self.plan.at)
        while served and not self._over():
            trial = self.plan.copy()
            seed = self.rng.choice(served)
            taken = [seed, *(s for s in self.near.stops(seed, 3 * NEAREST) if s in trial.at)]
            taken = taken[:1] + self.rng.sample(taken[1:], min(len(taken) - 1, self.rng.randint(1, NEAREST)))
            remove(trial, [stop for stop in taken if stop in trial.at])
            serve_left_out(
                trial, self.near, self.stop, sorted(trial.unserved, key=lambda _: self.rng.random()), most=3
            )
            if trial.cost < self.plan.cost:
                self.plan = trial
                self._report()


def never(best_cost: float | None) -> bool:
    """A search that ends by itself."""
    return False


def remove(plan: Plan, stops: list[int]) -> None:
    """Take stops off their routes; a route that breaks a rule without them (travel without triangle) keeps them."""
    gone = set(stops)
    for vehicle in {plan.at[stop] for stop in stops}:
        changes = {vehicle: tuple(s for s in plan.orders[vehicle] if s not in gone)}
        if not isinstance(plan.price(changes), Refusal):
            plan.put(changes)


def placed(plan: Plan, stop: int, vehicle: int, order: Order, others: Changes) -> Order | None:
    """`order` with the stop at its cheapest place while `others` change too; None where none is feasible."""
    best: tuple[int, Order] | None = None
    for position in range(len(order) + 1):
        candidate = (*order[:position], stop, *order[position:])
        delta = plan.price({**others, vehicle: candidate})
        if not isinstance(delta, Refusal) and (best is None or delta < best[0]):
            best = (delta, candidate)
    return None if best is None else best[1]
