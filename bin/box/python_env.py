"""The Python environment `.venv`, from a lock file with hashes; a stamp says which lock it holds."""

import hashlib
import shutil
import subprocess
import sys
import venv
from pathlib import Path

from box.place import Place
from box.say import Progress, run_logged


def install_python(place: Place, progress: Progress, *, for_tests: bool = False) -> None:
    """Bring `.venv` to the lock file; nothing is done where the stamp shows it holds that lock already."""
    folder = place.project / ".venv"
    stamp = folder / "milepost-lock"
    lock = place.project / "requirements" / ("dev.txt" if for_tests else "app.txt")
    works = _works(place.venv_python)
    if works and _stamped(stamp) & _accepted(place.project, for_tests):
        progress.line("Python environment: up to date")
        return
    count = sum("==" in line for line in lock.read_text(encoding="utf-8").splitlines())
    log = place.logs / "setup-pip.log"
    with progress.step(
        "Python environment", f"installing {count} packages (a minute or two the first time)", log
    ):
        if not works:
            shutil.rmtree(folder, ignore_errors=True)
            venv.create(folder, with_pip=True, symlinks=True)
        stamp.unlink(missing_ok=True)
        run_logged(
            [str(place.venv_python), "-m", "pip", "install", "--require-hashes", "--no-input",
             "--disable-pip-version-check", "--progress-bar", "off", "-r", str(lock)],
            log,
            failed="installing the Python packages failed",
            next_step="check the network (or the pip configuration of this machine), then run the same command again",
        )  # fmt: skip
        stamp.write_text(_digest(lock) + "\n", encoding="utf-8")


def _works(python: Path) -> bool:
    if not python.exists():
        return False
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    asked = subprocess.run(
        [str(python), "-c", "import pip, sys; print('%d.%d' % sys.version_info[:2])"],
        capture_output=True,
        text=True,
        check=False,
    )
    return asked.returncode == 0 and asked.stdout.strip() == version


def _accepted(project: Path, for_tests: bool) -> set[str]:
    """Digests that will do: the development lock holds all of the product's."""
    names = ["dev.txt"] if for_tests else ["app.txt", "dev.txt"]
    return {_digest(project / "requirements" / name) for name in names}


def _stamped(stamp: Path) -> set[str]:
    return {stamp.read_text(encoding="utf-8").strip()} if stamp.is_file() else set()


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
