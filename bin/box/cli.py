"""The commands of `bin/milepost`; `make` calls these and nothing else."""

import argparse
import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from box.checks import run_checks
from box.frontend import collect_static, install_frontend
from box.lock_files import write_locks
from box.packages import install_packages
from box.place import PROJECT, Place, checkout_state, open_place, remove_place
from box.python_env import install_python
from box.report import say_where_to_look, status_table
from box.say import Progress, Refusal
from box.search import compile_search
from box.settings_file import operator_settings, process_environment
from box.stack import Stack
from box.testing import run_all_tests


def main(argv: list[str]) -> int:
    """Run one command; returns the exit code. Every refusal is one message with its next step."""
    os.umask(0o022)
    options = _parser().parse_args(argv)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except Refusal as refusal:
        sys.stdout.flush()
        print(f"\nmilepost: {refusal}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        os.dup2(
            os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno()
        )  # the reader (head, less) has seen enough
        return 0
    except KeyboardInterrupt:
        print("\nmilepost: interrupted; make run goes on from here", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="milepost", description="Milepost on one machine.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(command=command)
        return sub

    setup = add(
        "setup", _setup, "install what is missing: Debian packages, Python environment, front-end libraries"
    )
    setup.add_argument("--tests", action="store_true", help="also what the tests need")
    add("run", _run, "set up, start everything, wait until healthy, print where to look")
    add("stop", _stop, "stop every process")
    add("status", _status, "each process and component")
    logs = add("logs", _logs, "follow the logs")
    logs.add_argument("process", nargs="*", help="names as in status; all of them when none is given")
    reset = add("reset", _reset, "stop, and delete all data and settings under var")
    reset.add_argument("--yes", action="store_true", help="do not ask")
    test = add("test", _test, "lint, types, import contracts, and all tests on real services")
    test.add_argument("pytest", nargs="*", help="options for pytest, after --")
    check = add("check", _check, "the static checks alone: lint, types, imports, migrations, documents")
    check.add_argument("which", nargs="*", help="lint, types, docs, drift; all of them when none is given")
    bench = add("bench", _bench, "measure this machine on a stack of its own")
    bench.add_argument("options", nargs="*", help="parts and options of the benchmark, after --")
    cloud = add(
        "cloud", _cloud, "the edge on AWS: package, rehearse, plan, apply, release, rollback, redrive"
    )
    cloud.add_argument("options", nargs=argparse.REMAINDER, help="a command of its own; --help lists them")
    add("lock", _lock, "resolve the packages anew and write the lock files")
    return parser


@contextmanager
def _one_at_a_time(place: Place) -> Iterator[None]:
    """Two `make run` at once would start everything twice."""
    with (place.state / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refusal(
                "another milepost command is at work in this checkout",
                next_step="wait for it to end, then try again",
            ) from None
        yield


def _open(progress: Progress) -> Place:
    return open_place(checkout_state(PROJECT, progress))


def _stack(place: Place, progress: Progress) -> Stack:
    return Stack(place.state, settings=operator_settings(PROJECT), progress=progress)


def _install(place: Place, progress: Progress, *, for_tests: bool) -> None:
    install_packages(place, progress, for_tests=for_tests)
    install_python(place, progress, for_tests=for_tests)
    compile_search(place, progress)
    install_frontend(place, progress)


def _setup(options: argparse.Namespace) -> int:
    progress = Progress()
    place = _open(progress)
    with _one_at_a_time(place):
        _install(place, progress, for_tests=options.tests)
    return 0


def _run(_: argparse.Namespace) -> int:
    progress = Progress()
    place = _open(progress)
    with _one_at_a_time(place):
        _install(place, progress, for_tests=False)
        stack = _stack(place, progress)
        stack.up()
    say_where_to_look(stack)
    return 0


def _stop(_: argparse.Namespace) -> int:
    progress = Progress()
    place = _open(progress)
    with _one_at_a_time(place):
        stack = _stack(place, progress)
        progress.line("stopping" if stack.states() else "nothing runs here")
        stack.down()
    progress.line("stopped; make run starts again with the same data")
    return 0


def _status(_: argparse.Namespace) -> int:
    place = _open(Progress(quiet=True))
    return status_table(_stack(place, Progress(quiet=True)))


def _logs(options: argparse.Namespace) -> int:
    place = _open(Progress(quiet=True))
    names = options.process or sorted(
        p.stem for p in place.logs.glob("*.log") if not p.stem.startswith("setup-")
    )
    files = [place.logs / f"{name}.log" for name in names]
    missing = [path.stem for path in files if not path.is_file()]
    if missing or not files:
        there = ", ".join(sorted(p.stem for p in place.logs.glob("*.log"))) or "none: make run has not run"
        raise Refusal(
            f"there is no log of {', '.join(missing) or 'anything'}", next_step=f"logs here: {there}"
        )
    if len(files) > 1:
        print(
            f"following {len(files)} logs in {place.logs}; make logs p=edge for one; Ctrl-C ends", flush=True
        )
    return subprocess.run(
        ["tail", "-n", "20", "-F", *map(str, files)], stdin=subprocess.DEVNULL, check=False
    ).returncode


def _reset(options: argparse.Namespace) -> int:
    progress = Progress()
    if not (PROJECT / "var").exists():
        progress.line("nothing to reset: there is no var")
        return 0
    place = _open(progress)
    if not (options.yes or os.environ.get("CI")):
        if not sys.stdin.isatty():
            raise Refusal(
                f"this deletes all data in {place.state}", next_step="say so: bin/milepost reset --yes"
            )
        if input(f"Delete all data, keys and settings in {place.state}? Type yes: ").strip() != "yes":
            progress.line("nothing deleted")
            return 1
    with _one_at_a_time(place):
        _stack(place, progress).down()
        remove_place(place)
    progress.line(f"deleted {place.state}; make run starts afresh")
    return 0


def _test(options: argparse.Namespace) -> int:
    progress = Progress()
    place = _open(progress)
    with _one_at_a_time(place):
        _install(place, progress, for_tests=True)
        collect_static(place, progress, process_environment(place))
    return run_all_tests(place, progress, options.pytest)


def _check(options: argparse.Namespace) -> int:
    progress = Progress()
    place = _open(progress)
    if not place.venv_python.exists() or shutil.which(str(place.venv_python.parent / "ruff")) is None:
        with _one_at_a_time(place):
            _install(place, progress, for_tests=True)
    return 1 if run_checks(place, progress, options.which) else 0


def _bench(options: argparse.Namespace) -> int:
    progress = Progress()
    place = _open(progress)
    with _one_at_a_time(place):
        _install(place, progress, for_tests=True)
        collect_static(place, progress, process_environment(place))
    argv = [str(place.venv_python), "-m", "bench", *options.options]
    env = {name: value for name, value in os.environ.items() if not name.startswith("MILEPOST_")}
    env["PYTHONPATH"] = str(PROJECT / "bin")
    return subprocess.run(argv, stdin=subprocess.DEVNULL, cwd=PROJECT, env=env, check=False).returncode


def _cloud(options: argparse.Namespace) -> int:
    progress = Progress(quiet=True)
    place = _open(progress)
    if shutil.which(str(place.venv_python.parent / "zappa")) is None:
        with _one_at_a_time(place):
            install_python(place, Progress(), for_tests=True)
    env = {**os.environ, "PYTHONPATH": str(PROJECT / "bin"), "MILEPOST_STATE_DIR": str(place.state)}
    argv = [str(place.venv_python), "-m", "infra", *(options.options or ["--help"])]
    return subprocess.run(argv, cwd=PROJECT, env=env, check=False).returncode


def _lock(_: argparse.Namespace) -> int:
    progress = Progress()
    write_locks(_open(progress), progress)
    return 0
