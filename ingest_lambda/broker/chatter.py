"""What Mosquitto says: its debug lines are read for denied publishes and dropped, the rest goes into our log."""

from __future__ import annotations

import fcntl
import logging
import os
import threading
import time

from ingest_lambda.broker.denials import Denials

# Mosquitto writes a few lines for every message. They are read in gulps, a few times a second, so that a busy broker
# wakes us no more often than an idle one; the pipe holds what comes meanwhile.
GULP = 1024 * 1024
REST_S = 0.1
LONGEST_LINE = 64 * 1024
# one for each kind of debug line: what goes in and out, and the details indented below it
DEBUG = (b"Received ", b"Sending ", b"Denied ", b"No will message", b"Will message", b"\t")

logger = logging.getLogger("mosquitto")


class Chatter:
    """A pipe to give Mosquitto for its standard error, and the thread that reads it until it is closed."""

    def __init__(self, denials: Denials) -> None:
        self._denials = denials
        self._reading, self.writing = os.pipe()
        fcntl.fcntl(self._reading, fcntl.F_SETPIPE_SZ, GULP)
        self._rest = b""
        self._thread = threading.Thread(target=self._listen, name="chatter", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Let go of our copy of the writing end and read what is left."""
        os.close(self.writing)
        self._thread.join(5)

    def take(self, data: bytes, now: float) -> None:
        """What was read; a line that is not whole yet waits for its end."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        self._rest = self._rest[:LONGEST_LINE]
        for line in lines:
            stamp, colon, text = line.partition(b": ")
            if not (colon and stamp.isdigit()):
                text = line
            if not text.startswith(DEBUG):
                logger.info("%s", text.decode("utf-8", "replace"))
            elif text.startswith(b"Denied"):
                self._denials.note(text, now)

    def _listen(self) -> None:
        while data := os.read(self._reading, GULP):
            try:
                self.take(data, time.time())
            except Exception:
                logger.exception("a line of the broker could not be read")
            if len(data) < GULP // 4:
                time.sleep(REST_S)
        os.close(self._reading)
