"""nginx's workers that outlived a killed master: they hold the port, so they end before the next nginx begins.

Run by the supervisor as a plain script, hence the standard library alone: `front_workers.py PID_FILE COMMAND…`.
"""

import os
import signal
import sys
import time
from pathlib import Path

GRACE_S = 5.0


def orphaned_workers(pid_file: Path) -> list[int]:
    """Workers of the master in the file, which is dead: a worker's title hides all else, but it keeps the group.

    The supervisor makes each master the leader of its group. A worker whose parent is an nginx is nobody's orphan,
    also where a restart of the machine gave the number in our old file to another nginx.
    """
    try:
        group = int(pid_file.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return []
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        name, state, parent, in_group = _facts(int(folder.name))
        if name == "nginx" and state != "Z" and in_group == group and int(folder.name) != group:
            found += [int(folder.name)] if _facts(parent)[0] != "nginx" else []
    return found


def end_orphaned_workers(pid_file: Path) -> list[int]:
    """End them and wait until their port is free; returns their ids."""
    found = orphaned_workers(pid_file)
    for pid in found:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    ends = time.monotonic() + GRACE_S
    while orphaned_workers(pid_file) and time.monotonic() < ends:
        time.sleep(0.02)
    return found


def _facts(pid: int) -> tuple[str, str, int, int]:
    """Name, state, parent and process group; nothing of a process that is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "", "", 0, 0
    name, rest = text.partition("(")[2].rpartition(")")[::2]
    state, parent, group = rest.split()[:3]
    return name, state, int(parent), int(group)


if __name__ == "__main__":
    end_orphaned_workers(Path(sys.argv[1]))
    os.execvp(sys.argv[2], sys.argv[2:])
