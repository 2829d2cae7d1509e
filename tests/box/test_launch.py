"""What a killed program leaves, its workers and its socket, is cleared before the next one of its name starts."""

import os
import subprocess
import sys
from pathlib import Path

from box.programs import LAUNCH


def launch(program: str, socket: str, *command: str, stack: str) -> subprocess.Popen[str]:
    env = {**os.environ, "MILEPOST_STACK": stack}
    argv = [sys.executable, "-S", str(LAUNCH), program, socket, *command]
    return subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env=env)


def test_a_leftover_worker_of_the_same_program_is_ended_and_others_are_not(tmp_path: Path) -> None:
    sleeper = (sys.executable, "-c", "import time; print('here', flush=True); time.sleep(300)")
    left, other = (launch(name, "-", *sleeper, stack=str(tmp_path)) for name in ("web", "live"))
    for process in (left, other):
        assert process.stdout is not None
        assert process.stdout.readline() == "here\n"
    after = launch("web", "-", sys.executable, "-c", "print('started')", stack=str(tmp_path))
    assert after.communicate(timeout=30)[0] == "started\n"
    assert left.wait(timeout=30) == -9
    assert other.poll() is None
    other.kill()
    for process in (left, other):
        process.communicate()


def test_a_leftover_socket_is_removed(tmp_path: Path) -> None:
    socket = tmp_path / "web.sock"
    socket.touch()
    launch("web", str(socket), sys.executable, "-c", "pass", stack=str(tmp_path)).communicate(timeout=30)
    assert not socket.exists()
