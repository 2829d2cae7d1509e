"""Redrive: what lies in the failure bucket and what of it goes back onto which stream."""

import base64
import json

import pytest

from infra.redrive import objects_in, records_in

STREAM = "arn:aws:kinesis:eu-central-1:1:stream/s"


def test_a_failed_batch_gives_its_records_back_as_they_were():
    record = {
        "eventSourceARN": STREAM,
        "kinesis": {"partitionKey": "1:a", "data": base64.b64encode(b"\x00\xff").decode()},
    }
    parked = json.dumps({"payload": json.dumps({"Records": [record, record]})}).encode()
    back = list(records_in("aws/lambda/x", parked, "other"))
    assert [(one.stream, one.key, one.data) for one in back] == [(STREAM, "1:a", b"\x00\xff")] * 2


def test_a_message_of_a_device_goes_onto_the_positions_stream_by_its_device():
    parked = json.dumps({"topic": "owntracks/dev_1/phone", "base64OriginalPayload": "e30="}).encode()
    (one,) = records_in("iot/dev_1/2", parked, STREAM)
    assert (one.stream, one.key) == (STREAM, "dev_1")
    assert json.loads(one.data)["payload"] == "e30="


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
