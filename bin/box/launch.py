"""Becomes one of our programs, after clearing what a killed one of the same name left: its workers and its socket.

Workers of a killed server live on, keep nginx's open connections and answer with old code; a socket that is left
keeps the next server from binding. Run by the supervisor as a plain script: `launch.py NAME SOCKET COMMAND…`.
"""

import os
import signal
import sys
from pathlib import Path

MARKS = ("MILEPOST_STACK", "MILEPOST_PROGRAM")


def leftovers(stack: str, program: str) -> list[int]:
    """Processes of this stack's program that are not us."""
    wanted = {f"{name}={value}".encode() for name, value in zip(MARKS, (stack, program), strict=True)}
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if wanted <= set((folder / "environ").read_bytes().split(b"\0")):
                found.append(int(folder.name))
        except OSError:
            continue
    return [pid for pid in found if pid != os.getpid()]


def main(program: str, socket: str, command: list[str]) -> None:
    """Clear, then become the command."""
    for pid in leftovers(os.environ.get("MILEPOST_STACK", ""), program):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    if socket != "-":
        Path(socket).unlink(missing_ok=True)
    os.environ["MILEPOST_PROGRAM"] = program
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
