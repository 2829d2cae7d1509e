"""Stacks for tests: a short temporary folder, free ports, and an end that comes even when the test run is killed."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from box.place import PROJECT, open_place
from box.ports import free_port
from box.say import Progress
from box.stack import Stack

WATCHER = "box.throwaway"


class Throwaway(Stack):
    """A stack that leaves nothing: `down` also removes its folder, and a watcher does so when we die before."""

    def __init__(
        self,
        *,
        settings: Mapping[str, str] | None = None,
        services_only: Iterable[str] | None = None,
        durable: bool = False,
        with_fleet: bool = False,
        progress: Progress | None = None,
    ) -> None:
        folder = Path(tempfile.mkdtemp(prefix="milepost-", dir="/tmp"))
        folder.chmod(0o711)
        wanted = ("MILEPOST_PORT", "MILEPOST_MQTT_PORT", "MILEPOST_MQTT_TLS_PORT")
        ports = {name: str(free_port()) for name in wanted}
        # a whole product is tested and measured by what the machine can do, not by what a plan sells
        sold = {"MILEPOST_DEFAULT_PLAN": "none" if services_only is None else "free"}
        assets = (PROJECT / "var").resolve()
        for name in ("static", "vendor"):
            (folder / name).symlink_to(assets / name)
        self._watcher = _watch(folder)
        super().__init__(
            folder,
            settings=ports | sold | dict(settings or {}),
            services_only=services_only,
            durable=durable,
            with_fleet=with_fleet,
            assets=assets,
            progress=progress,
        )

    def down(self) -> None:
        """Stop everything and remove the folder."""
        super().down()
        shutil.rmtree(self.place.state, ignore_errors=True)
        if self._watcher.stdin is not None:
            self._watcher.stdin.close()
        self._watcher.wait()


def _watch(folder: Path) -> subprocess.Popen[bytes]:
    """A process of its own session that waits for our end of a pipe to close, whatever closes it."""
    return subprocess.Popen(
        [sys.executable, "-m", WATCHER, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd="/",
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parent.parent)},
    )


def _clean_up_after(folder: Path) -> None:
    sys.stdin.buffer.read()
    if folder.is_dir():
        Stack(open_place(folder).state, services_only=()).down()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    _clean_up_after(Path(sys.argv[1]))
