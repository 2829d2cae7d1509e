"""Ports: a free one for a test's stack, and a clean refusal where a needed one is taken."""

import os
import socket
from pathlib import Path

from box.say import Refusal


def free_port() -> int:
    """A port of the loopback that nobody holds at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def refuse_if_taken(host: str, port: int, variable: str, what: str) -> None:
    """Raise `Refusal` naming the port, its holder where that can be seen, and the variable that chooses another."""
    try:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            probe.listen(1)
            return
    except PermissionError:
        why = "may only be opened by root"
    except OverflowError:
        why = "is no port: they end at 65535"
    except OSError as error:
        holder = holder_of(port)
        why = (
            f"is taken{f' by {holder}' if holder else ''}"
            if error.errno == 98
            else f"cannot be opened: {error}"
        )
    raise Refusal(
        f"port {port} on {host}, which Milepost needs for {what}, {why}",
        next_step=f"free it, or choose another: {variable}={port + 10 if port < 65000 else 8010} make run",
    )


def holder_of(port: int) -> str:
    """Program and process id that listen on the port, as far as this user may see; else empty."""
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in _lines(Path(table))[1:]:
            part = line.split()
            if part[3] == "0A" and int(part[1].rsplit(":", 1)[1], 16) == port:
                inodes.add(f"socket:[{part[9]}]")
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if any(os.readlink(link) in inodes for link in (folder / "fd").iterdir()):
                return f"{(folder / 'comm').read_text(encoding='utf-8').strip()} (process {folder.name})"
        except OSError:
            continue
    return ""


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="ascii").splitlines() if path.exists() else []
