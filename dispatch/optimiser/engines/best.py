"""The product's engine: savings at once, then two searches in one process that share what they find.

One tears out strings and puts them back in compiled code, the other is PyVRP's local search. Both let go of the
interpreter's lock. A search that ends by a count runs both in turn in one thread, so that a seed gives one plan.
"""

import threading
from collections.abc import Callable
from importlib import import_module
from typing import Protocol, cast

from dispatch.optimiser.check import left_out
from dispatch.optimiser.core import Core, CoreSolution, OnBetter, Stop
from dispatch.optimiser.engines.board import Board
from dispatch.optimiser.engines.pace import Pace
from dispatch.optimiser.engines.savings import savings
from dispatch.optimiser.stop import begin


class Search(Protocol):
    """Something that gets better step by step."""

    def step(self) -> None: ...


LOOK_S = 0.1  # how often the caller's thread looks whether its searches live
GRACE_S = 0.02  # how long a search may take to end after the deadline
MANY = 800  # clients beyond which PyVRP makes too few steps, and one of them lasts too long for a deadline
Make = Callable[[Core, Board, Pace, int], Search]


def best(
    core: Core, stop: Stop, seed: int, start: CoreSolution | None = None, on_better: OnBetter | None = None
) -> CoreSolution:
    """Both searches, as far as they know what the Core says; of very many clients only the one with short steps."""
    pair = ("strings", "descent") if core.size <= MANY else ("strings", "strings")
    return _run(core, stop, seed, start, on_better, pair)


def strings(
    core: Core, stop: Stop, seed: int, start: CoreSolution | None = None, on_better: OnBetter | None = None
) -> CoreSolution:
    """The compiled search on both cores."""
    return _run(core, stop, seed, start, on_better, ("strings", "strings"))


def descent(
    core: Core, stop: Stop, seed: int, start: CoreSolution | None = None, on_better: OnBetter | None = None
) -> CoreSolution:
    """PyVRP's local search on both cores."""
    return _run(core, stop, seed, start, on_better, ("descent", "descent"))


def _run(
    core: Core,
    stop: Stop,
    seed: int,
    start: CoreSolution | None,
    on_better: OnBetter | None,
    wanted: tuple[str, ...],
) -> CoreSolution:
    begin(stop)
    first = savings(core, stop, seed, start)
    _, missing = left_out(core, first.routes)
    board = Board(core, first, missing, on_better, _changed(core, start))
    if on_better is not None and first.feasible:
        on_better(first, 0.0)
    pace = Pace(stop)
    if not core.size or not core.vehicle_types or pace.ask(board.cost):
        return first
    makers = _makers(core, wanted)
    if pace.counted:
        _in_turn(
            board, pace, [make(core, board, pace, seed * 7 + number) for number, make in enumerate(makers)]
        )
    else:
        _at_once(
            board, pace, [_begun(make, core, board, pace, seed * 7 + n) for n, make in enumerate(makers)]
        )
    return board.solution()


def _changed(core: Core, start: CoreSolution | None) -> tuple[int, ...] | None:
    """Whom the start leaves out, if it is a plan at all: one that serves at least half of what there is."""
    known = set() if start is None else {client for route in start.routes for client in route.visits}
    if 2 * len(known) < core.size:
        return None
    return tuple(client for client in range(core.size) if client not in known)


def _in_turn(board: Board, pace: Pace, searches: list[Search]) -> None:
    while True:
        for search in searches:
            search.step()
            if pace.ask(board.cost):
                return


def _begun(make: Make, core: Core, board: Board, pace: Pace, seed: int) -> Callable[[], None]:
    def run() -> None:
        search = make(core, board, pace, seed)
        while not pace.over:
            search.step()
            pace.ask(board.cost)

    return run


def _at_once(board: Board, pace: Pace, runs: list[Callable[[], None]]) -> None:
    """Each in its thread. What one raises ends all and is raised here.

    At the deadline nobody is waited for longer than a step takes: a search that is still setting itself up, or is in
    the midst of a long step, ends by itself soon after, and the closed board takes nothing from it any more.
    """
    wrong: list[BaseException] = []

    def guarded(run: Callable[[], None]) -> None:
        try:
            run()
        except BaseException as error:  # carried to the caller's thread
            wrong.append(error)
            pace.ended.set()

    threads = [threading.Thread(target=guarded, args=(run,), daemon=True) for run in runs]
    for thread in threads:
        thread.start()
    while not pace.over and any(thread.is_alive() for thread in threads):
        pace.ended.wait(min(LOOK_S, pace.left_s()))
        if pace.left_s() <= 0:
            pace.ended.set()
    for thread in threads:
        thread.join(GRACE_S if pace.left_s() <= 0 else None)
    board.close()
    if wrong:
        raise wrong[0]


def _makers(core: Core, wanted: tuple[str, ...]) -> list[Make]:
    """The searches wanted; one that does not know all the Core says, or cannot be had here, gives its place away."""
    able = {"strings": _strings(core), "descent": _descent(core)}
    instead = next((make for make in able.values() if make is not None), None)
    return [make for name in wanted if (make := able[name] or instead) is not None]


def _strings(core: Core) -> Make | None:
    if core.clients.pickup.any() or core.clients.release.any():
        return None
    home = import_module("dispatch.optimiser.engines.strings")  # with it the compiled library
    return cast("Make", home.Strings) if home.available() else None


def _descent(core: Core) -> Make | None:
    if any(kind.extra is not None and kind.extra.any() for kind in core.vehicle_types):
        return None

    def make(core: Core, board: Board, pace: Pace, seed: int) -> Search:
        home = import_module(
            "dispatch.optimiser.engines.descent"
        )  # PyVRP takes 0.3 s to load: beside the other search
        return cast("Search", home.Descent(core, board, pace, seed))

    return make
