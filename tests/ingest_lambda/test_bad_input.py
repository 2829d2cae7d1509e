"""Texts made to break programs, posted at the door: never a 5xx, never a stall, never a lost good fix."""

import base64
import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest_lambda.formats.position import FIELDS
from ingest_lambda.report import decode, encode
from tests.ingest_lambda.door import FIX, Door, problem

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "badinput"

# A few of each kind, so that this keeps its teeth where the collections are not at hand.
SMALL_TEXTS = [
    ("accept", b"[]"),
    ("accept", b'{"a":"b","a":"c"}'),
    ("accept", b"[123e-10000000]"),
    ("accept", b'["\\u0000", "\\uD834\\uDd1e", "\xf4\x8f\xbf\xbf"]'),
    ("accept", b" [1] "),
    ("reject", b"[1 true]"),
    ("reject", b"['x']"),
    ("reject", b"[NaN]"),
    ("reject", b"[-Infinity]"),
    ("reject", b"[1,]"),
    ("reject", b"[01]"),
    ("reject", b"[1.]"),
    ("reject", b'["\t"]'),
    ("reject", b'["\\x00"]'),
    ("reject", b'["\xff"]'),
    ("reject", b"{'a':1}"),
    ("reject", b"[" * 100_000),
    ("reject", b'[{"":' * 50_000),
    ("reject", b"\xef\xbb\xbf"),
    ("reject", b"[1]x"),
    ("reject", b""),
    ("reject", b"\x00"),
    ("either", b"[1e999]"),
    ("either", b"[" + b"9" * 5000 + b"]"),
    ("either", b'["\\uD800"]'),
    ("either", b"\xff\xfe[\x00]\x00"),
    ("either", b"[" * 500 + b"]" * 500),
    ("either", b'["\xed\xa0\x80"]'),
]
SMALL_STRINGS = [
    "undefined", "NULL", "", " ", "0", "1e100", "<script>alert(1)</script>", "'; DROP TABLE users--", "%n%s",
    "../../etc/passwd", "\u202etest\u202e", "Ω≈ç√∫", "👾 🙇", "\u200b", "\ufeff", "\u2028", "ﷺ", "Ṱ̺̺̕o͞",
    "\x1b[0;31m", "\x00", "\x85", "\ud800", "a" * 201,
]  # fmt: skip


def _shared_texts():
    source = SHARED / "json_parsing.ndjson.gz"
    if not source.exists():
        return []
    rows = [json.loads(line) for line in gzip.decompress(source.read_bytes()).splitlines()]
    return [pytest.param(row["must"], base64.b64decode(row["b64"]), id=row["name"]) for row in rows]


def _shared_strings():
    source = SHARED / "naughty_strings.json"
    return json.loads(source.read_text(encoding="utf-8")) if source.exists() else []


texts = pytest.mark.parametrize(("must", "text"), SMALL_TEXTS + _shared_texts())
strings = pytest.mark.parametrize("text", SMALL_STRINGS + _shared_strings())

FIX_TEXT = json.dumps(FIX).encode()
ANOTHER = FIX_TEXT[:-1]  # still open, for one more field
PLACES = {
    "position": b'{"device_id":"a","positions":[%s,@]}' % FIX_TEXT,
    "extra": b'{"device_id":"a","positions":[%s,%s,"extra":@}]}' % (FIX_TEXT, ANOTHER),
    "unknown field": b'{"device_id":"a","positions":[%s,%s,"odd":@}]}' % (FIX_TEXT, ANOTHER),
    "permissions": b'{"device_id":"a","positions":[%s,%s,"permissions":@}]}' % (FIX_TEXT, ANOTHER),
    "latitude": b'{"device_id":"a","positions":[%s,{"latitude":@,"recorded_at":1,"longitude":1}]}' % FIX_TEXT,
    "recorded_at": b'{"device_id":"a","positions":[%s,{"recorded_at":@,"latitude":1,"longitude":1}]}'
    % FIX_TEXT,
    "device": b'{"device_id":"a","device":@,"positions":[%s]}' % FIX_TEXT,
    "beside": b'{"device_id":"a","beside":@,"positions":[%s]}' % FIX_TEXT,
}


def _assert_fit_for_the_database(envelope):
    """It survives the wire, and every text in it is one PostgreSQL takes."""
    assert decode(encode(envelope)) == envelope
    for position in envelope.positions:
        for text in (position.permissions, position.extra):
            assert text is None or "\x00" not in json.dumps(json.loads(text), ensure_ascii=False)
        assert position.activity is None or "\x00" not in position.activity
    assert "\x00" not in envelope.device
    assert all(refused.raw.isascii() and refused.detail.isascii() for refused in envelope.refused)


@texts
async def test_a_strange_text_as_the_whole_body_is_a_400_or_taken(must, text):
    reply = await Door().post(text)
    assert reply.status == 400
    if must == "reject":
        assert problem(reply)["code"] == "invalid_json"
    elif must == "accept":
        assert problem(reply)["code"] != "invalid_json"


@texts
async def test_a_strange_text_inside_a_body_is_a_400_or_costs_at_most_its_position(must, text):
    for place, template in PLACES.items():
        door, body = Door(), template.replace(b"@", text)
        reply = await door.post(body)
        if reply.status == 400:
            assert must != "accept", place
            assert problem(reply)["code"] == "invalid_json", place
            continue
        assert reply.status == 202, place
        assert must != "reject" or json.loads(body), place  # a broken text may be whole again inside another
        [envelope] = door.stream.envelopes
        assert envelope.positions[0].latitude == FIX["latitude"], place
        assert envelope.count == json.loads(reply.body)["received"], place
        _assert_fit_for_the_database(envelope)


@strings
async def test_a_naughty_string_as_device_id_is_kept_to_the_letter_or_a_400_that_names_it(text):
    door = Door()
    reply, envelope = await door.post_fix(device_id=text)
    if reply.status == 202:
        assert envelope.device == text
        _assert_fit_for_the_database(envelope)
    else:
        document = problem(reply)
        assert (document["status"], document["param"]) == (400, "/device_id")
        assert not text.strip() or len(text) > 200 or any(not char.isprintable() for char in text)


@strings
async def test_a_naughty_string_anywhere_else_never_costs_the_fix(text):
    fix = FIX | {"activity": text, "permissions": {text: text}, "extra": {text: text}, "odd " + text: text}
    door = Door()
    reply, envelope = await door.post_fix(
        fix, device=dict.fromkeys(("name", "model", "os", "app_version"), text)
    )
    assert reply.status == 202
    assert len(envelope.positions) == 1
    _assert_fit_for_the_database(envelope)


@strings
async def test_a_naughty_string_as_a_required_fact_is_refused_with_its_reason(text):
    for name in ("recorded_at", "latitude", "longitude"):
        door = Door()
        await door.post({"device_id": "a", "positions": [FIX, FIX | {name: text}, FIX]})
        [envelope] = door.stream.envelopes
        reasons = [refused.reason for refused in envelope.refused]
        assert reasons in ([f"bad_{name}"], [])
        assert envelope.count == 3
        _assert_fit_for_the_database(envelope)


async def test_a_good_fix_survives_any_company():
    company: list[object] = [
        None,
        5,
        "x",
        [],
        {},
        {"latitude": 1},
        FIX | {"latitude": "x"},
        FIX | {"recorded_at": []},
        [[[]]],
    ]
    for bad in company:
        door = Door()
        reply = await door.post({"device_id": "a", "positions": [bad, FIX, bad, FIX, bad]})
        [envelope] = door.stream.envelopes
        assert (reply.status, len(envelope.positions), len(envelope.refused)) == (202, 2, 3)
        assert [refused.index for refused in envelope.refused] == [0, 2, 4]


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.integers()
    | st.text(max_size=50),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=20), inner, max_size=5),
    max_leaves=20,
)
field_names = st.sampled_from(sorted(FIELDS | {"odd"}))


@given(st.lists(st.dictionaries(field_names, json_values) | json_values, min_size=1, max_size=5))
async def test_any_list_of_positions_is_taken_and_counted_to_the_unit(positions):
    door = Door()
    reply = await door.post({"device_id": "a", "positions": [FIX, *positions]})
    [envelope] = door.stream.envelopes
    assert (reply.status, envelope.count) == (202, len(positions) + 1)
    assert envelope.positions[0].latitude == FIX["latitude"]
    _assert_fit_for_the_database(envelope)


@given(st.binary(max_size=200))
async def test_any_bytes_are_answered(body):
    assert (await Door().post(body)).status == 400


@given(st.dictionaries(st.sampled_from(["device_id", "positions", "device", "key"]), json_values))
async def test_any_object_is_answered(body):
    reply = await Door().post(body)
    assert reply.status in {202, 400}
    if reply.status == 400:
        assert problem(reply)["param"]
