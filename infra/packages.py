"""The functions' zips: what each may hold, the small environments they take packages from, Zappa that packs them."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from box.say import Progress, Refusal, run_logged

from infra.stages import SETTINGS

RUNTIME = "3.13"
PLATFORMS = ("manylinux2014_x86_64", "manylinux_2_28_x86_64")  # Amazon Linux 2023 has glibc 2.34
ENVIRONMENTS = {"ingest": "edge-http", "consume": "edge-consume", "sweep": "edge-consume"}
INGEST_BYTES = 1024 * 1024
# what Zappa itself adds: its settings as a module, and an empty file that makes the root a package
ZAPPAS = frozenset({"zappa_settings.py", "__init__.py"})
SECRETIVE = (".env", "milepost.env", ".pem", ".key", ".p12")


@dataclass(frozen=True)
class Package:
    """A finished zip."""

    stage: str
    path: Path
    tops: Mapping[str, int]  # bytes in the zip by top-level name
    digest: str  # of names and contents: the same sources give the same

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return self.path.stat().st_size


def environment(function: str, project: Path, state: Path, progress: Progress) -> Path:
    """The folder that Zappa takes for the virtual environment, filled from the lock file for Lambda's Python.

    Zappa reads `lib/python{its own version}/site-packages` of VIRTUAL_ENV and copies what is there, whatever that
    was built for. Raises `Refusal` with pip's words when a package has no wheel for that Python.
    """
    name = ENVIRONMENTS[function]
    lock = project / "requirements" / f"{name}.txt"
    folder = state / "edge" / name
    digest = hashlib.sha256(lock.read_bytes() + RUNTIME.encode()).hexdigest()
    stamp = folder / "milepost-lock"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == digest:
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    with progress.step(name, f"packages for Python {RUNTIME}"):
        _install(lock, site_packages(folder), state / "log" / f"{name}.log")
    stamp.write_text(digest, encoding="utf-8")
    return folder


def site_packages(folder: Path) -> Path:
    """Where Zappa, run by this interpreter, looks for an environment's packages."""
    return folder / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"


def _install(lock: Path, target: Path, log: Path) -> None:
    """The lock file's packages into a bare folder, for Lambda's Python whatever runs this."""
    run_logged(
        [sys.executable, "-m", "pip", "install", "--require-hashes", "--no-deps", "--no-compile", "--no-input",
         "--disable-pip-version-check", "--progress-bar=off", f"--python-version={RUNTIME}", "--only-binary=:all:",
         *(f"--platform={platform}" for platform in PLATFORMS), f"--target={target}", "-r", str(lock)],
        log,
        failed=f"installing {lock.name} for Python {RUNTIME} failed",
        next_step=f"where a wheel for Python {RUNTIME} is missing: pin a version that has one in "
        f"{lock.with_suffix('.in').name}, then make lock; otherwise check the network",
    )  # fmt: skip


def package(
    stage: str, project: Path, state: Path, progress: Progress, settings: Path | None = None
) -> Package:
    """Pack one of Zappa's stages (`ingest_dev`) and look into the zip. Raises `Refusal` for what must not ship."""
    function = stage.partition("_")[0]
    folder = environment(function, project, state, progress)
    zipped = Path("var") / "package" / f"{stage}.zip"  # Zappa joins it to its working folder
    out = state / "package" / f"{stage}.zip"
    for place in (project / zipped, out):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
    run_logged(
        [*zappa(), "package", stage, "-s", str(settings or SETTINGS), "-o", str(zipped)],
        state / "log" / f"package-{stage}.log",
        failed=f"packing {stage} failed",
        next_step="mend what it says, then make package",
        env={**os.environ, "VIRTUAL_ENV": str(folder)},
        cwd=project,
    )
    if not out.exists():
        shutil.move(project / zipped, out)
    tops = {path.name for path in site_packages(folder).iterdir()}
    made = look_into(stage, out)
    refuse_what_must_not_ship(made, tops)
    return made


def zappa() -> list[str]:
    """Zappa's command, of the same environment as this interpreter."""
    return [str(Path(sys.executable).parent / "zappa")]


def look_into(stage: str, path: Path) -> Package:
    """What a zip holds."""
    tops: dict[str, int] = {}
    seen = hashlib.sha256()
    with zipfile.ZipFile(path) as archive:
        for entry in sorted(archive.infolist(), key=lambda e: e.filename):
            tops[entry.filename.split("/")[0]] = (
                tops.get(entry.filename.split("/")[0], 0) + entry.compress_size
            )
            if (
                entry.filename not in ZAPPAS
            ):  # they say which stage it is, and the sources of two stages are the same
                seen.update(entry.filename.encode() + b"\0" + archive.read(entry) + b"\0")
    return Package(stage, path, tops, seen.hexdigest())


def refuse_what_must_not_ship(made: Package, packages: set[str]) -> None:
    """Only our edge, the locked packages and Zappa's two files; no secrets; the door under a mebibyte."""
    strange = sorted(set(made.tops) - {"ingest_lambda"} - packages - ZAPPAS)
    with zipfile.ZipFile(made.path) as archive:
        strange += [
            name for name in archive.namelist() if name.endswith(SECRETIVE) or "/tests/" in f"/{name}"
        ]
    if strange:
        raise Refusal(
            f"{made.stage} would ship {', '.join(strange)}",
            next_step=f"name it in exclude_glob of the stage in {SETTINGS}: Zappa packs the whole folder otherwise",
        )
    if made.stage.startswith("ingest") and made.size >= INGEST_BYTES:
        raise Refusal(
            f"{made.stage} is {made.size} bytes, and {INGEST_BYTES} is the bound: it costs cold starts",
            next_step="take out what the door does not need (exclude_glob, requirements/edge-http.in)",
        )
