"""Telling of better plans: seldom enough, the newest at last, each better than the one before, none after the end."""

from dataclasses import dataclass, field
from typing import Any

from dispatch.optimiser.indexed import Indexed
from dispatch.optimiser.plan import Plan
from dispatch.optimiser.problem import Stop
from dispatch.optimiser.telling import TELL_EVERY_S, Telling
from tests.dispatch.optimiser.cities import driver, problem_of

LINE = [(0, 0), (1000, 0), (2000, 0), (3000, 0)]
IX = Indexed(problem_of(LINE, [Stop(id=f"s{n}", place=n) for n in range(1, 4)], [driver("a")]))


def plan(*served: int) -> Plan:
    found = Plan(IX)
    found.put({0: served})
    return found


WORST, WORSE, GOOD = plan(), plan(0), plan(0, 1)
BEST = plan(0, 1, 2)


@dataclass
class Bench:
    """A clock that stands still until it is moved, and what was told."""

    now: float = 100.0
    alarms: list[Any] = field(default_factory=list)
    told: list[int] = field(default_factory=list)

    def telling(self) -> Telling:
        return Telling(lambda one: self.told.append(one.cost), clock=lambda: self.now, alarm=self.alarm)

    def alarm(self, wait, call):
        bench = self

        class Set:
            daemon = False
            cancelled = False

            def start(self):
                bench.alarms.append((bench.now + wait, call, self))

            def cancel(self):
                self.cancelled = True

        return Set()

    def ring(self) -> None:
        at, call, alarm = self.alarms.pop(0)
        self.now = at
        if not alarm.cancelled:
            call()


def offer(telling: Telling, one: Plan) -> None:
    telling.offer(one.cost, lambda: one)


def test_the_first_is_told_at_once_and_of_those_that_follow_the_best_when_the_interval_ends():
    bench = Bench()
    telling = bench.telling()
    offer(telling, WORST)
    assert bench.told == [WORST.cost]
    bench.now += 0.1
    for one in (WORSE, BEST, GOOD):  # two threads: the last to come is not the best
        offer(telling, one)
    assert bench.told == [WORST.cost]
    assert [at for at, _, _ in bench.alarms] == [100 + TELL_EVERY_S]
    bench.ring()
    assert bench.told == [WORST.cost, BEST.cost]
    assert bench.alarms == []


def test_after_a_silence_it_is_told_at_once_again():
    bench = Bench()
    telling = bench.telling()
    offer(telling, WORSE)
    bench.now += TELL_EVERY_S
    offer(telling, GOOD)
    assert (bench.told, bench.alarms) == ([WORSE.cost, GOOD.cost], [])


def test_what_comes_while_one_is_told_is_told_an_interval_later():
    bench = Bench()
    telling = bench.telling()

    def make() -> Plan:
        offer(telling, BEST)
        return WORSE

    telling.offer(WORSE.cost, make)
    assert bench.told == [WORSE.cost]
    bench.ring()
    assert bench.told == [WORSE.cost, BEST.cost]


def test_what_is_no_better_than_what_was_told_is_not_told():
    bench = Bench()
    telling = bench.telling()
    offer(telling, GOOD)
    bench.now += 1
    offer(telling, WORSE)
    assert bench.told == [GOOD.cost]


def test_at_the_end_the_solution_itself_is_told_and_nothing_after_it():
    bench = Bench()
    telling = bench.telling()
    offer(telling, WORSE)
    offer(telling, GOOD)
    telling.end(BEST.solution())
    bench.ring()
    offer(telling, plan(2, 1, 0))
    assert bench.told == [WORSE.cost, BEST.cost]


def test_what_was_dropped_is_not_told():
    bench = Bench()
    telling = bench.telling()
    offer(telling, WORSE)
    offer(telling, GOOD)
    telling.drop()
    bench.ring()
    assert bench.told == [WORSE.cost]


def test_with_nobody_to_hear_nothing_is_made():
    def never():
        raise AssertionError("nobody hears it")

    telling = Telling(None)
    telling.offer(0, never)
    assert not telling.heard
