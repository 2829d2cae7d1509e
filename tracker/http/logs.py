"""One JSON object a log line, with keys and passwords blotted out wherever they might have slipped in."""

import json
import logging
import re
from datetime import UTC, datetime

# links in mails carry their credential in the path
_LINKS = re.compile(
    r"(/(?:console/join/[^/\s]+|accounts/password/reset/key|accounts/confirm-email|t)/)[^/\s\"']+"
)
_SECRETS = re.compile(
    r"\b((?:pk|sk)_(?:test|live)_)\w{6,}|(Bearer |Basic )[\w+/=.-]+|(://[^:/@\s]*:)[^@\s]+(?=@)"
)
_FIELDS = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "request_id", "taskName"}


def without_secrets(text: str) -> str:
    """The text with every key, credential header, URL password and mailed token replaced by a blot."""
    return _SECRETS.sub(
        lambda m: f"{m.group(1) or m.group(2) or m.group(3)}[hidden]", _LINKS.sub(r"\1[hidden]", text)
    )


class JsonFormatter(logging.Formatter):
    """`{"at", "level", "logger", "message", "request_id"?, …extra, "error"?}`; times are UTC."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request_id := getattr(record, "request_id", ""):
            line["request_id"] = request_id
        extra = {k: v for k, v in record.__dict__.items() if k not in _FIELDS and not k.startswith("_")}
        line |= {f"{k}_" if k in line else k: v for k, v in extra.items()}
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return without_secrets(json.dumps(line, default=str))
