"""The compiled search against our own counting, on problems that say all it knows."""

import shutil
import subprocess
from itertools import pairwise

import numpy as np
import pytest

from dispatch.optimiser.check import drive, evaluate, left_out
from dispatch.optimiser.core import Core, CoreRoute
from dispatch.optimiser.engines.kernel import library
from dispatch.optimiser.engines.kernel.searcher import Searcher, flat_of, routes_of
from dispatch.optimiser.engines.kernel.tables import Tables, missing_price
from tests.dispatch.optimiser.made_up import FAMILIES, capacitated, rich

# a compiler that cannot compile it is a failure, not a reason to skip
pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="no C compiler here")
SETTINGS = (6.0, 10.0, 0.01)  # removed, longest, blink


def priced(core: Core, routes: tuple[CoreRoute, ...]) -> int:
    """What the search should say the routes cost, with its price for each thing that must be served and is not."""
    price, missing = left_out(core, routes)
    return sum(drive(core, route).cost for route in routes) + price + missing * missing_price(core)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("seed", range(6))
def test_the_search_counts_as_we_do_and_breaks_no_rule(family: str, seed: int) -> None:
    core = FAMILIES[family](seed)
    tables = Tables(core)
    searcher = Searcher(tables, seed)
    searcher.load(flat_of(tables, ()))
    searcher.keep()
    for heat in (500.0, 50.0, 1.0):
        searcher.anneal(300, heat, *SETTINGS)
        for current in (False, True):
            flat, absent = searcher.read(current=current)
            routes = routes_of(tables, flat)
            cost = searcher.current_cost if current else searcher.best_cost
            assert not [broken for route in routes if (broken := drive(core, route).broken)]
            if absent == 0 or family != "rich":
                assert cost == priced(core, routes)
    assert searcher.best_cost <= searcher.current_cost


@pytest.mark.parametrize("family", FAMILIES)
def test_the_same_seed_makes_the_same_plan(family: str) -> None:
    core = FAMILIES[family](1)

    def run(seed: int) -> tuple[CoreRoute, ...]:
        tables = Tables(core)
        searcher = Searcher(tables, seed)
        searcher.load(flat_of(tables, ()))
        searcher.keep()
        searcher.anneal(500, 20.0, *SETTINGS)
        return routes_of(tables, searcher.read(current=True)[0])

    assert run(3) == run(3)
    assert run(3) != run(4)


def test_more_steps_never_make_the_best_worse() -> None:
    tables = Tables(capacitated(2))
    searcher = Searcher(tables, 1)
    searcher.load(flat_of(tables, ()))
    searcher.keep()
    costs = []
    for _ in range(20):
        searcher.anneal(50, 10.0, *SETTINGS)
        costs.append(searcher.best_cost)
    assert all(before >= after for before, after in pairwise(costs))
    assert costs[-1] < costs[0]


def test_a_plan_loaded_is_read_back_as_it_was() -> None:
    core = rich(4)
    tables = Tables(core)
    searcher = Searcher(tables, 1)
    searcher.load(flat_of(tables, ()))
    searcher.keep()
    searcher.anneal(2000, 20.0, *SETTINGS)
    routes = routes_of(tables, searcher.read()[0])
    other = Searcher(tables, 2)
    other.load(flat_of(tables, routes))
    assert set(routes_of(tables, other.read(current=True)[0])) == set(routes)
    assert other.current_cost == searcher.best_cost


def test_too_many_routes_of_a_type_are_refused() -> None:
    tables = Tables(rich(1))
    with pytest.raises(ValueError, match="more routes of vehicle type 0 than vehicles"):
        flat_of(tables, (CoreRoute(0, (10,)), CoreRoute(0, (11,)), CoreRoute(0, (12,))))


def test_numbers_beyond_32_bits_are_refused() -> None:
    core = capacitated(1)
    far = core.distances[0] * (1 << 24)
    with pytest.raises(OverflowError, match="do not fit"):
        Tables(Core((far,), (far,), core.clients, core.depots, core.vehicle_types))


def test_neighbours_are_the_nearest_and_never_oneself() -> None:
    core = capacitated(3)
    tables = Tables(core, near=5, around=7)
    between = core.distances[0][np.ix_(core.clients.location, core.clients.location)]
    for client, row in enumerate(tables.columns["near"]):
        others = np.delete(between[client], client)
        assert client not in row
        assert sorted(between[client][row]) == sorted(others)[:5]
    assert (tables.columns["around"][:, 0] == np.arange(core.size)).all()


def test_a_machine_without_a_compiler_is_told_what_to_install(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(library, "FOLDERS", (tmp_path,))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    with pytest.raises(library.NoCompiler, match="install gcc"):
        library.built()


def test_what_a_compiler_refuses_is_said_and_nothing_is_kept(monkeypatch, tmp_path) -> None:
    compiler = tmp_path / "mycc"
    compiler.write_text("#!/bin/sh\necho 'out of luck' >&2\nexit 1\n")
    compiler.chmod(0o755)
    monkeypatch.setattr(library, "FOLDERS", (tmp_path / "kept",))
    monkeypatch.setenv("CC", str(compiler))
    with pytest.raises(library.NoCompiler, match="out of luck"):
        library.built()
    assert list((tmp_path / "kept").iterdir()) == []


def test_the_source_compiles_without_a_warning(tmp_path) -> None:
    made = subprocess.run(
        [
            "cc",
            *library.FLAGS,
            "-Wall",
            "-Wextra",
            "-Werror",
            "-o",
            tmp_path / "s.so",
            library.HERE / "search.c",
            "-lm",
        ],
        capture_output=True,
        text=True,
    )
    assert made.returncode == 0, made.stderr


def test_the_best_of_a_search_is_what_the_checker_finds_feasible() -> None:
    core = capacitated(5, 60)
    tables = Tables(core)
    searcher = Searcher(tables, 1)
    searcher.load(flat_of(tables, ()))
    searcher.keep()
    searcher.anneal(3000, 5.0, *SETTINGS)
    found = evaluate(core, routes_of(tables, searcher.read()[0]))
    assert found.feasible
    assert found.cost == searcher.best_cost
