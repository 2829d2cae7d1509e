"""The static checks of `make test`: what each runs, and that a failing one does not hide the next."""

import os
import subprocess
import time
from collections.abc import Mapping, Sequence

from box.documents import broken_links
from box.place import Place
from box.say import Progress
from box.settings_file import process_environment

CHECKS = ("lint", "types", "docs", "drift")


def run_checks(place: Place, progress: Progress, which: Sequence[str] = ()) -> list[str]:
    """Run the named checks, all of them by default; returns the names of those that failed."""
    tools = place.venv_python.parent
    python = str(place.venv_python)
    commands: Mapping[str, list[list[str]]] = {
        "lint": [
            [str(tools / "ruff"), "check", "."],
            [str(tools / "ruff"), "format", "--check", "."],
            [str(tools / "lint-imports")],
        ],
        "types": [[str(tools / "mypy")]],
        "docs": [],
        "drift": [
            [python, "manage.py", "makemigrations", "--check", "--dry-run"],
            [python, "manage.py", "check", "--fail-level", "ERROR"],
        ],
    }
    failed = []
    for name in which or CHECKS:
        began = time.monotonic()
        results = [
            _runs(place, argv) for argv in commands[name]
        ]  # all of them: one that fails hides no other
        complaints = _complaints(place, name)
        for complaint in complaints:
            print(complaint)
        fine = all(results) and not complaints
        progress.line(f"{name}: {'fine' if fine else 'FAILED'} ({time.monotonic() - began:.1f} s)")
        if not fine:
            failed.append(name)
    return failed


def _complaints(place: Place, name: str) -> list[str]:
    if name == "lint":
        return _unreadable_scripts(place)
    return broken_links(place.project) if name == "docs" else []


def _runs(place: Place, argv: list[str]) -> bool:
    """Whether the tool ends well; its output goes to the terminal as it comes."""
    env = process_environment(place) | {"MILEPOST_LOG_LEVEL": "WARNING"}
    env["PATH"] = f"{place.venv_python.parent}{os.pathsep}{env.get('PATH', os.defpath)}"
    return (
        subprocess.run(argv, stdin=subprocess.DEVNULL, cwd=place.project, env=env, check=False).returncode
        == 0
    )


def _unreadable_scripts(place: Place) -> list[str]:
    """Every script of ours must at least parse as a module; what node says of those that do not."""
    found = []
    for script in sorted((place.project / "static" / "js").rglob("*.js")):
        asked = subprocess.run(
            ["node", "--input-type=module", "--check"],
            input=script.read_text(encoding="utf-8"),
            capture_output=True,
            text=True,
            check=False,
        )
        if asked.returncode:
            found.append(f"{script.relative_to(place.project)}: {asked.stderr.strip()}")
    return found
