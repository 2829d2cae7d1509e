"""Benchmark files as problems: VRPLIB, Solomon and Homberger, and our own JSON form, told apart by what they hold."""

from pathlib import Path

from dispatch.optimiser.instances.lines import BadInstance
from dispatch.optimiser.instances.solomon import read_solomon
from dispatch.optimiser.instances.vrplib import read_vrplib
from dispatch.optimiser.jsonform import read_problem
from dispatch.optimiser.problem import Problem

__all__ = ["BadInstance", "read"]


def read(path: Path) -> Problem:
    """The problem in a file.

    Raises
    ------
    BadInstance
        Naming file, line and what is wrong there; also for a file that is not there or is no text.
    dispatch.optimiser.problem.BadProblem
        For our JSON form, naming the path inside it.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadInstance(path.name, 0, error.strerror or "cannot be read") from error
    if content.lstrip()[:1] == b"{":
        return read_problem(content)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise BadInstance(path.name, line, f"byte {content[error.start]:#04x} is no UTF-8 text") from error
    lines = text.splitlines()
    kind = read_solomon if any(one.split()[:1] == ["VEHICLE"] for one in lines[:10]) else read_vrplib
    return kind(path.name, lines)
