"""Redrive: what lies in the failure bucket and what of it goes back onto which stream."""

import base64
import json

import pytest

from infra.redrive import objects_in, records_in
from ingest_lambda.iot_record import envelopes_of

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
STREAM = "arn:aws:kinesis:eu-central-1:1:stream/s"


def test_a_failed_batch_gives_its_records_back_as_they_were():
    record = {
        "eventSourceARN": STREAM,
        "kinesis": {"partitionKey": "1:a", "data": base64.b64encode(b"\x00\xff").decode()},
    }
    parked = json.dumps({"payload": json.dumps({"Records": [record, record]})}).encode()
    back = list(records_in("aws/lambda/x", parked, "other"))
    assert [(one.stream, one.key, one.data) for one in back] == [(STREAM, "1:a", b"\x00\xff")] * 2


def test_a_message_of_a_device_comes_back_as_the_rule_would_have_put_it_and_is_read_as_such():
    device = "dev_" + "0" * 31 + "1"
    fix = {"_type": "location", "lat": 1.5, "lon": 2.5, "tst": 1767225500}
    parked = json.dumps(
        {
            "topic": f"owntracks/{device}/phone",
            "base64OriginalPayload": base64.b64encode(json.dumps(fix).encode()).decode(),
        }
    ).encode()
    (one,) = records_in(f"iot/{device}/1767225600000-0f0e", parked, STREAM)
    (again,) = records_in(f"iot/{device}/1767225600000-0f0e", parked, STREAM)
    assert (one.stream, one.key) == (STREAM, device)
    assert one == again
    (envelope,) = envelopes_of(one.data)
    assert envelope.device == device
    assert envelope.received_at_us == 1767225600_000_000


@pytest.mark.parametrize("trace", [TRACE, [TRACE], [TRACE, "other"]])
def test_a_trace_is_read_whether_the_rule_gives_a_text_or_a_list(trace):
    device = "dev_" + "0" * 32
    payload = base64.b64encode(b'{"_type":"location","lat":1,"lon":2,"tst":1767225500}').decode()
    record = {
        "topic": f"owntracks/{device}/p",
        "received_ms": 1767225600000,
        "trace": trace,
        "payload": payload,
    }
    (envelope,) = envelopes_of(json.dumps(record).encode())
    assert TRACE.split("-")[1] in (envelope.traceparent or "")


@pytest.mark.parametrize(
    "parked", [b"", b"[]", b"{}", b'{"payload": "{}"}', b'{"payload": {"Records": [{}]}}']
)
def test_what_is_neither_is_said_so_and_nothing_is_sent(parked):
    with pytest.raises((ValueError, KeyError, TypeError)):
        list(records_in("aws/lambda/x", parked, STREAM))


def test_a_notice_names_objects_with_signs_in_their_keys():
    notice = {"Records": [{"s3": {"bucket": {"name": "b"}, "object": {"key": "aws/lambda/a+b%3Ac"}}}]}
    assert objects_in(json.dumps(notice)) == (("b", "aws/lambda/a b:c"),)
    assert objects_in('{"Event": "s3:TestEvent"}') == ()
