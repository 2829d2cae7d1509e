"""Log lines of the edge: one JSON object a line, with a request id where there is one, and never a key."""

from __future__ import annotations

import logging
import re
import sys
from datetime import UTC, datetime
from typing import Any

import msgspec

from ingest_lambda.report import Envelope, request_id_text

_STANDARD = frozenset(vars(logging.LogRecord("", 0, "", 0, "", (), None))) | {
    "message",
    "asctime",
    "taskName",
}
# A key that slips into a message must not end in a log file; its first four characters after the prefix stay.
_KEY = re.compile(r"\b([ps]k_(?:live|test)_\w{4})\w+")


class JsonLines(logging.Formatter):
    """A record as JSON: at, level, logger, message, what was passed as `extra`, and the traceback if any."""

    def __init__(self, component: str) -> None:
        super().__init__()
        self._component = component

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "component": self._component,
            "logger": record.name,
            "message": record.getMessage(),
        }
        extra = {name: value for name, value in vars(record).items() if name not in _STANDARD}
        # an extra that is called as one of ours must not take its place: a line without its time is no line
        line.update({f"{name}_" if name in line else name: value for name, value in extra.items()})
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        text = msgspec.json.encode(line, enc_hook=str).decode("utf-8", "replace")
        return _KEY.sub(r"\1...", text)


def traced(envelope: Envelope | None) -> dict[str, str]:
    """The `extra` of a line that speaks of a report: its request id and its trace id."""
    if envelope is None:
        return {"request_id": ""}
    trace = envelope.traceparent or ""
    trace_id = trace[3:35] if len(trace) >= 35 else envelope.request_id.hex()
    return {"request_id": request_id_text(envelope.request_id), "trace_id": trace_id}


def configure(component: str, level: str) -> None:
    """Send every logger's lines to standard output in this form."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines(component))
    logging.basicConfig(level=level, handlers=[handler], force=True)
