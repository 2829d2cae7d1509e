"""The planner's end of a solving process: starts it, hears it, stops it, and is sure that it is gone."""

import contextlib
import logging
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol, Self, cast

from dispatch.planning import frames
from dispatch.planning.errors import SolverFailed, SolverGone
from dispatch.planning.frames import Done, Failed, Frame, Job
from dispatch.planning.patience import Patience, worked_s

PROJECT = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, "-m", "dispatch.planning.solving")
logger = logging.getLogger(__name__)


class Solving(Protocol):
    """Something that solves one job inside a `with` block."""

    def __enter__(self) -> Self:
        """Begin."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Be gone."""
        ...

    def stop(self) -> None:
        """Let it end with the best it has."""
        ...

    def hear(self, *, every_s: float) -> Iterator[Frame | None]:
        """What it says; see `Solver.hear`."""
        ...


class Solver:
    """One solving process, from its start to its end. Use it in a `with` block: it does not outlive that.

    Raises SolverFailed at once, before there is a process, for a job that cannot be put into bytes.
    """

    def __init__(self, job: Job, *, command: tuple[str, ...] = COMMAND) -> None:
        self._seconds, self._command = job.seconds + job.explain_s, command
        try:
            self._job = frames.framed(job)
        except frames.Unsayable as error:
            raise SolverFailed(f"The problem cannot be handed to a solver: {error}.") from None
        self._writing = threading.Lock()  # the word to stop comes behind the job, never in the middle of it
        self._heard: queue.SimpleQueue[Frame | None] = queue.SimpleQueue()

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=PROJECT
        )
        self._patience = Patience(self._seconds, worked=partial(worked_s, self._process.pid))
        threading.Thread(target=self._listen, daemon=True).start()
        threading.Thread(target=self._hand_over, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def stop(self) -> None:
        """Let it end with the best it has."""
        with contextlib.suppress(OSError, ValueError), self._writing:
            assert self._process.stdin is not None  # noqa: S101  opened above
            self._process.stdin.write(frames.STOP)
            self._process.stdin.flush()

    def hear(self, *, every_s: float) -> Iterator[Frame | None]:
        """What it says, and None whenever it has been silent for so long, until it is done.

        Raises SolverFailed with what it said, SolverGone where it ended without a word."""
        while True:
            try:
                frame = self._heard.get(timeout=every_s)
            except queue.Empty:
                if self._patience.is_over():
                    raise SolverFailed("The solver did not end in time.") from None
                yield None
                continue
            if frame is None:
                raise SolverGone(self._how_it_ended())
            if isinstance(frame, Failed):
                raise SolverFailed(frame.text)
            yield frame
            if isinstance(frame, Done):
                return

    def _hand_over(self) -> None:
        try:
            with self._writing:
                assert self._process.stdin is not None  # noqa: S101  opened above
                self._process.stdin.write(self._job)
                self._process.stdin.flush()
        except Exception as error:  # whatever it is, the process must not wait for the rest of a job for ever
            # where it ended meanwhile, that is told elsewhere
            logger.warning("a solver was not handed its job", extra={"reason": str(error)[:200]})
            self._process.kill()

    def _listen(self) -> None:
        assert self._process.stdout is not None  # noqa: S101  opened above
        for frame in frames.frames(cast(BinaryIO, self._process.stdout)):
            self._heard.put(frame)
        self._heard.put(None)

    def _how_it_ended(self) -> str:
        code = self._process.wait()
        if code < 0:
            return f"The solver was ended by signal {-code}."
        return f"The solver ended with code {code} and without a plan."
