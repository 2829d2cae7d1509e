"""Log lines of the edge: JSON, with what was passed along, and never a key."""

import json
import logging
import sys

from ingest_lambda.log import JsonLines, traced
from tests.ingest_lambda.door import PUBLISHABLE, SECRET_KEY
from tests.tracker.letters.letter import an_envelope


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


def test_an_extra_never_takes_the_place_of_the_time_or_the_level():
    written = line("open", at="/run/edge.sock", level="?", component="?")
    assert written["at"].endswith("+00:00")
    assert (written["level"], written["component"]) == ("warning", "edge")
    assert (written["at_"], written["level_"], written["component_"]) == ("/run/edge.sock", "?", "?")


def test_a_line_about_a_report_carries_its_two_ids():
    envelope = an_envelope(7, traceparent=f"00-{'a' * 32}-{'b' * 16}-00")
    assert traced(envelope) == {"request_id": f"req_{envelope.request_id.hex()}", "trace_id": "a" * 32}
    bare = an_envelope(7, traceparent=None)
    assert traced(bare)["trace_id"] == bare.request_id.hex()
    assert traced(None) == {"request_id": ""}


def test_what_has_no_json_form_is_shown_as_text():
    assert line("x", what=object())["what"].startswith("<object")


def test_no_key_ends_in_a_line():
    text = json.dumps(line(f"key {PUBLISHABLE}", other=SECRET_KEY))
    assert PUBLISHABLE[12:] not in text
    assert SECRET_KEY[12:] not in text
    assert PUBLISHABLE[:12] in text
