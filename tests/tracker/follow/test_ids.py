"""The ids by which a report is followed: a request's, a trace's, and nothing else."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from ingest_lambda.correlation import new_request_id
from tests.tracker.pages import naughty
from tracker.follow.ids import NotAnId, made_at, parse


@pytest.mark.parametrize(
    ("text", "is_trace"),
    [
        ("req_0198aabbccdd7eeeb1223344556677ff", False),
        (" REQ_0198AABBCCDD7EEEB1223344556677FF ", False),
        ("0198aabbccdd7eeeb1223344556677ff", True),
        ("00-0198aabbccdd7eeeb1223344556677ff-00f067aa0ba902b7-01", True),
        ("cc-0198aabbccdd7eeeb1223344556677ff-00f067aa0ba902b7-01-what-the-future-is-like", True),
    ],
)
def test_three_kinds_of_id_are_understood(text, is_trace):
    assert parse(text) == (uuid.UUID("0198aabbccdd7eeeb1223344556677ff"), is_trace)


@pytest.mark.parametrize("text", ["", "req_", "req_12", "dev_" + "0" * 32, "0" * 31, "g" * 32, "x" * 5000])
def test_any_other_text_is_refused_with_a_sentence(text):
    with pytest.raises(NotAnId, match="is no id to follow"):
        parse(text)


@pytest.mark.parametrize("text", naughty()[:200])
def test_no_text_breaks_the_parser(text):
    with pytest.raises(NotAnId) as refused:
        parse(text)
    assert len(str(refused.value)) < 500


def test_an_id_says_when_it_was_made():
    three_hours_ago = datetime.now(UTC) - timedelta(hours=3)
    made = made_at(uuid.UUID(bytes=new_request_id(round(three_hours_ago.timestamp() * 1e6))))
    assert made is not None
    assert abs(made - three_hours_ago) < timedelta(seconds=5)
    assert made_at(uuid.uuid4()) is None
