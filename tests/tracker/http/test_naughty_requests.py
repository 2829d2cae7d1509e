"""Texts made to break programs, sent wherever the API takes one: never a 5xx, and nothing stored that was not meant.

All of the collections in ../shared where they are at hand; a few of each kind live here.
"""

import base64
import gzip
import json
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.tracker.caller import a_device, problem
from tracker.devices.models import Device

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data" / "badinput"
VAN = "devices/external:van-1"

SMALL_TEXTS = [
    ("accept", b"[]"),
    ("accept", b'{"a":"b","a":"c"}'),
    ("accept", b"[123e-10000000]"),
    ("accept", b'["\\u0000", "\\uD834\\uDd1e", "\xf4\x8f\xbf\xbf"]'),
    ("accept", b" [1] "),
    ("reject", b"[1 true]"),
    ("reject", b"[NaN]"),
    ("reject", b'{"name":NaN}'),
    ("reject", b'{"metadata":{"a":-Infinity}}'),
    ("reject", b"[1,]"),
    ("reject", b"[01]"),
    ("reject", b'["\t"]'),
    ("reject", b'["\xff"]'),
    ("reject", b"{'a':1}"),
    ("reject", b"[" * 100_000),
    ("reject", b'{"name":' * 50_000),
    ("reject", b"[1]x"),
    ("reject", b""),
    ("reject", b"\x00"),
    ("either", b'{"metadata":{"a":1e999}}'),
    ("either", b'{"metadata":{"a":' + b"9" * 5000 + b"}}"),
    ("either", b'{"name":"\\uD800"}'),
    ("either", b'{"metadata":{"\\uD800":1}}'),
    ("either", b"\xff\xfe{\x00}\x00"),
    ("either", b"\xef\xbb\xbf{}"),
    ("either", b'{"metadata":{"a":' + b"[" * 500 + b"]" * 500 + b"}}"),
    ("either", b'{"name":"\xed\xa0\x80"}'),
]
SMALL_STRINGS = [
    "undefined", "NULL", "", " ", "0", "1e100", "<script>alert(1)</script>", "'; DROP TABLE tracker_device--", "%n%s",
    "../../etc/passwd", "\u202etest\u202e", "Ω≈ç√∫", "👾 🙇", "\u200b", "\ufeff", "\u2028", "ﷺ", "Ṱ̺̺̕o͞", "\\", "%",
    "\x1b[0;31m", "\x00", "\x85", "a" * 201, "{{7*7}}", "../", "a/positions", "dev_", "\r\nX-Evil: 1",
]  # fmt: skip


def _texts():
    source = SHARED / "json_parsing.ndjson.gz"
    rows = []
    if source.exists():
        rows = [json.loads(line) for line in gzip.decompress(source.read_bytes()).splitlines()]
    return SMALL_TEXTS + [(row["must"], base64.b64decode(row["b64"])) for row in rows]


def _strings():
    source = SHARED / "naughty_strings.json"
    return SMALL_STRINGS + (json.loads(source.read_bytes()) if source.exists() else [])


@pytest.fixture
def van(customer):
    return a_device(customer.test, name="Van", metadata={"a": 1})


def facts(device):
    return (
        Device.objects.for_environment(device.environment_id)
        .values_list("name", "metadata")
        .get(pk=device.pk)
    )


def test_every_json_text_as_the_body_of_a_patch(api, van):
    for must, body in _texts():
        answer = api.patch(VAN, body)
        assert answer.status_code in {200, 400}, (body[:80], answer.content)
        code = json.loads(answer.content).get("code")
        if must == "reject":
            problem(answer, 400, "invalid_json")
        elif must == "accept":
            assert code != "invalid_json", (body[:80], answer.content)
        json.loads(api.get("devices").content)


def test_broken_json_is_refused_with_its_place(api, van):
    assert "line 2, column 9" in problem(api.patch(VAN, b'{\n"name": nope}'), 400, "invalid_json")
    assert "byte 9 is not UTF-8" in problem(api.patch(VAN, b'{"name":"\xff"}'), 400, "invalid_json")
    assert "NaN is not a JSON number" in problem(api.patch(VAN, b'{"name":NaN}'), 400, "invalid_json")
    assert "nested too deeply" in problem(api.patch(VAN, b"[" * 100_000), 400, "invalid_json")
    assert "too large" in problem(api.patch(VAN, b'{"metadata":{"a":1e400}}'), 400, "invalid_json")
    assert "surrogate" in problem(api.patch(VAN, b'{"name":"\\ud800"}'), 400, "invalid_json")
    assert "empty" in problem(api.patch(VAN, b""), 400, "invalid_json")
    assert facts(van) == ("Van", {"a": 1})


def test_every_naughty_string_as_a_name_and_as_metadata_comes_back_as_it_was(api, van):
    for text in _strings():
        kept = text.replace("\x00", "")
        answer = api.patch(VAN, {"name": text, "metadata": {"text": text, "deep": {text: [text]}}})
        if len(kept) > 200:
            problem(answer, 400, "invalid_field", "/name")
            continue
        assert answer.status_code == 200, (text, answer.content)
        for document in (json.loads(answer.content), api.json(VAN)):
            assert document["name"] == kept
            assert document["metadata"] == {"a": 1, "text": kept, "deep": {kept: [kept]}}


def test_every_naughty_string_as_a_key_of_metadata_or_the_body(api, van):
    for text in _strings():
        answer = api.patch(VAN, {"metadata": {text: None, text + "x": 1}})
        assert answer.status_code in {200, 400}, (text, answer.content)
        if text not in {"name", "metadata"}:
            assert api.patch(VAN, {text: 1}).status_code == 400


def test_every_naughty_string_as_a_part_of_an_address(api, van):
    for text in _strings():
        escaped, barely = quote(text, safe=""), quote(text, safe="/:;,.()'!*&=+$@")
        for path in (
            f"devices/{barely}",
            f"devices/external:{escaped}",
            f"devices/external:{barely}/positions",
        ):
            answer = api.get(path)
            assert answer.status_code in {200, 301, 404}, (path, answer.content)
        if escaped:
            assert api.delete(f"devices/{escaped}").status_code in {404, 405}
        assert api.patch(f"devices/external:no-{escaped}", {"name": "x"}).status_code in {404, 405}
    assert facts(van) == ("Van", {"a": 1})


@pytest.mark.parametrize(
    ("path", "names", "all_of_it"),
    [
        ("devices", ["q", "external_id", "updated_since", "cursor"], ["q"]),
        ("devices", ["status", "limit"], []),
        (f"{VAN}/positions", ["from", "to", "limit", "cursor"], ["from", "cursor"]),
        ("outcomes", ["from", "to"], []),
        (
            "quarantine",
            ["reason", "outcome", "device", "from", "to", "limit", "cursor"],
            ["reason", "device"],
        ),
        ("environment", ["x"], []),
    ],
)
def test_every_naughty_string_as_a_parameter(api, van, path, names, all_of_it):
    """The whole collection to each kind of parameter once, the small one to every parameter."""
    for name in names:
        for text in _strings() if name in all_of_it else SMALL_STRINGS:
            answer = api.send("GET", f"{path}?{name}={quote(text, safe='')}")
            assert answer.status_code in {200, 400}, (name, text, answer.content)
    for raw in ("%ff", "%ED%A0%80", "%", "&&&=", "=", "a", "%00", ";", "q=%zz", "\u00ff"):
        assert api.send("GET", f"{path}?{raw}").status_code in {200, 400}


def test_every_naughty_string_as_a_key(api, van):
    for text in _strings():
        header = f"Bearer {text}".encode("utf-8", "replace").decode("latin-1")
        assert api.send("GET", "devices", authorization=header).status_code == 401


def test_no_accept_header_gets_anything_but_json(api, van):
    for accept in ("text/html", "image/png", "*/*", "", "nonsense", "application/json; indent=a"):
        answer = api.send("GET", VAN, accept=accept)
        assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
