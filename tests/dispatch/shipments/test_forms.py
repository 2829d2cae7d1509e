"""The forms in which things are written down: canonical JSON, chained events, old versions, intervals."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import convert
from msgspec.structs import fields

from dispatch.shipments import kinds
from dispatch.shipments.apply import apply
from dispatch.shipments.canonical import NotCanonical, canonical, plain
from dispatch.shipments.evidence import verify_evidence
from dispatch.shipments.intervals import BadInterval, interval_text, parse_interval
from dispatch.shipments.kinds import KINDS, DeliveryAttempted, Event, ShipmentCreated
from dispatch.shipments.personal import DIGEST, digest_of, put_together, taken_apart
from dispatch.shipments.state import State
from dispatch.shipments.upcasters import STEPS, UnknownEvent, lifted

AT = datetime(2026, 5, 1, 9, 0, tzinfo=UTC)
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8)
NUMBER = st.integers(-(10**15), 10**15) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBER | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
QUIET = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@QUIET
@given(JSON)
def test_the_canonical_form_is_the_same_after_any_trip_through_json(value):
    once = canonical(value)
    assert canonical(json.loads(json.dumps(plain(value)))) == once
    assert canonical(json.loads(once)) == once
    assert once.isascii()
    assert verify_evidence.canonical(json.loads(once)) == once, "the script in the pack reckons the same"


def test_how_a_number_was_written_is_no_matter_and_what_is_none_is_refused():
    assert canonical({"b": 2.0, "a": [1e3, -0.0, 0.1]}) == b'{"a":[1000,0,0.1],"b":2}'
    assert canonical({"ü": "😀"}) == b'{"\\u00fc":"\\ud83d\\ude00"}'
    for value in (float("nan"), float("inf"), object()):
        with pytest.raises(NotCanonical):
            canonical({"a": value})


@QUIET
@given(JSON)
def test_jsonb_gives_back_what_hashes_to_the_same(database_row, value):
    assert canonical(database_row(plain({"value": value}))) == canonical({"value": value})


@pytest.fixture(scope="module")
def database_row(django_db_setup, django_db_blocker):
    def through(value):
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute("SELECT %s::jsonb::text", [json.dumps(value)])
            return json.loads(cursor.fetchone()[0])

    return through


def test_what_an_event_says_of_the_recipient_lies_beside_it_under_a_salted_digest():
    event = ShipmentCreated(service_s=60, recipient="Asha", longitude=1.5, latitude=2.5, size={"kg": 2.0})
    data, personal = taken_apart(event)
    assert personal is not None
    assert data == {"service_s": 60, "size": {"kg": 2}, DIGEST: digest_of(personal)}
    assert convert(put_together(data, personal.data), ShipmentCreated) == event
    assert convert(put_together(data, None), ShipmentCreated) == ShipmentCreated(
        service_s=60, size={"kg": 2.0}
    )
    again = taken_apart(event)[1]
    assert again is not None
    assert again.salt != personal.salt
    assert digest_of(again) != digest_of(personal), "two equal recipients cannot be told to be equal"


def test_no_field_that_may_be_forgotten_is_needed_to_read_an_event():
    for kind in KINDS.values():
        names = {field.name for field in fields(kind) if not field.required}
        assert set(kind.PERSONAL) <= set(kind.__struct_fields__), kind.__name__
        for name in kind.PERSONAL:
            assert name in names, f"{kind.__name__}.{name} has no default"


class AttemptAsToday(Event, frozen=True, kw_only=True):
    """What an attempt might be one day: a code instead of words, and seconds waited at the door."""

    VERSION = 3

    reason_code: str
    attempt: int
    waited_s: int


def words_to_code(data):
    return {name: value for name, value in data.items() if name != "reason"} | {
        "reason_code": data["reason"].lower().replace(" ", "_")
    }


def nobody_knows_how_long(data):
    return data | {"waited_s": 0}


def test_an_event_written_in_an_old_form_is_lifted_step_by_step_when_it_is_read():
    steps = {("DeliveryAttempted", 1): words_to_code, ("DeliveryAttempted", 2): nobody_knows_how_long}
    known = {"DeliveryAttempted": AttemptAsToday}
    old = lifted("DeliveryAttempted", 1, {"reason": "Nobody home", "attempt": 2}, steps=steps, kinds=known)
    newer = lifted(
        "DeliveryAttempted", 2, {"reason_code": "nobody_home", "attempt": 2}, steps=steps, kinds=known
    )
    assert old == newer == AttemptAsToday(reason_code="nobody_home", attempt=2, waited_s=0)


@pytest.mark.parametrize(
    ("kind", "version", "data", "why"),
    [
        ("Teleported", 1, {}, "Teleported version 1 is not known here"),
        ("Cancelled", 2, {"reason": "x"}, "Cancelled version 2 is not known here"),
        ("Cancelled", 1, {}, "does not have its form"),
        ("Cancelled", 1, {"reason": "x", "more": 1}, "does not have its form"),
    ],
)
def test_an_event_this_program_cannot_read_is_never_guessed_at(kind, version, data, why):
    with pytest.raises(UnknownEvent, match=why):
        lifted(kind, version, data)


def test_a_note_of_whom_nobody_wrote_down_is_not_shown_to_the_customer():
    assert lifted("NoteLeft", 1, {"note": "x"}) == kinds.NoteLeft(whose=kinds.SENDER, note="x")
    state = apply(
        State(state="ready"), lifted("NoteLeft", 1, {"note": "x"}), datetime(2026, 5, 4, tzinfo=UTC)
    )
    assert (state.note, state.sender_note) == ("", "x")


def test_a_missing_step_is_named():
    with pytest.raises(UnknownEvent, match="no step from version 1 to 2"):
        lifted("DeliveryAttempted", 1, {}, steps={}, kinds={"DeliveryAttempted": AttemptAsToday})


def test_every_version_ever_written_can_be_lifted():
    for name, kind in KINDS.items():
        assert [number for number in range(1, kind.VERSION) if (name, number) not in STEPS] == []
    assert DeliveryAttempted.VERSION == kinds.DeliveryAttempted.VERSION


@pytest.mark.parametrize(
    ("text", "slot"),
    [
        ("2026-05-01T09:00:00Z/2026-05-01T11:00:00Z", (AT, AT + timedelta(hours=2))),
        ("2026-05-01T14:30:00+05:30/2026-05-01T16:30:00+05:30", (AT, AT + timedelta(hours=2))),
        ("2026-05-01T09:00Z/PT2H", (AT, AT + timedelta(hours=2))),
        ("PT90M/2026-05-01T10:30Z", (AT, AT + timedelta(minutes=90))),
        ("2026-05-01T09:00Z/P1DT1H", (AT, AT + timedelta(days=1, hours=1))),
        ("2026-05-01T09:00Z/11:00", (AT, AT + timedelta(hours=2))),
        ("2026-05-01T14:30+05:30/16:30", (AT, AT + timedelta(hours=2))),
        ("2026-05-01T20:00Z/06:00", (AT + timedelta(hours=11), AT + timedelta(hours=21))),
        ("2026-05-01 09:00/2026-05-01 11:00", (AT, AT + timedelta(hours=2))),
    ],
)
def test_slots_are_read_as_iso_intervals_across_midnight_and_zones(text, slot):
    assert parse_interval(text) == slot
    assert parse_interval(interval_text(slot)) == slot


@pytest.mark.parametrize(
    "text",
    ["", "2026-05-01T09:00Z", "/", "PT1H/PT2H", "2026-05-01T11:00Z/2026-05-01T09:00Z", "2026-05-01T09:00Z/P",
     "2026-05-01T09:00Z/PT", "2026-05-01T09:00Z/P40D", "now/then", "2026-05-01T09:00Z/25:00",
     "2026-05-01T09:00Z/PT99999999S"],
)  # fmt: skip
def test_what_is_no_interval_is_refused_with_a_reason(text):
    with pytest.raises(BadInterval, match=r"\w"):
        parse_interval(text)


@QUIET
@given(st.text(max_size=40))
def test_no_text_at_all_breaks_the_reader_of_intervals(text):
    try:
        begin, end = parse_interval(text)
    except BadInterval:
        return
    assert begin < end
