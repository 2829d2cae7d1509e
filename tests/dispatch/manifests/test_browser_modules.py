"""The pure JavaScript of the board, run by node's own test runner."""

import shutil
import subprocess
from pathlib import Path

import pytest

FILES = sorted((Path(__file__).parent / "js").glob("*.test.mjs"))


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed; `make test` installs it")
def test_the_pure_modules_of_the_board_do_what_their_tests_say():
    run = subprocess.run(
        ["node", "--test", *map(str, FILES)], capture_output=True, text=True, timeout=120, check=False
    )
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-2000:]
