"""Log lines of the edge: JSON, with what was passed along, and never a key."""

import json
import logging
import sys

from ingest_lambda.log import JsonLines
from tests.ingest_lambda.door import PUBLISHABLE, SECRET_KEY


def line(message, *args, exc_info=None, **extra):
    record = logging.LogRecord("edge.test", logging.WARNING, "", 0, message, args, exc_info)
    vars(record).update(extra)
    text = JsonLines("edge").format(record)
    assert "\n" not in text
    return json.loads(text)


def test_a_line_says_when_who_and_what():
    written = line("put %d", 5, request_id="req_1", reason="away")
    assert written.pop("at").endswith("+00:00")
    assert written == {
        "level": "warning",
        "component": "edge",
        "logger": "edge.test",
        "message": "put 5",
        "request_id": "req_1",
        "reason": "away",
    }


def test_a_failure_brings_its_traceback():
    try:
        raise RuntimeError("broken")
    except RuntimeError:
        written = line("oh", exc_info=sys.exc_info())
    assert "RuntimeError: broken" in written["traceback"]


def test_what_has_no_json_form_is_shown_as_text():
    assert line("x", what=object())["what"].startswith("<object")


def test_no_key_ends_in_a_line():
    text = json.dumps(line(f"key {PUBLISHABLE}", other=SECRET_KEY))
    assert PUBLISHABLE[12:] not in text
    assert SECRET_KEY[12:] not in text
    assert PUBLISHABLE[:12] in text
