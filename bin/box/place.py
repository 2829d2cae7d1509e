"""Where things stand: the checkout, its state folder, and a short folder for sockets."""

import hashlib
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from box.say import Progress, Refusal
from box.users import am_root, strangers_may_enter

PROJECT = Path(__file__).resolve().parent.parent.parent
MACHINE_STATE = Path("/var/lib/milepost")
# sun_path holds 108 bytes; the longest name we put behind the folder is `/pg/.s.PGSQL.5432.lock`
LONGEST_RUN_FOLDER = 80


@dataclass(frozen=True)
class Place:
    """The folders of one stack. `state` is what `make reset` removes; `run` holds the sockets."""

    project: Path
    state: Path
    run: Path

    @property
    def venv_python(self) -> Path:
        """The interpreter of the project's Python environment."""
        return self.project / ".venv" / "bin" / "python"

    @property
    def env_file(self) -> Path:
        """The generated settings and secrets that every process reads."""
        return self.state / "milepost.env"

    @property
    def front_pid_file(self) -> Path:
        """Where nginx's master writes its process id once it holds its port."""
        return self.state / "nginx" / "nginx.pid"

    @property
    def logs(self) -> Path:
        """One rotated file per process."""
        return self.state / "log"

    @property
    def conf(self) -> Path:
        """Rendered configuration of the services."""
        return self.state / "conf"


def checkout_state(project: Path, progress: Progress) -> Path:
    """The state folder of a checkout: `var`, or a folder of the machine that service accounts can reach.

    As root the services run under accounts of their own, which cannot enter a checkout below a closed folder (/root,
    a mktemp folder). Then the state goes to /var/lib/milepost and `var` becomes a link to it.
    """
    var = project / "var"
    if var.is_symlink():
        target = Path(os.readlink(var))
        target.mkdir(parents=True, exist_ok=True)
        return target.resolve()
    if not am_root() or strangers_may_enter(project):
        return _owned(var)
    target = MACHINE_STATE / hashlib.sha256(str(project).encode()).hexdigest()[:12]
    MACHINE_STATE.mkdir(mode=0o755, parents=True, exist_ok=True)
    progress.line(f"state: {project} is closed to the services' accounts, so var is a link to {target}")
    if target.exists():
        progress.line(
            f"state: {target} is left from an earlier checkout at this path and is used again (make reset empties it)"
        )
    if var.is_dir() and not target.exists():
        shutil.move(var, target)
    elif var.is_dir():
        shutil.rmtree(var)
    target.mkdir(mode=0o755, exist_ok=True)
    var.symlink_to(target)
    return target


def _owned(var: Path) -> Path:
    var.mkdir(mode=0o755, exist_ok=True)
    if not os.access(var, os.W_OK):
        raise Refusal(
            f"{var} belongs to another user",
            next_step="run the same command as that user, or remove it as that user with: make reset",
        )
    return var.resolve()


def open_place(state: Path, project: Path = PROJECT) -> Place:
    """Make the folders of a stack and say where they are."""
    for folder in ("log", "conf", "mail"):
        (state / folder).mkdir(parents=True, exist_ok=True)
    (state / "log").chmod(0o750)
    (state / "conf").chmod(0o755)
    (state / "mail").chmod(0o700)  # mails hold links that let their reader in
    return Place(project=project, state=state, run=_run_folder(state))


def _run_folder(state: Path) -> Path:
    near = state / "run"
    note = state / "run-folder"
    if len(os.fsencode(near)) <= LONGEST_RUN_FOLDER:
        near.mkdir(mode=0o755, exist_ok=True)
        return near
    if note.is_file():
        far = Path(note.read_text(encoding="utf-8").strip())
        if far.is_dir() and far.stat().st_uid == os.geteuid():
            return far
    far = Path(tempfile.mkdtemp(prefix="milepost-", dir="/run" if am_root() else "/tmp"))
    far.chmod(0o711 if am_root() else 0o700)
    note.write_text(f"{far}\n", encoding="utf-8")
    return far


def remove_place(place: Place) -> None:
    """Delete everything a stack left, the link `var` included."""
    shutil.rmtree(place.run, ignore_errors=True)
    shutil.rmtree(place.state)
    var = place.project / "var"
    if var.is_symlink() and not var.exists():
        var.unlink()
