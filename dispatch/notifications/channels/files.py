"""Text messages and pushes as files, where no gateway is set: for development, and for test environments always.

A file is named after its message, so a repeat writes the same file again.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from dispatch.notifications.channels.gateway import body_of
from dispatch.notifications.channels.port import SENT, Message, Result


class FileChannel:
    """Writes into one folder, for its owner's eyes only: the links in messages open customers' pages."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, messages: Sequence[Message]) -> list[Result]:
        """Write them down."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            return [self._write(message) for message in messages]
        except OSError as error:
            return [Result(False, f"no file could be written: {error.strerror}")] * len(messages)

    def _write(self, message: Message) -> Result:
        path = self._folder / f"{message.id}.json"
        unfinished = path.with_suffix(".unfinished")
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(body_of(message))
        unfinished.replace(path)
        return SENT
