"""Debian packages: what is missing is installed, without starting or stopping any service of the machine."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from box.place import Place
from box.say import Progress, Refusal, run_logged
from box.users import am_root

POLICY = Path("/usr/sbin/policy-rc.d")


def _file(path: str) -> Callable[[], bool]:
    return lambda: Path(path).exists()


def _program(name: str) -> Callable[[], bool]:
    return lambda: shutil.which(name) is not None


# package -> whether what we need of it is there, from whatever source
FOR_RUN: dict[str, Callable[[], bool]] = {
    "postgresql-15": _file("/usr/lib/postgresql/15/bin/postgres"),
    "postgresql-15-postgis-3": _file("/usr/share/postgresql/15/extension/postgis.control"),
    "redis-server": _program("redis-server"),
    "mosquitto": _file("/usr/sbin/mosquitto"),
    "nginx-light": _file("/usr/sbin/nginx"),
    # for the part of the route solver that is compiled here
    "gcc": _program("cc"),
    "libc6-dev": _file("/usr/include/stdlib.h"),
    "python3-venv": lambda: find_spec("ensurepip") is not None,
    "nodejs": _program("node"),
    "npm": _program("npm"),
}
# `wrk` loads the door in the measurements, which `bench` begins as tests begin
FOR_TESTS: dict[str, Callable[[], bool]] = {"chromium": _program("chromium"), "wrk": _program("wrk")}
# package -> the unit that would otherwise come up at the next boot, on the port everybody uses
BOOT_UNITS = {
    "postgresql-15": "postgresql",
    "redis-server": "redis-server",
    "mosquitto": "mosquitto",
    "nginx-light": "nginx",
}


def missing_packages(for_tests: bool) -> list[str]:
    """The Debian packages whose programs are not on this machine."""
    wanted = FOR_RUN | (FOR_TESTS if for_tests else {})
    return [name for name, is_there in wanted.items() if not is_there()]


def install_packages(place: Place, progress: Progress, *, for_tests: bool = False) -> None:
    """Install what is missing; raises `Refusal` where we may not or apt fails."""
    missing = missing_packages(for_tests)
    if not missing:
        progress.line("Debian packages: all there")
        return
    by_hand = f"sudo apt-get update && sudo apt-get install --no-install-recommends {' '.join(missing)}"
    if shutil.which("apt-get") is None:
        raise Refusal(
            f"missing here: {', '.join(missing)}, and there is no apt-get to install them",
            next_step="install the same programs with this system's own package manager; Debian 12 is what is tested",
        )
    _become_root_or_refuse(missing, by_hand)
    log = place.logs / "setup-apt.log"
    with progress.step("Debian packages", f"installing {', '.join(missing)}", log), _services_stay_down():
        _apt(["update"], log, by_hand)
        _apt(["install", "--no-install-recommends", *missing], log, by_hand)
    _leave_boot_alone(missing)


def _sudo(argv: list[str]) -> list[str]:
    return argv if am_root() else ["sudo", *argv]


def _become_root_or_refuse(missing: list[str], by_hand: str) -> None:
    if am_root():
        return
    refusal = Refusal(
        f"missing here: {', '.join(missing)}, and only root may install them", next_step=by_hand
    )
    if shutil.which("sudo") is None:
        raise refusal
    asked = subprocess.run(
        ["sudo", "-v"] if os.isatty(0) else ["sudo", "-n", "true"], stderr=subprocess.DEVNULL, check=False
    )
    if asked.returncode:
        raise refusal


def _apt(words: list[str], log: Path, by_hand: str) -> None:
    quiet = ["env", "DEBIAN_FRONTEND=noninteractive", "NEEDRESTART_MODE=l"]
    options = ["-y", "-q", "-o", "DPkg::Lock::Timeout=300", "-o", "Dpkg::Options::=--force-confold"]
    run_logged(
        _sudo([*quiet, "apt-get", *options, *words]),
        log,
        failed=f"apt-get {words[0]} failed",
        next_step=by_hand,
    )


@contextmanager
def _services_stay_down() -> Iterator[None]:
    """While apt works, Debian's own switch forbids packages to start services; one that is there already stays."""
    ours = not POLICY.exists()
    if ours:
        script = "#!/bin/sh\\n# Milepost: no service starts while its set-up installs packages\\nexit 101\\n"
        subprocess.run(_sudo(["sh", "-c", f"printf '{script}' > {POLICY} && chmod 755 {POLICY}"]), check=True)
    try:
        yield
    finally:
        if ours:
            subprocess.run(_sudo(["rm", "-f", str(POLICY)]), check=False)


def _leave_boot_alone(installed: list[str]) -> None:
    """What we installed for our private use must not take the machine's ports at its next boot."""
    if not Path("/run/systemd/system").is_dir():
        return
    units = [BOOT_UNITS[name] for name in installed if name in BOOT_UNITS]
    if units:
        subprocess.run(
            _sudo(["systemctl", "disable", "--quiet", *units]), stderr=subprocess.DEVNULL, check=False
        )
