"""What can go wrong with windows and runs; each message can be shown to the person or program that asked."""

from datetime import time


class PlanningRefusal(Exception):
    """A refusal; its text is a sentence, `code` is stable."""

    code = "planning_refused"


class WindowTaken(PlanningRefusal):
    code = "window_taken"

    def __init__(self, hub: str, at: time) -> None:
        super().__init__(f"{hub} has a window at {at:%H:%M} already.")


class NothingToStop(PlanningRefusal):
    code = "run_is_over"

    def __init__(self, public_id: str, state: str) -> None:
        super().__init__(f"{public_id} is {state}: there is nothing to stop.")


class Unplannable(PlanningRefusal):
    """There is no problem to solve, and the text says why: nobody on shift, no place to load at."""

    code = "unplannable"


class SolverFailed(PlanningRefusal):
    """The solving process ended without a plan."""

    code = "solver_failed"


class SolverGone(SolverFailed):
    """It was ended from outside (killed, out of memory): worth another try."""

    code = "solver_gone"
