"""The optimiser: problems in, plans out. No Django, and no input or output but in its command line and providers.

    solve(problem, After(seconds), seed) -> Solution
    verify(problem, solution) -> Verification
    timetable(problem, {"driver": ["stop", ...]}) -> Solution    (orders a person made, for verify to judge)
    why_not(problem, solution), why_these_drivers(problem, solution)

Importing this costs nothing: what is named here is loaded when it is first asked for, because the command line and the
workers start more often than they plan. The modules are `solving` and `verification`, since a module named like its
function would take the function's place here once it is imported.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dispatch.optimiser.problem import BadProblem, Problem
    from dispatch.optimiser.solution import Progress, Solution
    from dispatch.optimiser.solving import solve
    from dispatch.optimiser.stop import After, AnyOf, Iterations, Stop, WhenSet
    from dispatch.optimiser.timetabling import timetable
    from dispatch.optimiser.verification import Verification, Violation, verify
    from dispatch.optimiser.whydriver import why_these_drivers
    from dispatch.optimiser.whynot import why_not

_HOME = {
    "BadProblem": "problem",
    "Problem": "problem",
    "Progress": "solution",
    "Solution": "solution",
    "solve": "solving",
    "timetable": "timetabling",
    "After": "stop",
    "AnyOf": "stop",
    "Iterations": "stop",
    "Stop": "stop",
    "WhenSet": "stop",
    "Verification": "verification",
    "Violation": "verification",
    "verify": "verification",
    "why_not": "whynot",
    "why_these_drivers": "whydriver",
}

__all__ = [
    "After",
    "AnyOf",
    "BadProblem",
    "Iterations",
    "Problem",
    "Progress",
    "Solution",
    "Stop",
    "Verification",
    "Violation",
    "WhenSet",
    "solve",
    "timetable",
    "verify",
    "why_not",
    "why_these_drivers",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
