"""Front-end libraries: npm brings them by lock file, the few files a browser needs are copied, Django collects."""

import hashlib
import os
import re
import shutil
import tomllib
from pathlib import Path

from box.place import Place
from box.say import Progress, Refusal, run_logged

LIST = Path(__file__).resolve().parent / "vendor.toml"


def install_frontend(place: Place, progress: Progress) -> None:
    """Fill `var/vendor` from npm; nothing is done where its stamp matches the lock and the list of files."""
    vendor = place.state / "vendor"
    stamp = vendor / "milepost-lock"
    wanted = _digest(place.project / "package-lock.json", LIST)
    if stamp.is_file() and stamp.read_text(encoding="utf-8").strip() == wanted:
        progress.line("front-end libraries: up to date")
        return
    with progress.step("front-end libraries", "npm ci, then copying what browsers need"):
        run_logged(
            ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            place.logs / "setup-npm.log",
            failed="npm ci failed",
            next_step="check the network (or this machine's npm configuration), then run the same command again",
            cwd=place.project,
        )
        draft = place.state / "vendor.new"
        shutil.rmtree(draft, ignore_errors=True)
        wishes = tomllib.loads(LIST.read_text(encoding="utf-8"))
        for package, patterns in wishes["packages"].items():
            _copy(place.project / "node_modules" / package, draft / package, patterns)
        for file, names in wishes["imports"].items():
            readdress(draft / file, names)
        (draft / "milepost-lock").write_text(wanted + "\n", encoding="utf-8")
        shutil.rmtree(vendor, ignore_errors=True)
        draft.rename(vendor)


def _copy(source: Path, target: Path, patterns: list[str]) -> None:
    for pattern in patterns:
        files = sorted(source.glob(pattern))
        if not files:
            raise Refusal(
                f"{pattern} is not in the npm package {source.name}",
                next_step=f"mend the list in {LIST.relative_to(LIST.parents[2])}: the package has changed its files",
            )
        for file in files:
            into = target / file.relative_to(source)
            into.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, into)


def readdress(file: Path, names: dict[str, str]) -> None:
    """Let a module import by address what it imports by name. An import map would do it in the page, and the page's
    policy lets no inline script in."""
    text = file.read_text(encoding="utf-8")
    for name, address in names.items():
        if not re.search(pattern := rf"""from\s*(["']){re.escape(name)}\1""", text):
            raise Refusal(
                f"{file.name} does not import {name}",
                next_step=f"mend the list in {LIST.relative_to(LIST.parents[2])}: the package has changed its files",
            )
        text = re.sub(pattern, f'from "{address}"', text)
    file.write_text(text, encoding="utf-8")


def collect_static(place: Place, progress: Progress, env: dict[str, str]) -> None:
    """Django gathers our own, its apps' and the vendored files in `var/static`, when any of them is new."""
    stamp = place.state / "static-stamp"
    wanted = _tree_digest(place)
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted and (place.state / "static").is_dir():
        return
    with progress.step("static files", "collecting"):
        run_logged(
            [
                str(place.venv_python),
                "manage.py",
                "collectstatic",
                "--noinput",
                "--clear",
                "--verbosity",
                "0",
            ],
            place.logs / "setup-static.log",
            failed="collecting the static files failed",
            next_step="read the log above; the setting or file it names is wrong",
            env=env,
            cwd=place.project,
        )
    stamp.write_text(wanted, encoding="utf-8")


def _tree_digest(place: Place) -> str:
    seen = hashlib.sha256()
    lock = place.project / ".venv" / "milepost-lock"
    for path in (
        lock,
        place.state / "vendor" / "milepost-lock",
        *sorted((place.project / "static").rglob("*")),
    ):
        if path.is_file():
            seen.update(os.fsencode(path) + b"\0" + path.read_bytes())
    return seen.hexdigest()


def _digest(*paths: Path) -> str:
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in paths)).hexdigest()
