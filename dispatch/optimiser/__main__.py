"""`python -m dispatch.optimiser FILE --seconds N --seed S [--engine E] [--svg OUT]`: plan, print and verify.

Reads VRPLIB, Solomon and our JSON form. The seconds count from the command's start: loading and reading are among them.
Ends with 0 for a plan that holds, 1 for one that does not, 2 for a file that is no problem.
"""

import time

BEGAN = time.monotonic()  # before all else is loaded, which counts

import argparse  # noqa: E402
import sys  # noqa: E402
from collections.abc import Iterator  # noqa: E402
from pathlib import Path  # noqa: E402

from dispatch.optimiser.engines import ENGINES  # noqa: E402
from dispatch.optimiser.instances import BadInstance, read  # noqa: E402
from dispatch.optimiser.problem import BadProblem, Problem  # noqa: E402
from dispatch.optimiser.solution import Solution  # noqa: E402
from dispatch.optimiser.solving import solve  # noqa: E402
from dispatch.optimiser.stop import After  # noqa: E402
from dispatch.optimiser.svg import drawing  # noqa: E402
from dispatch.optimiser.verification import Verification, verify  # noqa: E402
from dispatch.optimiser.whynot import why_not  # noqa: E402

REASONS_S = 1.0  # for reasons, after the plan
MOST_REASONS = 20


def main(arguments: list[str] | None = None, began: float | None = None) -> int:
    options = _options(arguments)
    since = time.monotonic() if began is None else began
    try:
        problem = read(options.file)
    except (BadInstance, BadProblem) as error:
        sys.stderr.write(f"{options.file}: {error}\n")
        return 2
    left = max(0.0, options.seconds - (time.monotonic() - since))
    solution = solve(problem, After(left), options.seed, engine=options.engine)
    found = verify(problem, solution)
    _report(problem, solution, found, time.monotonic() - since)
    if options.svg is not None:
        options.svg.write_text(drawing(problem, solution), encoding="utf-8")
        _say(f"drawn in {options.svg}")
    return 0 if found.feasible else 1


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m dispatch.optimiser", description="Plan routes for one file."
    )
    parser.add_argument("file", type=Path, help="VRPLIB, Solomon or our JSON form")
    parser.add_argument("--seconds", type=_seconds, default=10.0, help="how long, loading included (10)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--engine", choices=list(ENGINES), default="best")
    parser.add_argument("--svg", type=Path, help="draw the plan into this file")
    return parser.parse_args(arguments)


def _seconds(word: str) -> float:
    seconds = float(word)
    if not 0 <= seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{word} is no time to plan in")
    return seconds


def _report(problem: Problem, solution: Solution, found: Verification, took: float) -> None:
    for number, route in enumerate(solution.routes, 1):
        _say(
            f"Route #{number} ({route.vehicle}, {route.distance_m} m, {route.duration_s} s): {' '.join(route.stops)}"
        )
    if solution.unserved:
        _say(f"Unserved ({len(solution.unserved)} of {len(problem.stops)}): {' '.join(solution.unserved)}")
        for line in (*_beyond_room(problem), *_reasons(problem, solution)):
            _say(f"  {line}")
    _say(f"Cost {found.cost.total}")
    for name, value in found.cost.terms.items():
        if value:
            _say(f"  {name:<12} {value}")
    left_out = [one for one in found.violations if one.rule == "must serve"]
    for violation in found.violations:
        if violation not in left_out[1:]:
            _say(
                f"Broken: {violation}" + (f" (so {len(left_out)} stops)" if violation in left_out[:1] else "")
            )
    _say(f"Verified: {'every rule holds' if found.feasible else f'{len(found.violations)} rules broken'}")
    _say(f"Took {took:.2f} s")


def _beyond_room(problem: Problem) -> Iterator[str]:
    """Loads that the vehicles cannot carry however they drive."""
    for unit in sorted({unit for stop in problem.stops for unit in stop.deliver}):
        rooms = [vehicle.capacity.get(unit) for vehicle in problem.vehicles]
        limits = [room for room in rooms if room is not None]
        if not limits or len(limits) < len(rooms):
            continue  # somebody carries any amount
        loads = [stop.deliver.get(unit, 0) for stop in problem.stops]
        too_large = sum(1 for load in loads if load > max(limits))
        if too_large:
            yield f"demand exceeds capacity: {too_large} stops ask for more {unit} than the {max(limits)} that fit"
        elif sum(loads) > sum(limits):
            yield f"demand exceeds capacity: {sum(loads)} {unit} in all, and {sum(limits)} fit"


def _reasons(problem: Problem, solution: Solution) -> Iterator[str]:
    """Why each stop is left out, the dearest first, as far as a little time goes."""
    found = why_not(problem, solution, After(0.0), reasons=After(REASONS_S))
    for one in found[:MOST_REASONS]:
        yield f"{one.stop}: {one.says}"
    rest = len(solution.unserved) - min(len(found), MOST_REASONS)
    if rest:
        yield f"{rest} more are not looked at here"


def _say(line: str) -> None:
    print(line)  # noqa: T201 - the command line speaks


if __name__ == "__main__":
    sys.exit(main(began=BEGAN))
