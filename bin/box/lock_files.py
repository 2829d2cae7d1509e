"""`make lock`: resolve the Python and npm packages anew; hashes in, download addresses out."""

import shutil
import venv

from box.place import Place
from box.say import Progress, run_logged

NEXT = "mend what it says (requirements/*.in, package.json), then make lock"


def write_locks(place: Place, progress: Progress) -> None:
    """Write requirements/dev.txt, the others within dev's versions, and package-lock.json.

    What ships to Lambda is resolved for the Python that runs there.
    """
    tool = place.state / "lock-tool"
    python = tool / "bin" / "python"
    if not python.exists():
        with progress.step("lock", "installing uv in an environment of its own"):
            venv.create(tool, with_pip=True)
            run_logged(
                [str(python), "-m", "pip", "install", "-q", "uv"],
                place.logs / "lock.log",
                failed="installing uv failed",
                next_step=NEXT,
            )
    within_dev = ("-c", "requirements/dev.txt")
    for name, python_version, within in (
        ("dev", "3.11", ()),
        ("app", "3.11", within_dev),
        ("edge-http", "3.13", within_dev),
        ("edge-consume", "3.13", within_dev),
    ):
        with progress.step("lock", f"requirements/{name}.txt"):
            run_logged(
                [str(tool / "bin" / "uv"), "pip", "compile", "--upgrade", "--generate-hashes", "--no-emit-index-url",
                 "--no-emit-find-links", "--python-version", python_version, *within,
                 f"requirements/{name}.in", "-o", f"requirements/{name}.txt"],
                place.logs / "lock.log", failed=f"resolving requirements/{name}.in failed", next_step=NEXT,
                cwd=place.project,
            )  # fmt: skip
    with progress.step("lock", "package-lock.json"):
        run_logged(
            ["npm", "install", "--package-lock-only", "--ignore-scripts", "--no-audit", "--no-fund"],
            place.logs / "lock.log",
            failed="resolving package.json failed",
            next_step=NEXT,
            cwd=place.project,
        )
    shutil.rmtree(tool, ignore_errors=True)
