"""The story of a report: from whatever is still known of it, for staff and for the customer whose it is."""

import io
import json
import os
import uuid
from datetime import UTC, datetime, timedelta

import pytest
import redis
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import reverse

from ingest_lambda.correlation import new_request_id
from ingest_lambda.report import RefusedPosition, encode
from ingest_lambda.stream import lane_name, lane_number
from tests.tracker.caller import a_device, a_position, a_set_aside, a_state
from tests.tracker.letters.letter import a_letter, an_envelope, microseconds
from tests.tracker.pages import Page
from tracker.follow import stored
from tracker.follow.ids import made_at
from tracker.follow.log_lines import lines_about
from tracker.follow.stored import POSITIONS, hold_of
from tracker.follow.story import tell
from tracker.ingestion.models import StreamProgress, TracedRequest
from tracker.keys.models import Key
from tracker.tenants import scope
from tracker.tenants.models import Role

LANES = 4


def now():
    return datetime.now(UTC)


def a_request(ago=timedelta(seconds=20)):
    """A request id a door made that long ago."""
    return uuid.UUID(bytes=new_request_id(microseconds(now() - ago)))


def made(request):
    """When it was made, as it certainly was."""
    moment = made_at(request)
    assert moment is not None
    return moment


def kept(device, request, recorded_at, *, after=timedelta(milliseconds=40), **facts):
    received = made(request)
    return a_position(
        device, recorded_at, request_id=request, received_at=received, stored_at=received + after, **facts
    )


@pytest.fixture
def stream(settings):
    """The stream's Redis, its lanes empty."""
    client = redis.Redis.from_url(settings.REDIS_URL)
    names = [lane_name(number) for number in range(LANES)]
    client.delete(*names)
    yield client
    client.delete(*names)


def put(client, envelope, *, stored_too=True, after_ms=3):
    """What the door does, and as far as the books go the consumer. The lane and the entry."""
    lane = lane_name(lane_number(envelope.environment_id, envelope.device, LANES))
    at_ms = envelope.received_at_us // 1000 + after_ms
    entry = client.xadd(lane, {"f": os.urandom(16), "e0": b"junk", "e1": encode(envelope)}, id=f"{at_ms}-0")
    if stored_too:
        StreamProgress.objects.update_or_create(
            lane=lane, defaults={"entry_id": entry.decode(), "entry_index": 2, "updated_at": now()}
        )
    return lane, entry.decode()


def follow(*words):
    out = io.StringIO()
    call_command("follow", *words, "--no-logs", stdout=out)
    return out.getvalue()


def document(text):
    return json.loads(follow(text, "--json"))


# --- what became of the reports ---


def test_the_whole_story_while_the_stream_still_has_it(customer, stream):
    request, device = a_request(), a_device(customer.test)
    first = (now() - timedelta(minutes=5)).replace(microsecond=0)
    scope.enter(unscoped="test")
    key = Key.objects.for_environment(customer.test).filter(kind="pk").get()
    refused = [RefusedPosition(3, "bad_latitude", "latitude 91", '{"latitude":91}')]
    envelope = an_envelope(
        customer.test.pk, request=request, fixes=4, first=first, refused=refused, key_id=key.pk,
        received_at_us=microseconds(made(request)), format="owntracks",
        traceparent=f"00-{'a' * 32}-{'b' * 16}-01",
    )  # fmt: skip
    lane, entry = put(stream, envelope)
    times = [first + timedelta(seconds=n) for n in range(4)]
    for moment in times[1:3]:
        kept(device, request, moment)
    earlier = a_request(timedelta(hours=1))
    a_position(device, times[0], request_id=earlier)
    facts = {"request_id": request, "stored_at": made(request) + timedelta(milliseconds=40)}
    a_set_aside(customer.test, made(request), outcome="filtered", reason="teleport", detail="900 m/s",
                recorded_at=times[3], device=device, **facts)  # fmt: skip
    a_set_aside(customer.test, made(request), reason="bad_latitude", detail="latitude 91", **facts)
    a_state(device, times[2])
    told = document(f"req_{request.hex}")
    assert told["totals"] == {
        "accepted": 2,
        "duplicate": 1,
        "filtered teleport": 1,
        "quarantined bad_latitude": 1,
    }
    titles = [chapter["title"] for chapter in told["chapters"]]
    assert titles == [
        "received",
        "on the stream",
        "stored",
        "the marker moved",
        "published to the open maps",
        "ended without a row",
    ]
    received, on_stream, written, marker, told_to, bare = told["chapters"]
    assert received["door"] == "http"
    assert received["format"] == "owntracks"
    assert received["credential"] == f"key {key.hint}"
    assert received["devices"] == ["van-1"]
    assert received["reports"] == 5
    assert customer.test.public_id in received["environment"]
    assert (on_stream["lane"], on_stream["entry"], on_stream["place_in_the_entry"]) == (lane, entry, 1)
    assert (written["positions"], written["first_recorded"]) == (2, times[1].isoformat())
    assert marker["now"] == "it stands there still"
    assert marker["device"] == device.public_id
    assert told_to["channel"] == f"live:{customer.test.pk}"
    assert bare["endings"] == {"duplicate": 1}
    [double] = [one for one in told["reports"] if one["outcome"] == "duplicate"]
    assert double["detail"] == f"stored by req_{earlier.hex}"
    assert told["trace_id"] == "a" * 32
    assert told["remarks"] == []


def test_the_text_gives_times_gaps_and_every_report(customer, stream):
    request, device = a_request(), a_device(customer.test)
    kept(device, request, now() - timedelta(minutes=1), after=timedelta(seconds=2.5))
    text = follow(f"req_{request.hex}")
    assert "+2.500 s" in text
    assert "stored  [database]" in text
    assert "reports: accepted × 1" in text  # noqa: RUF001 a times sign
    assert customer.tenant.name in text
    assert "The stream no longer has the request" in text


def test_what_came_and_went_on_the_stream_within_a_millisecond_was_received_first(customer, stream):
    request = a_request()
    received = microseconds(made(request)) // 1000 * 1000 + 700
    put(stream, an_envelope(customer.test.pk, request=request, received_at_us=received), after_ms=0)
    told = document(f"req_{request.hex}")
    assert [chapter["title"] for chapter in told["chapters"]][:2] == ["received", "on the stream"]
    assert "+0 ms  on the stream" in follow(f"req_{request.hex}")


def test_what_waits_on_the_stream_is_said_to_wait(customer, stream):
    request = a_request()
    put(stream, an_envelope(customer.test.pk, request=request, fixes=3,
                            received_at_us=microseconds(made(request))), stored_too=False)  # fmt: skip
    told = document(f"req_{request.hex}")
    assert told["totals"] == {"waiting on the stream": 3}
    assert told["chapters"][1]["title"] == "on the stream, waiting for a consumer"
    assert any("consumers' lag" in remark for remark in told["remarks"])


def test_a_request_of_several_devices_is_told_whole(customer, stream):
    request = a_request()
    for part, name in enumerate(["van-a", "van-b"]):
        device = a_device(customer.test, name)
        first = now() - timedelta(minutes=1 + part)
        put(stream, an_envelope(customer.test.pk, request=request, device=name, first=first, part=part,
                                received_at_us=microseconds(made(request))))  # fmt: skip
        kept(device, request, datetime.fromtimestamp(microseconds(first) / 1e6, UTC))
    told = document(f"req_{request.hex}")
    assert told["chapters"][0]["devices"] == ["van-a", "van-b"]
    assert [one["device"] for one in told["reports"]] == ["van-a", "van-b"]
    assert [chapter["title"] for chapter in told["chapters"]].count("the marker moved") == 2


def test_a_late_report_is_said_to_have_left_the_marker(customer, stream):
    device, request = a_device(customer.test), a_request()
    a_position(device, now() - timedelta(minutes=1), stored_at=now() - timedelta(seconds=50))
    kept(device, request, now() - timedelta(hours=1))
    titles = [chapter["title"] for chapter in document(f"req_{request.hex}")["chapters"]]
    assert "late: the marker stayed where it was" in titles
    assert "published to the open maps" not in titles


def test_a_dead_letter_and_its_redrive_belong_to_the_story(customer, stream):
    request, device = a_request(timedelta(hours=2)), a_device(customer.test)
    redriven_at = now() - timedelta(minutes=10)
    letter = a_letter(customer.test, request_id=request, received_at=made(request),
                      redrive_asked_at=redriven_at - timedelta(seconds=1), redriven_at=redriven_at)  # fmt: skip
    recorded_at = made(request) - timedelta(seconds=5)
    a_position(device, recorded_at, request_id=request, received_at=made(request), stored_at=redriven_at)
    told = document(f"req_{request.hex}")
    titles = [chapter["title"] for chapter in told["chapters"]]
    assert {"parked in the dead letters", "redrive asked for", "redriven", "stored"} <= set(titles)
    assert titles.index("redrive asked for") < titles.index("stored")
    assert told["totals"] == {"accepted": 1}
    assert letter.reason in str(told["chapters"])


def test_a_letter_that_waits_is_an_ending(customer, stream):
    request = a_request()
    a_letter(customer.test, request_id=request, received_at=made(request))
    assert document(f"req_{request.hex}")["totals"] == {"quarantined dead_letter": 1}


def test_what_was_stored_hours_later_is_found(customer, stream):
    """The consumer held for five hours: the search widens until it finds the request."""
    request, device = a_request(timedelta(hours=8)), a_device(customer.test)
    kept(device, request, made(request) - timedelta(minutes=1), after=timedelta(hours=5))
    assert document(f"req_{request.hex}")["totals"] == {"accepted": 1}


def test_an_id_without_a_time_is_looked_for_everywhere(customer, stream):
    device = a_device(customer.test)
    a_position(
        device,
        now() - timedelta(days=2),
        stored_at=now() - timedelta(days=2),
        request_id=uuid.UUID(int=4 << 76 | 9),
    )
    assert document(f"req_{uuid.UUID(int=4 << 76 | 9).hex}")["totals"] == {"accepted": 1}


# --- traces ---


def test_a_callers_trace_leads_to_all_its_requests(customer, rival, stream):
    trace, requests = uuid.uuid4(), [a_request(timedelta(seconds=40)), a_request()]
    for number, request in enumerate(requests):
        kept(a_device(customer.test, f"van-{number}"), request, now() - timedelta(minutes=1))
        TracedRequest.objects.create(
            environment=customer.test, trace_id=trace, request_id=request, received_at=made(request)
        )
    for text in (trace.hex, f"00-{trace.hex}-{'c' * 16}-00"):
        assert [story["request_id"] for story in document(text)] == [f"req_{one.hex}" for one in requests]
    assert "2 requests" in follow(trace.hex)


def test_a_trace_our_door_made_is_the_request_itself(customer, stream):
    request = a_request()
    kept(a_device(customer.test), request, now() - timedelta(minutes=1))
    assert document(f"00-{request.hex}-{request.hex[16:]}-01")["request_id"] == f"req_{request.hex}"


@pytest.mark.parametrize(
    "make", [lambda: f"req_{a_request().hex}", lambda: f"req_{uuid.uuid4().hex}", lambda: "f" * 32]
)
def test_an_unknown_id_gets_a_clear_sentence(db, stream, make):
    with pytest.raises(CommandError, match=r"Nothing is known of|No request is known by"):
        follow(make())


def test_a_stream_that_is_away_costs_only_what_it_alone_knows(customer, settings):
    request = a_request()
    kept(a_device(customer.test), request, now() - timedelta(minutes=1))
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    assert document(f"req_{request.hex}")["totals"] == {"accepted": 1}


# --- the customer's own page ---


def test_the_page_tells_a_viewer_the_story_and_no_row_numbers(customer, signed_in, stream):
    request, device = a_request(), a_device(customer.test)
    kept(device, request, now() - timedelta(minutes=1))
    a_letter(customer.test, request_id=request, received_at=made(request))
    browser = signed_in(customer.member(Role.VIEWER))
    page = Page(browser.get(reverse("console_request"), {"id": f"req_{request.hex}"}).content.decode())
    assert page.faults == []
    assert "Stored" in page.text
    assert "The marker moved" in page.text
    assert f"live:{customer.test.pk}" not in page.text
    assert device.public_id in page.text


def test_another_customers_request_is_not_known_whatever_holds_it(customer, rival, signed_in, stream):
    trace, request = uuid.uuid4(), a_request()
    put(stream, an_envelope(rival.test.pk, request=request, device="secret-van",
                            received_at_us=microseconds(made(request))))  # fmt: skip
    kept(a_device(rival.test, "secret-van"), request, now() - timedelta(minutes=1))
    a_set_aside(
        rival.test, made(request), request_id=request, stored_at=made(request), detail="secret-detail"
    )
    a_letter(rival.test, device="secret-van", request_id=request)
    TracedRequest.objects.create(
        environment=rival.test, trace_id=trace, request_id=request, received_at=now()
    )
    browser = signed_in(customer.owner)
    for text in (f"req_{request.hex}", request.hex, trace.hex, f"00-{trace.hex}-{'c' * 16}-01"):
        html = browser.get(reverse("console_request"), {"id": text}).content.decode()
        assert "Nothing is known of it here" in html
        assert "secret" not in html
    scope.enter()
    assert not tell(request, customer.test, now=now()).known


@pytest.mark.parametrize("text", ["nonsense", "<script>alert(1)</script>", "x" * 3000, "\u202e"])
def test_the_page_says_what_an_id_looks_like(customer, signed_in, text):
    page = Page(signed_in(customer.owner).get(reverse("console_request"), {"id": text}).content.decode())
    assert page.faults == []
    assert "is no id to follow" in page.text


# --- logs ---


def test_log_lines_that_name_the_request_or_its_trace_are_told_and_no_others(tmp_path):
    request, trace = uuid.uuid4(), uuid.uuid4()
    lines = [
        {"at": "2026-05-01T00:00:02.000+00:00", "message": "second", "request_id": f"req_{request.hex}"},
        {"at": "2026-05-01T00:00:01.000+00:00", "message": "first", "trace_id": trace.hex, "lane": "loc:1"},
        {"at": "2026-05-01T00:00:03.000+00:00", "message": "other", "request_id": "req_" + "0" * 32},
    ]  # fmt: skip
    text = (
        "\n".join(json.dumps(line) for line in lines)
        + f"\nnot json {request.hex}\n"
        + f'{{"half": "{request.hex}"\n'
    )
    (tmp_path / "edge-0.log").write_text(text)
    found = lines_about({request.hex, trace.hex}, tmp_path)
    assert [(line.message, line.file) for line in found] == [("first", "edge-0"), ("second", "edge-0")]
    assert found[0].facts == {"lane": "loc:1"}
    assert lines_about({""}, tmp_path) == []
    assert lines_about({request.hex}, tmp_path / "nowhere") == []


def test_a_log_line_is_a_chapter(customer, stream, tmp_path, settings):
    request = a_request()
    (tmp_path / "log").mkdir()
    line = {
        "at": now().isoformat(),
        "level": "warning",
        "message": "refused",
        "request_id": f"req_{request.hex}",
    }
    (tmp_path / "log" / "edge-0.log").write_text(json.dumps(line) + "\n")
    settings.STATE_DIR = tmp_path
    out = io.StringIO()
    call_command("follow", f"req_{request.hex}", stdout=out)
    assert "log: refused  [log edge-0]" in out.getvalue()


# --- how it is found ---


def test_the_search_reads_by_block_ranges_and_not_by_a_customers_history(customer):
    """The plan on empty tables says which index; what it costs on full ones stands in the flow's page."""
    facts = {"request": uuid.uuid4(), "since": now() - timedelta(seconds=30), "until": now(),
             "environment": customer.test.pk, "limit": 10}  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN " + POSITIONS, facts)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "stored_at" in plan
    assert "Index Cond: (environment_id" not in plan


def test_a_search_that_takes_too_long_is_ended_and_says_so(customer, stream, monkeypatch):
    monkeypatch.setattr(stored, "LONGEST_SEARCH_MS", 50)
    monkeypatch.setattr(stored, "POSITIONS", POSITIONS.replace("SELECT", "SELECT pg_sleep(1), ", 1).replace(
        "FROM tracker_position p", "FROM (SELECT pg_sleep(1)) AS slow, tracker_position p", 1))  # fmt: skip
    request = a_request()
    kept(a_device(customer.test), request, now() - timedelta(minutes=1))
    held = hold_of(request, None, expected=None, now=now())
    assert held.cut_short
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone()[0] != "50ms"
