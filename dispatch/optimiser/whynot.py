"""Why is this stop not served? By vehicle the first rule in the way, and the smallest changes that would serve it.

Every change named here was put into the problem and planned again: the stop is served then, no other is lost, and the
verification finds nothing wrong.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dispatch.optimiser.indexed import Indexed
from dispatch.optimiser.insertion import best_insertion
from dispatch.optimiser.lift import plan_from
from dispatch.optimiser.plan import Plan
from dispatch.optimiser.problem import Problem
from dispatch.optimiser.reasons import Refused, refused_by, untimely
from dispatch.optimiser.remedies import Remedy, remedies_for
from dispatch.optimiser.solution import Solution
from dispatch.optimiser.stop import After, Stop, begin
from dispatch.optimiser.timing import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Unserved:
    """One stop that no route serves.

    Attributes
    ----------
    says
        The reason in a sentence, for people.
    vehicles
        The first rule in the way of each vehicle, in the problem's order.
    remedies
        Changes that serve it, the smallest first, each verified by planning again. Empty: none was found.
    fits_at_cost
        Where it fits as things are and is left out for its price: what serving it adds to the cost, its own price
        not counted. None where it fits nowhere.
    looked
        False when time ran out before remedies were looked for.
    """

    stop: str
    says: str
    vehicles: tuple[Refused, ...]
    remedies: tuple[Remedy, ...] = ()
    fits_at_cost: int | None = None
    looked: bool = True


def why_not(
    problem: Problem,
    solution: Solution,
    stop: Stop | None = None,
    *,
    only: Iterable[str] | None = None,
    reasons: Stop | None = None,
) -> tuple[Unserved, ...]:
    """Explain every unserved stop of a plan, the dearest first.

    Parameters
    ----------
    stop
        Bounds the search for changes (default: two seconds). Reasons are given for all stops whatever it says.
    only
        Ids of the stops to explain; None: all that are unserved.
    reasons
        Bounds the reasons too: stops that it leaves no time for are not in the answer. None: all of them are.
    """
    until = After(2.0) if stop is None else stop
    begin(until)
    ix = Indexed(problem)
    plan = plan_from(ix, solution)
    wanted = None if only is None else set(only)
    numbers = [n for n in sorted(plan.unserved) if wanted is None or ix.stops[n].id in wanted]
    if reasons is not None:
        begin(reasons)
    found: list[Unserved] = []
    for number in sorted(numbers, key=lambda n: (-ix.price[n], n)):
        if reasons is not None and reasons(None):
            break
        found.append(_explain(plan, number, until))
    return tuple(found)


def _explain(plan: Plan, number: int, until: Stop) -> Unserved:
    ix = plan.ix
    alone: dict[object, Refusal | None] = {}
    vehicles = tuple(refused_by(plan, number, vehicle, alone) for vehicle in range(len(ix.vehicles)))
    fits = [v for v, refused in enumerate(vehicles) if refused.rule == "price"]
    cost = None
    if fits:
        places = (best_insertion(plan, number, vehicle) for vehicle in fits)
        cost = min(place.delta for place in places if place is not None) + ix.price[number]
    looked = not until(None)
    remedies = remedies_for(plan, number, until) if looked else ()
    return Unserved(
        stop=ix.stops[number].id, says=_in_short(plan, number, vehicles), vehicles=vehicles,
        remedies=remedies, fits_at_cost=cost, looked=looked,
    )  # fmt: skip


def _in_short(plan: Plan, number: int, vehicles: tuple[Refused, ...]) -> str:
    """One sentence: what all vehicles share, or how the reasons are spread."""
    if not vehicles:
        return "there is no vehicle"
    own = untimely(plan.ix, number)
    if own is not None:
        return own
    if len({refused.rule for refused in vehicles}) == 1:
        nearest = min(vehicles, key=lambda refused: refused.by)
        return nearest.says if len(vehicles) == 1 else f"{nearest.says}; the others are no nearer to it"
    counts: Mapping[str, int] = {
        rule: sum(1 for one in vehicles if one.rule == rule)
        for rule in dict.fromkeys(one.rule for one in vehicles)
    }
    return ", ".join(f"{rule}: {count} of {len(vehicles)} vehicles" for rule, count in counts.items())
