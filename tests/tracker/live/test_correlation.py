"""The request id on its last leg: from the consumer's message to the frame that a browser reads."""

import json

from ingest_lambda.steps.announce import Moved, _encode
from tracker.live.frames import changes_body, frame, parse_message


def test_the_request_id_the_consumer_publishes_is_in_the_frame_of_the_open_map():
    request_id = "req_" + "5f" * 16
    moved = Moved("dev_1", "van", 1, 2, 4.9, 52.3, 5.0, None, None, None, None, None, 1, request_id)
    [change] = parse_message(_encode([moved])).changes
    told = json.loads(frame("changes", 7, changes_body([change.text], []), server_time_ms=3))
    assert [device["request_id"] for device in told["devices"]] == [request_id]
