"""Processes that a killed supervisor left behind: found by the mark in their environment and by our folders."""

import os
import signal
import time
from pathlib import Path

from box.front_workers import end_orphaned_workers
from box.place import Place
from box.supervisor import process_alive

GRACE_S = 6.0
SERVICES = {"postgres", "redis-server", "mosquitto", "nginx"}


def end_orphans(place: Place) -> list[str]:
    """End what still runs of this stack although its supervisor does not; returns what was ended, by name and id."""
    found = _marked(place) | _services(place)
    ended = []
    for pid in sorted(found):
        try:
            name = Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip()
            os.kill(pid, signal.SIGINT if name == "postgres" else signal.SIGTERM)
            ended.append(f"{name} ({pid})")
        except (FileNotFoundError, ProcessLookupError):
            continue
    ends = time.monotonic() + GRACE_S
    while any(process_alive(pid) for pid in found) and time.monotonic() < ends:
        time.sleep(0.05)
    for pid in filter(process_alive, found):
        os.kill(pid, signal.SIGKILL)
    # last: a master that had to be killed just now leaves its workers too
    return ended + [f"nginx ({pid})" for pid in end_orphaned_workers(place.front_pid_file)]


def _marked(place: Place) -> set[int]:
    mark = f"MILEPOST_STACK={place.state}".encode()
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "environ").read_bytes().split(b"\0") and int(folder.name) != os.getpid():
                found.add(int(folder.name))
        except OSError:
            continue
    return {pid for pid in found if process_alive(pid)}


def _services(place: Place) -> set[int]:
    """Services write a title over their environment, but each names one of our folders in its command line."""
    ours = (f"{place.state}/".encode(), f"{place.run}/".encode())
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
            if (folder / "comm").read_text(encoding="utf-8").strip() in SERVICES and any(
                o in command for o in ours
            ):
                found.add(int(folder.name))
        except OSError:
            continue
    return found
