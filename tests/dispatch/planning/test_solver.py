"""The solving process itself: it knows no Django, says what it finds, stops when told, and is gone with its planner."""

import dataclasses
import os
import signal
import subprocess
import sys
import threading

import msgspec
import pytest

from dispatch.planning import solving
from dispatch.planning.assembling import assemble
from dispatch.planning.errors import SolverFailed, SolverGone
from dispatch.planning.frames import Better, Done, Job
from dispatch.planning.solver import PROJECT, Solver
from tests.dispatch.planning.town import MORNING, a_town


@pytest.fixture
def brief(box):
    town = a_town(box)
    town.parcels(12)
    return assemble(box.pk, town.hub, service_date=MORNING.date(), now=town.now).brief


def test_the_solving_process_loads_no_django():
    program = "import dispatch.planning.solving, sys; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=PROJECT).returncode == 0


def test_it_says_a_first_plan_better_ones_and_the_best(brief):
    with Solver(Job(brief, 0.5, 0.5)) as solver:
        heard = [frame for frame in solver.hear(every_s=0.5) if frame is not None]
    assert isinstance(heard[0], Better)
    done = heard[-1]
    assert isinstance(done, Done)
    assert sum(len(route.visits) for route in done.routes) == 12
    assert sum(done.terms.values()) <= sum(heard[0].terms.values())
    assert all(len(done.legs_m[route.vehicle]) == len(route.visits) for route in done.routes)


def test_told_to_stop_it_ends_long_before_its_time_with_a_whole_plan(brief):
    with Solver(Job(brief, 500, 0.5)) as solver:
        for frame in solver.hear(every_s=0.5):
            if isinstance(frame, Better):
                solver.stop()
            if isinstance(frame, Done):
                assert sum(len(route.visits) for route in frame.routes) == 12


def test_killed_it_is_gone_and_that_is_said(brief):
    with Solver(Job(brief, 500, 0.5)) as solver:
        heard = solver.hear(every_s=60)
        assert isinstance(next(heard), Better)
        os.kill(solver.pid, signal.SIGKILL)
        with pytest.raises(SolverGone, match="signal 9"):
            list(heard)


def test_a_program_that_is_no_solver_is_a_failure_and_no_hang(brief):
    with (
        Solver(Job(brief, 1, 1), command=(sys.executable, "-c", "raise SystemExit(7)")) as solver,
        pytest.raises(SolverFailed, match="code 7"),
    ):
        list(solver.hear(every_s=0.1))


@pytest.mark.parametrize("load", [2**64, 10**24])
def test_a_job_that_no_frame_can_hold_fails_at_once_and_no_process_is_begun(brief, monkeypatch, load):
    monkeypatch.setattr(subprocess, "Popen", None)
    vast = dataclasses.replace(brief.stops[0], deliver={"parcels": load})
    with pytest.raises(SolverFailed, match="cannot be handed to a solver: .*out of range|can't serialize"):
        Solver(Job(msgspec.structs.replace(brief, stops=(vast, *brief.stops[1:])), 1, 1))


def test_a_solver_that_is_not_handed_its_job_is_ended_instead_of_waiting_for_it(brief, monkeypatch):
    begin = subprocess.Popen

    class Torn:
        def __init__(self, stream):
            self.close = stream.close

        def write(self, content):
            raise RuntimeError("no more")

    def begun(*args, **facts):
        process = begin(*args, **facts)
        process.stdin = Torn(process.stdin)  # type: ignore[assignment]  # stands in for a pipe that breaks
        return process

    monkeypatch.setattr(subprocess, "Popen", begun)
    with Solver(Job(brief, 500, 0.5)) as solver, pytest.raises(SolverGone, match="signal 9"):
        list(solver.hear(every_s=0.1))


def test_what_there_was_no_time_to_explain_is_named_all_the_same(brief, monkeypatch):
    """Drivers wait for the plan: with dozens left out, reasons for all of them took longer than the search."""
    monkeypatch.setattr(solving, "LEAST_EXPLAINED_S", 0.0)
    stops = [dataclasses.replace(stop, skills=frozenset({"nobody has it"})) for stop in brief.stops]
    job = Job(msgspec.structs.replace(brief, stops=tuple(stops)), 0.0, 0.0)
    done = solving._solve(job, threading.Event(), lambda told: None)
    assert isinstance(done, Done)
    assert sorted(one.stop for one in done.left_out) == sorted(stop.id for stop in stops)
    assert {one.explained for one in done.left_out} == {False}
