"""Bad input in every app's form: never a 5xx, the answer the app needs, nothing good lost, a reason for the rest."""

import base64
import gzip
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest_lambda.report import MAX_EXTRA_BYTES, MAX_RAW_BYTES, decode, encode
from tests.ingest_lambda.door import FIX, Door
from tests.ingest_lambda.formats.apps import NOON, NOON_S, App

SHARED = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "badinput"

FEATURE = {
    "type": "Feature",
    "geometry": {"type": "Point", "coordinates": [4.9, 52.37]},
    "properties": {
        "timestamp": NOON, "speed": 3, "course": 5, "altitude": 1, "horizontal_accuracy": 5, "battery_level": 0.5,
        "battery_state": "full", "motion": ["walking"], "device_id": "d",
    },
}  # fmt: skip
LOCATION = {
    "timestamp": NOON, "battery": {"level": 0.5, "is_charging": True}, "activity": {"type": "still"},
    "coords": {"latitude": 52.37, "longitude": 4.9, "accuracy": 5, "speed": 3, "heading": 5, "altitude": 1},
}  # fmt: skip
FLAT = {
    "id": "d", "lat": 52.37, "lon": 4.9, "timestamp": NOON_S, "speed": 3, "bearing": 5, "altitude": 1, "accuracy": 5,
    "batt": 50, "charge": True,
}  # fmt: skip
OWNTRACKS = {
    "_type": "location", "lat": 52.37, "lon": 4.9, "tst": NOON_S, "tid": "d", "acc": 5, "vel": 3, "cog": 5,
    "batt": 50, "bs": 1, "alt": 1, "topic": "owntracks/u/d",
}  # fmt: skip
QUERIES = {
    "traccar query": FLAT,
    "osmand": {
        "id": "d",
        "lat": 52.37,
        "lon": 4.9,
        "timestamp": NOON_S * 1000,
        "hdop": 5,
        "speed": 3,
        "bearing": 5,
    },
    "gpslogger": {
        "aid": "d",
        "lat": 52.37,
        "lon": 4.9,
        "time": NOON,
        "spd": 3,
        "dir": 5,
        "acc": 5,
        "batt": 50,
    },
    "opengts": {
        "id": "d",
        "gprmc": "$GPRMC,085930,A,5222.2,N,00454.0,E,10.0,45.0,221126,,*19",
        "alt": 1,
        "batt": 5,
    },
}
BODIES: dict[str, Any] = {
    "native": {"device_id": "d", "positions": [FIX]},
    "traccar object": {"device_id": "d", "location": LOCATION},
    "traccar array": [FLAT],
    "owntracks": OWNTRACKS,
    "overland": {"locations": [FEATURE]},
    "background-geolocation": {"location": [LOCATION], "device_id": "d", "company": "acme"},
}
ANSWERS = {
    "native": None, "traccar object": b"", "traccar array": b"", "owntracks": b"[]", "overland": b'{"result":"ok"}',
    "background-geolocation": b"{}", "traccar query": b"", "osmand": b"OK", "gpslogger": b"OK", "opengts": b"OK",
}  # fmt: skip
# Beside a bad one in the same request, these must stand.
BATCHES = {
    "native": lambda bad: {"device_id": "d", "positions": [FIX, bad, FIX]},
    "traccar array": lambda bad: [FLAT, bad, FLAT],
    "overland": lambda bad: {"locations": [FEATURE, bad, FEATURE]},
    "background-geolocation": lambda bad: {
        "location": [LOCATION, bad, LOCATION],
        "device_id": "d",
        "company": "a",
    },
}
SMALL_STRINGS = [
    "undefined", "NULL", " ", "0", "-1", "1e100", "NaN", "Infinity", "-Infinity", "1e308", "1e309", "90.0000001", "٣",
    "<script>alert(1)</script>", "'; DROP TABLE users--", "%n%s", "%LAT", "../../etc/passwd", "\u202etest\u202e",
    "👾 🙇", "\u200b", "\ufeff", "\u2028", "Ṱ̺̺̕o͞", "\x1b[0;31m", "\x00", "\x85", "a" * 201,
    "2026-13-45T99:99:99Z", "9" * 400,
]  # fmt: skip
EDGES = [
    "NaN",
    "Infinity",
    "-Infinity",
    "1e308",
    "-1e308",
    "1e999",
    "90.0000001",
    "9" * 400,
    "1e-320",
    "-0.0",
    "true",
    "null",
    '""',
    "[]",
    "{}",
]
SMALL_TEXTS = [
    b"[1,]",
    b"[01]",
    b'["\xff"]',
    b"{'a':1}",
    b"[" * 100_000,
    b'[{"":' * 50_000,
    b"\xff\xfe[\x00]\x00",
    b'["\xed\xa0\x80"]',
]


def _shared_strings():
    source = SHARED / "naughty_strings.json"
    return json.loads(source.read_text()) if source.exists() else []


def _shared_texts():
    source = SHARED / "json_parsing.ndjson.gz"
    if not source.exists():
        return []
    with gzip.open(source, "rt") as lines:
        rows = [json.loads(line) for line in lines]
    return [base64.b64decode(row["b64"]) for row in rows]


STRINGS = [text for text in dict.fromkeys([*SMALL_STRINGS, *_shared_strings()]) if text]


def sound(reply, envelopes):
    """An answer that is none of our faults, and envelopes fit for stream and database."""
    assert reply.status in {200, 202, 400, 413}, reply
    for envelope in envelopes:
        assert decode(encode(envelope)) == envelope
        assert envelope.count > 0
        assert (envelope.device == "") <= (not envelope.positions)
        assert "\x00" not in envelope.device
        for fix in envelope.positions:
            assert -90 <= fix.latitude <= 90
            assert -180 <= fix.longitude <= 180
            assert len((fix.extra or "").encode()) <= MAX_EXTRA_BYTES
            assert fix.extra is None or "\x00" not in json.dumps(json.loads(fix.extra), ensure_ascii=False)
        for refused in envelope.refused:
            assert refused.reason
            assert refused.detail
            assert len(refused.raw) <= MAX_RAW_BYTES
            assert refused.raw.isascii()
    return reply, envelopes


async def answered(app):
    reply, envelopes = sound(*await app.reports())
    await app.explained()
    return reply, envelopes


def places(value, path=()):
    """The paths of all single values in a JSON value."""
    if isinstance(value, dict):
        return [place for name, item in value.items() for place in places(item, (*path, name))]
    if isinstance(value, list):
        return [place for index, item in enumerate(value) for place in places(item, (*path, index))]
    return [path]


def put(value, path, new):
    """A copy of a JSON value with another one at `path`."""
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = put(value[path[0]], path[1:], new)
    return copy


def query_of(facts):
    return "&".join(f"{name}={quote(str(value), errors='surrogatepass')}" for name, value in facts.items())


def assert_as_its_app_needs(name, reply, envelopes):
    """200 with the app's answer; 400 only for what is nobody's or no form."""
    if reply.status == 400:
        assert all(e.device == "" for e in envelopes)
        assert {r.reason for e in envelopes for r in e.refused} <= {
            "unrecognised", "missing_device_id", "bad_device_id", "not_an_object"
        }  # fmt: skip
    else:
        assert ANSWERS[name] is None or reply.body in {ANSWERS[name], b"OK", b"", b"{}"}


@pytest.mark.parametrize("name", QUERIES)
async def test_a_naughty_string_as_any_parameter_is_answered(name):
    for field in QUERIES[name]:
        for text in STRINGS:
            reply, envelopes = sound(*await App(query=query_of(QUERIES[name] | {field: text})).reports())
            assert_as_its_app_needs(name, reply, envelopes)


@pytest.mark.parametrize("name", BODIES)
async def test_a_naughty_string_as_any_value_is_answered(name):
    for place in places(BODIES[name]):
        for text in STRINGS:
            reply, envelopes = sound(*await App(body=put(BODIES[name], place, text)).reports())
            assert_as_its_app_needs(name, reply, envelopes)


@pytest.mark.parametrize("name", BODIES)
async def test_a_number_at_the_edge_or_a_wrong_type_anywhere_is_answered(name):
    for place in places(BODIES[name]):
        template = json.dumps(put(BODIES[name], place, "@@"))
        for edge in EDGES:
            reply, envelopes = await answered(App(body=template.replace('"@@"', edge).encode()))
            assert_as_its_app_needs(name, reply, envelopes)


@pytest.mark.parametrize("edge", EDGES)
@pytest.mark.parametrize("name", BATCHES)
async def test_what_is_good_beside_it_is_not_lost(name, edge):
    bads = {"native": FIX, "traccar array": FLAT, "overland": FEATURE, "background-geolocation": LOCATION}
    for place in places(bads[name]):
        if place[-1] in {"id", "device_id"}:
            continue
        body = json.dumps(BATCHES[name](put(bads[name], place, "@@"))).replace('"@@"', edge).encode()
        reply, envelopes = await answered(App(body=body))
        assert reply.status in {200, 202}
        assert sum(len(e.positions) for e in envelopes) >= 2, (place, edge)
        assert sum(e.count for e in envelopes) in {2, 3}


@pytest.mark.parametrize("text", [*SMALL_TEXTS, *_shared_texts()], ids=lambda text: repr(text[:30]))
async def test_a_strange_text_is_answered_as_a_body_and_inside_one(text):
    await answered(App(body=text))
    for template in (
        b'{"locations":[@]}',
        b'{"_type":"location","lat":@}',
        b'{"location":@,"device_id":@}',
        b"id=1&lat=@",
    ):
        await answered(App(body=template.replace(b"@", text)))


@pytest.mark.parametrize("name", BODIES)
async def test_a_body_cut_anywhere_is_told_as_that_and_none_of_it_is_taken(name):
    body = json.dumps(BODIES[name]).encode()
    for length in range(1, len(body) - 1, 3):
        reply, envelopes = sound(*await App(body=body[:length]).reports())
        assert (reply.status, [e.device for e in envelopes]) == (400, [""])


@pytest.mark.parametrize("name", QUERIES)
async def test_a_query_cut_anywhere_is_answered(name):
    query = query_of(QUERIES[name])
    for length in range(len(query)):
        await answered(App(query=query[:length]))


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "latin-1", "utf-32"])
async def test_another_encoding_costs_at_most_its_strings(name, encoding):
    body = json.dumps(
        BODIES[name] | {"näme": "düse"} if isinstance(BODIES[name], dict) else BODIES[name],
        ensure_ascii=False,
    )
    reply, envelopes = await answered(App(body=body.encode(encoding)))
    if encoding != "utf-32":
        assert sum(len(e.positions) for e in envelopes) == 1


@pytest.mark.parametrize("name", BODIES)
async def test_a_body_over_the_limit_is_413_and_a_bomb_never_unfolds(name):
    body = json.dumps(BODIES[name]).encode()
    for app in (
        App(body=body + b" " * 10 * 1024 * 1024),
        App(body=gzip.compress(body + b" " * 50_000_000), headers={"Content-Encoding": "gzip"}),
    ):
        reply, envelopes = await app.reports()
        assert (reply.status, envelopes) == (413, [])


@pytest.mark.parametrize("name", BODIES)
async def test_a_packed_body_is_unpacked_and_a_broken_one_is_told(name):
    packed = gzip.compress(json.dumps(BODIES[name]).encode())
    reply, envelopes = await App(body=packed, headers={"Content-Encoding": "gzip"}).reports()
    assert sum(len(e.positions) for e in envelopes) == 1
    reply, envelopes = sound(*await App(body=packed[:-9], headers={"Content-Encoding": "gzip"}).reports())
    assert reply.status == 400


async def test_a_batch_of_more_than_an_app_can_mean_is_told():
    reply, envelopes = await answered(App(body={"locations": [0] * 100_000}))
    assert (reply.status, reply.code) == (400, "too_many_positions")


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=30) | st.sampled_from(EDGES),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=15,
)
names = st.sampled_from(
    ["_type", "positions", "location", "locations", "coords", "device_id", "id", "lat", "lon", "timestamp",
     "properties", "geometry", "coordinates", "battery", "activity", "tst", "tid", "topic", "device", "extras", "hdop",
     "gprmc", "uuid"]
)  # fmt: skip
nested = st.recursive(
    json_values,
    lambda inner: st.dictionaries(names, inner, max_size=6) | st.lists(inner, max_size=3),
    max_leaves=20,
)
slowly = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)


@slowly
@given(st.dictionaries(names, nested, max_size=6) | st.lists(nested, max_size=4) | nested)
async def test_any_json_is_answered(value):
    await answered(App(body=json.dumps(value).encode()))


@slowly
@given(
    st.binary(max_size=300), st.text(alphabet=st.characters(max_codepoint=255), max_size=100), st.booleans()
)
async def test_any_bytes_and_any_query_are_answered(body, query, get):
    await answered(App(body=body, query=query, method="GET" if get else "POST"))


@slowly
@given(
    st.dictionaries(
        names | st.sampled_from(["speed", "time", "acc", "bearing"]), st.text(max_size=30), max_size=8
    )
)
async def test_any_parameters_are_answered(params):
    await answered(App(query=query_of(params)))


@slowly
@given(st.text(alphabet=st.characters(max_codepoint=255, exclude_characters="?#"), max_size=60))
async def test_any_path_behind_the_key_is_answered(rest):
    reply, envelopes = await App(query="id=1&lat=1&lon=2&timestamp=1795337970", path="/" + rest).reports(
        Door()
    )
    assert reply.status in {200, 400}
