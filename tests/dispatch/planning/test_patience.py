"""A solver is given up when it hangs, and not because the machine is busy elsewhere."""

import os
import subprocess
import sys

import pytest

from dispatch.planning.patience import HANGS_S, LONGEST_S, Patience, worked_s


class Machine:
    """A clock, and how much of it a process gets to work."""

    def __init__(self, share: float | None) -> None:
        self.now, self.work, self.share = 1_000.0, 0.0, share
        self.patience = Patience(
            9.0, worked=lambda: None if share is None else self.work, clock=lambda: self.now
        )

    def over_after(self, most: float) -> float | None:
        """Seconds until it is given up, where it is within so many."""
        begun = self.now
        while self.now - begun < most:
            self.now += 1.0
            self.work += self.share or 0.0
            if self.patience.is_over():
                return self.now - begun
        return None


@pytest.mark.parametrize("share", [0.02, 0.05, 0.2])
def test_one_that_hardly_gets_to_work_is_waited_for(share):
    assert Machine(share).over_after(900) is None


def test_one_that_stands_still_is_given_up_as_soon_as_it_is_late():
    assert Machine(0.0).over_after(900) == pytest.approx(9 + HANGS_S, abs=2)


def test_one_that_stops_in_the_middle_is_given_up():
    machine = Machine(1.0)
    assert machine.over_after(100) is None
    machine.share = 0.0
    assert machine.over_after(900) == pytest.approx(HANGS_S, abs=2)


def test_one_that_works_on_and_on_is_given_up():
    assert Machine(2.0).over_after(900) == pytest.approx(9 + HANGS_S, abs=2)
    assert Machine(0.5).over_after(900) == pytest.approx(2 * (2 * 9 + HANGS_S), abs=4)


def test_nothing_is_waited_for_for_ever():
    assert Machine(0.01).over_after(2 * LONGEST_S) == pytest.approx(9 + HANGS_S + LONGEST_S, abs=2)


def test_where_the_kernel_does_not_tell_the_clock_decides():
    assert Machine(None).over_after(900) == pytest.approx(9 + HANGS_S, abs=2)


@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="this kernel does not tell")
def test_work_is_told_from_waiting():
    code = "sum(range(30_000_000)); print('done', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        first = worked_s(process.pid)
        assert first is not None
        assert first > 0.05
        process.communicate(b"\n")
    assert worked_s(process.pid) is None
