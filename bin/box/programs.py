"""One supervised program: how it is started and stopped, and when a change asks for its restart."""

import hashlib
import shlex
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

LAUNCH = Path(__file__).resolve().parent / "launch.py"


@dataclass(frozen=True)
class Program:
    """A process under the supervisor. `watched` are files and folders whose change asks for a restart.

    `listens_on` is its unix socket; what a killed one of ours left there is cleared before the next start.
    A `service` is not ours: it runs under its own account and knows nothing of the checkout.
    """

    name: str
    command: tuple[str, ...]
    priority: int
    account: str | None = None
    stop_signal: str = "TERM"
    stop_wait_s: int = 15
    watched: tuple[Path, ...] = ()
    service: bool = False
    environment: dict[str, str] = field(default_factory=dict)
    listens_on: str = ""

    def section(self, logs: Path, project: Path) -> str:
        """The program's part of the supervisor's configuration."""

        def text(value: object) -> str:
            return str(value).replace("%", "%%")

        lines = [
            f"[program:{self.name}]",
            f"command={text(shlex.join(self._whole_command()))}",
            # a service's own account may not be let into the checkout
            f"directory={'/' if self.service else text(project)}",
            f"priority={self.priority}",
            "autostart=false",
            "autorestart=true",
            # supervisor waits one second more before each new try, so this is well over an hour of an absent database
            "startsecs=1",
            "startretries=100",
            f"stopsignal={self.stop_signal}",
            f"stopwaitsecs={self.stop_wait_s}",
            "killasgroup=true",
            "redirect_stderr=true",
            f"stdout_logfile={text(logs / (self.name + '.log'))}",
            "stdout_logfile_maxbytes=20MB",
            "stdout_logfile_backups=3",
        ]
        if self.account:
            lines.append(f"user={self.account}")
        if self.environment:
            pairs = (f'{name}="{text(value)}"' for name, value in sorted(self.environment.items()))
            lines.append(f"environment={','.join(pairs)}")
        return "\n".join(lines) + "\n"

    def _whole_command(self) -> tuple[str, ...]:
        if self.service:
            return self.command
        return (self.command[0], "-S", str(LAUNCH), self.name, self.listens_on or "-", *self.command)

    def fingerprint(self, logs: Path, project: Path) -> str:
        """Changes exactly when the running process no longer is what the checkout and the settings ask for."""
        seen = hashlib.sha256(self.section(logs, project).encode())
        for path in _files(self.watched):
            seen.update(str(path).encode() + b"\0" + path.read_bytes() + b"\0")
        return seen.hexdigest()


def _files(watched: Iterable[Path]) -> Iterable[Path]:
    for path in watched:
        if path.is_file():
            yield path
        else:
            yield from sorted(p for p in path.rglob("*") if p.suffix in {".py", ".html", ".txt", ".sql"})
