"""`make test`: every stage runs even after one has failed, and pytest's summary comes last."""

import os
import subprocess
from collections.abc import Sequence

from box.checks import run_checks
from box.place import Place
from box.say import Progress
from box.settings_file import process_environment

FAILED_STAGES = "MILEPOST_FAILED_STAGES"
WORKERS = "MILEPOST_TEST_WORKERS"


def run_all_tests(place: Place, progress: Progress, pytest_options: Sequence[str]) -> int:
    """The static checks, then pytest on several workers; returns 0 only when all of it passed."""
    failed = run_checks(place, progress)
    workers = os.environ.get(WORKERS) or str(max(3, min(8, os.cpu_count() or 2)))
    progress.line(
        f"tests: pytest on {workers} workers; services of their own, browser and fault tests on one of them"
    )
    # the tests' conftest starts its own services, so the settings of a running product are kept out
    env = process_environment(place)
    for name in ("MILEPOST_ENV_FILE", "MILEPOST_STATE_DIR", "DJANGO_SETTINGS_MODULE"):
        env.pop(name)
    env[FAILED_STAGES] = ",".join(failed)
    argv = [str(place.venv_python), "-m", "pytest", "-n", workers, "--dist", "loadscope", *pytest_options]
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, cwd=place.project, env=env, check=False)
    return done.returncode or (1 if failed else 0)
