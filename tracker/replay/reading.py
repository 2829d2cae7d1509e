"""A file on disk into a recording: CSV or GPX, plain or packed with gzip, told apart by what is inside."""

import gzip
import io
import zlib
from pathlib import Path

from tracker.replay.gpx import read_gpx
from tracker.replay.recording import Recording, Unreadable
from tracker.replay.table import Reading, read_table

GZIP_MAGIC = b"\x1f\x8b"


def read(path: Path, reading: Reading) -> Recording:
    """The recording in `path`. Raises Unreadable with the path and what to do."""
    try:
        recording = _read(_unpacked(path), reading, device=path.name.split(".")[0])
    except Unreadable as error:
        raise Unreadable(f"{path}: {error}") from None
    if not recording.fixes:
        first = f" The first: {recording.faults[0]}." if recording.faults else ""
        raise Unreadable(f"{path}: not one row could be read.{first}")
    return recording


def _unpacked(path: Path) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Unreadable(f"cannot be opened: {error.strerror}.") from None
    if not data.startswith(GZIP_MAGIC):
        return data
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise Unreadable(f"the gzip data is damaged: {error}.") from None


def _read(data: bytes, reading: Reading, *, device: str) -> Recording:
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return read_gpx(data, reading, device=device)
    text = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", errors="replace", newline="")
    return read_table(text, reading, device=device)
