"""Lines of the structured logs that name a request or its trace; for staff on the machine that holds the logs."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings

LAST_BYTES = 16 * 1024 * 1024  # of each file: an hour or so, for a process logs little
MOST_LINES = 200
_SAID_ELSEWHERE = {
    "at",
    "message",
    "level",
    "component",
    "logger",
    "request_id",
    "trace_id",
    "error",
    "traceback",
}
_WORDS = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Line:
    """A log line: when, which process's file, what it says and with which facts."""

    at: datetime
    file: str
    level: str
    message: str
    facts: dict[str, object]


def lines_about(words: set[str], folder: Path | None = None) -> list[Line]:
    """Lines with one of these ids (32 hexadecimal digits) in them, oldest first, `MOST_LINES` at most."""
    ids = {word for word in words if _WORDS.fullmatch(word)}
    folder = folder or settings.STATE_DIR / "log"
    if not ids or not folder.is_dir():
        return []
    found = [line for file in sorted(folder.glob("*.log")) for line in _in_file(file, ids)]
    return sorted(found, key=lambda line: line.at)[:MOST_LINES]


def _in_file(file: Path, ids: set[str]) -> Iterator[Line]:
    needles = [word.encode() for word in ids]
    try:
        with file.open("rb") as source:
            size = source.seek(0, 2)
            source.seek(max(0, size - LAST_BYTES))
            for raw in source:
                if any(needle in raw for needle in needles) and (line := _read(raw, file.stem)) is not None:
                    yield line
    except OSError:
        return


def _read(raw: bytes, file: str) -> Line | None:
    """The line, or None where it is none of our structured ones."""
    try:
        document = json.loads(raw)
        at = datetime.fromisoformat(document["at"])
        message, level = str(document["message"]), str(document.get("level", ""))
    except (ValueError, KeyError, TypeError):
        return None
    facts = {name: value for name, value in document.items() if name not in _SAID_ELSEWHERE}
    return Line(at, file, level, message, facts)
