"""The one supervisor of a stack: its configuration, and talking to it over its own socket."""

import http.client
import os
import signal
import socket
import subprocess
import time
import xmlrpc.client
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from box.place import Place
from box.programs import Program
from box.say import Refusal, last_lines, run_logged
from box.settings_file import process_environment
from box.templates import render, write_if_changed
from box.users import am_root

RUNNING, BACKOFF, EXITED, FATAL = 20, 30, 100, 200
STOPPED = {0, EXITED, FATAL}


class _SocketConnection(http.client.HTTPConnection):
    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(90)
        self.sock.connect(self.host)


class _SocketTransport(xmlrpc.client.Transport):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def make_connection(self, host: Any) -> http.client.HTTPConnection:
        return _SocketConnection(str(self._path))


@dataclass(frozen=True)
class ProgramState:
    """What the supervisor says of one program."""

    name: str
    code: int
    word: str
    pid: int
    seconds: int
    description: str
    exit_status: int
    spawn_error: str

    def why(self) -> str:
        """Why it is not running, as far as the supervisor knows."""
        if self.spawn_error and not self.exit_status:
            return self.spawn_error.lower()
        return f"exit {self.exit_status}"


class Supervisor:
    """Start, stop and ask after the programs of one stack."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._socket = place.run / "app" / "supervisor.sock"
        self._pid_file = place.state / "supervisord.pid"
        self._conf = place.conf / "supervisord.conf"
        self._lives: dict[str, list[int]] = {}

    def configure(self, programs: Sequence[Program]) -> None:
        """Write the configuration; a running supervisor takes it up in `bring_up`."""
        head = render(
            "supervisord.conf",
            socket=str(self._socket),
            log=str(self._place.logs / "supervisord.log").replace("%", "%%"),
            pid_file=str(self._pid_file).replace("%", "%%"),
            user="user=root" if am_root() else "",
        )
        sections = [program.section(self._place.logs, self._place.project) for program in programs]
        write_if_changed(self._conf, "\n".join([head, *sections]))

    def pid(self) -> int | None:
        """The supervisor's process id while it answers, else None."""
        try:
            return int(cast(int, self._call("getPID")))
        except (OSError, http.client.HTTPException, xmlrpc.client.Error):
            return None

    def bring_up(self) -> None:
        """Start the supervisor if it does not answer, else let it read its configuration again."""
        if self.pid() is None:
            self._socket.unlink(missing_ok=True)
            run_logged(
                [str(self._place.venv_python), "-m", "supervisor.supervisord", "-c", str(self._conf)],
                self._place.logs / "supervisord-start.log",
                failed="the supervisor did not start",
                next_step="read the lines above; make reset removes everything it kept",
                env=process_environment(self._place, MILEPOST_STACK=str(self._place.state)),
                cwd=self._place.project,
            )
            wait_until(lambda: self.pid() is not None, 15, "the supervisor does not answer on its socket")
            return
        added, changed, removed = cast(list[list[list[str]]], self._call("reloadConfig"))[0]
        self.stop_all({*changed, *removed})
        for name in [*changed, *removed]:
            self._call("removeProcessGroup", name)
        for name in [*added, *changed]:
            self._call("addProcessGroup", name)

    def states(self) -> list[ProgramState]:
        """All programs in order of their start; empty when the supervisor is down."""
        try:
            rows = cast(list[dict[str, Any]], self._call("getAllProcessInfo"))
        except (OSError, http.client.HTTPException):
            return []
        return [
            ProgramState(
                r["name"],
                r["state"],
                r["statename"].lower(),
                r["pid"],
                max(0, r["now"] - r["start"]),
                r["description"],
                r["exitstatus"],
                r["spawnerr"],
            )
            for r in rows
        ]

    def state(self, name: str) -> ProgramState:
        """One program's state; raises KeyError for an unknown name."""
        for found in self.states():
            if found.name == name:
                return found
        raise KeyError(name)

    def start(self, name: str) -> None:
        """Ask for a start and return at once; a program that runs stays as it is."""
        self._quietly("startProcess", name, False)

    def stop(self, name: str) -> None:
        """Stop and wait until it is gone; a stopped program stays stopped."""
        self._quietly("stopProcess", name, True)

    def stop_all(self, names: Set[str]) -> None:
        """Stop these at the same time, and wait until they are gone."""
        for name in names:
            self._quietly("stopProcess", name, False)
        gone = "these do not end: " + ", ".join(sorted(names))
        wait_until(lambda: all(s.code in STOPPED for s in self.states() if s.name in names), 60, gone)

    def watch_anew(self) -> None:
        """Forget the deaths seen so far: what `refuse_if_dead` counts begins now."""
        self._lives.clear()

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        """Send a signal to the process itself; the supervisor starts a dead one again."""
        os.kill(self.state(name).pid, number)

    def refuse_if_dead(self, names: Sequence[str]) -> None:
        """Raise `Refusal` with the log's end when one of these programs dies instead of running."""
        for state in self.states():
            if state.name not in names:
                continue
            # one that dies a little later is started again at once: its changing id shows that
            lives = self._lives.setdefault(state.name, [])
            if state.pid and state.pid not in lives:
                lives.append(state.pid)
            if state.code in {BACKOFF, FATAL, EXITED} or len(lives) > 2:
                log = self._place.logs / f"{state.name}.log"
                raise Refusal(
                    f"the process {state.name} dies while starting ({state.why()}); the end of {log}:",
                    next_step=f"mend what it says, then make run; the whole log: make logs p={state.name}",
                    tail=last_lines(log) or ["(it wrote nothing)"],
                )

    def shut_down(self, last: Sequence[str]) -> None:
        """Stop all programs at once but those in `last`, then these and the supervisor; returns when it is gone."""
        pid = self.pid()
        if pid is None:
            return
        names = {state.name for state in self.states()}
        self.stop_all(names - set(last))
        self.stop_all(names & set(last))
        for name in names:  # a supervisor that ends takes a second for each program it still knows
            self._call("removeProcessGroup", name)
        self._call("shutdown")
        wait_until(lambda: not Path(f"/proc/{pid}").exists(), 90, "the supervisor does not end")

    def _quietly(self, method: str, *args: object) -> None:
        try:
            self._call(method, *args)
        except xmlrpc.client.Fault as fault:
            if fault.faultCode not in {60, 70}:  # already started, not running: what was asked for holds
                raise

    def _call(self, method: str, *args: object) -> object:
        proxy = xmlrpc.client.ServerProxy("http://localhost", transport=_SocketTransport(self._socket))
        call = cast(Callable[..., object], getattr(proxy.supervisor, method))
        return call(*args)


def wait_until(holds: Callable[[], bool], timeout_s: float, otherwise: str, every_s: float = 0.05) -> None:
    """Look until it holds; raises `Refusal` with `otherwise` when the time is over."""
    ends = time.monotonic() + timeout_s
    while not holds():
        if time.monotonic() > ends:
            raise Refusal(
                f"{otherwise} ({timeout_s:.0f} s waited)", next_step="make logs shows what each process says"
            )
        time.sleep(every_s)


def process_alive(pid: int) -> bool:
    """Whether a process with this id exists and is not a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def run_quietly(argv: Sequence[str]) -> bool:
    """Whether the program ended well; its output is of no interest."""
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return done.returncode == 0
