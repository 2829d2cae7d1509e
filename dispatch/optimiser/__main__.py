"""`python -m dispatch.optimiser FILE --seconds N --seed S [--engine E] [--svg OUT]`: plan, print and verify.

Reads VRPLIB, Solomon and our JSON form. The seconds count from the command's start: loading and reading are among them.
Ends with 0 for a plan that holds, 1 for one that does not, 2 for a file that is no problem.
"""

import time

BEGAN = time.monotonic()  # before all else is loaded, which counts

import argparse  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402

from dispatch.optimiser.engines import ENGINES  # noqa: E402
from dispatch.optimiser.instances import BadInstance, read  # noqa: E402
from dispatch.optimiser.problem import BadProblem, Problem  # noqa: E402
from dispatch.optimiser.solution import Solution  # noqa: E402
from dispatch.optimiser.solving import solve  # noqa: E402
from dispatch.optimiser.stop import After  # noqa: E402
from dispatch.optimiser.svg import drawing  # noqa: E402
from dispatch.optimiser.verification import Verification, verify  # noqa: E402


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
    _say(f"Cost {found.cost.total}")
    for name, value in found.cost.terms.items():
        if value:
            _say(f"  {name:<12} {value}")
    for violation in found.violations:
        _say(f"Broken: {violation}")
    _say(f"Verified: {'every rule holds' if found.feasible else f'{len(found.violations)} rules broken'}")
    _say(f"Took {took:.2f} s")


def _say(line: str) -> None:
    print(line)  # noqa: T201 - the command line speaks


if __name__ == "__main__":
    sys.exit(main(began=BEGAN))
