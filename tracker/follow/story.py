"""One report's story in the order of its times: received, on the stream, stored, marker, map, redrives."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from tracker.follow import endings, stored
from tracker.follow.endings import Ending
from tracker.follow.ids import made_at
from tracker.follow.log_lines import Line
from tracker.follow.on_stream import OnStream
from tracker.follow.on_stream import find as find_on_stream
from tracker.follow.stored import Held, Kept
from tracker.follow.told import Told, told_of
from tracker.ingestion.models import DeadLetter, TracedRequest
from tracker.keys.models import Key
from tracker.live.frames import channel_of
from tracker.tenants.identifiers import public_id
from tracker.tenants.models import Environment

MOST_ENDINGS = 50


@dataclass(frozen=True)
class Chapter:
    """One thing that happened. `source` says how we know: the id, the stream, the database, a log, or by inference."""

    at: datetime | None
    title: str
    source: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Story:
    """All that is known of one request. Empty chapters: nobody here has heard of it."""

    request_id: UUID
    trace_id: str
    environment: Environment | None
    chapters: list[Chapter]
    endings: list[Ending]
    remarks: list[str]

    @property
    def known(self) -> bool:
        """Whether there is anything to tell."""
        return bool(self.chapters)

    @property
    def totals(self) -> dict[str, int]:
        """Endings by `outcome reason`."""
        return dict(Counter(f"{one.outcome} {one.reason}".strip() for one in self.endings))


def tell(
    request: UUID, environment: Environment | None, *, now: datetime, lines: Iterable[Line] = ()
) -> Story:
    """The story of a request, in one environment or, for staff, in all (None)."""
    entries = [one for one in find_on_stream(request) if _is_in(one, environment)]
    expected = sum(one.envelope.count for one in entries) if entries else None
    held = stored.hold_of(request, environment, expected=expected, now=now)
    whose = environment or _environment_of(entries, held)
    found = endings.of_request(request, whose, entries, held)
    chapters = [
        *_received(request, entries, held, whose),
        *_on_stream(entries),
        *_endings(found, held),
        *_letters(held.letters),
        *_markers(held.kept),
        *_told(told_of(request, whose, held, now=now)),
        *(
            Chapter(line.at, f"log: {line.message}", f"log {line.file}", {"level": line.level, **line.facts})
            for line in lines
        ),
    ]
    chapters.sort(key=lambda chapter: _place(chapter, now))
    return Story(
        request, _trace(request, entries, whose), whose, chapters, found, _remarks(entries, held, found)
    )


def _place(chapter: Chapter, now: datetime) -> tuple[bool, datetime, int, datetime]:
    """By time; within a millisecond by stage, for the stream's times have no more than that."""
    at = chapter.at or now
    stage = 0 if chapter.title == "received" else 1 if chapter.title.startswith("on the stream") else 2
    return chapter.at is None, at.replace(microsecond=at.microsecond // 1000 * 1000), stage, at


def _is_in(one: OnStream, environment: Environment | None) -> bool:
    """Whether it is the environment's. A certificate's envelope names its device alone, by public id."""
    if environment is None:
        return True
    if one.envelope.environment_id:
        return one.envelope.environment_id == environment.pk
    return endings.certified_device(one.envelope.device, environment) is not None


def _environment_of(entries: list[OnStream], held: Held) -> Environment | None:
    numbers = [one.envelope.environment_id for one in entries]
    numbers += [row.environment_id for row in held.kept]
    numbers += [row.environment_id for row in held.aside]
    numbers += [row.environment_id or 0 for row in held.letters]
    number = next((one for one in numbers if one), 0)
    rows = Environment.objects.unscoped("staff follow a report of any customer").select_related("tenant")
    return rows.filter(pk=number).first()


def _trace(request: UUID, entries: list[OnStream], environment: Environment | None) -> str:
    for one in entries:
        if one.envelope.traceparent:
            return one.envelope.traceparent[3:35]
    if environment is None:
        return request.hex
    rows = TracedRequest.objects.for_environment(environment).filter(request_id=request)
    traced = rows.values_list("trace_id", flat=True).first()
    return traced.hex if traced else request.hex


def _received(
    request: UUID, entries: list[OnStream], held: Held, environment: Environment | None
) -> list[Chapter]:
    times = [row.received_at for row in held.kept] + [row.received_at for row in held.aside]
    times += [row.received_at for row in held.letters if row.received_at]
    moment = min(times, default=made_at(request))
    facts: dict[str, Any] = {}
    if environment is not None:
        facts["environment"] = f"{environment.public_id} ({environment.name})"
    for one in entries[:1]:
        envelope = one.envelope
        moment = endings.at(envelope.received_at_us)
        facts |= {"door": envelope.channel, "format": envelope.format}
        facts["credential"] = _credential(envelope.key_id, environment)
        facts["devices"] = sorted({each.envelope.device for each in entries})
        facts["reports"] = sum(each.envelope.count for each in entries)
        facts["traceparent"] = envelope.traceparent or "none"
    if not times and not entries:
        return []
    return [Chapter(moment, "received", "stream" if entries else "database", facts)]


def _credential(key_id: int, environment: Environment | None) -> str:
    if not key_id:
        return "a device's certificate"
    if environment is None:
        return f"key {key_id}"
    key = Key.objects.for_environment(environment).filter(pk=key_id).first()
    return f"key {key.hint}" if key is not None else "a key that is gone"


def _on_stream(entries: list[OnStream]) -> list[Chapter]:
    return [
        Chapter(
            one.put_at,
            "on the stream" if one.stored else "on the stream, waiting for a consumer",
            "stream",
            {"lane": one.lane, "entry": one.entry_id, "place in the entry": one.index},
        )
        for one in entries
    ]


def _endings(found: list[Ending], held: Held) -> list[Chapter]:
    """A chapter for each transaction that stored something of it, and one for what left no row."""
    chapters = []
    for moment in sorted({one.at for one in found if one.at is not None}):
        at_once = [one for one in found if one.at == moment]
        counts = Counter(f"{one.outcome} {one.reason}".strip() for one in at_once)
        kept = [row for row in held.kept if row.stored_at == moment]
        facts: dict[str, Any] = {"endings": dict(counts)}
        if kept:
            facts["positions"] = len(kept)
            facts["first recorded"], facts["last recorded"] = kept[0].recorded_at, kept[-1].recorded_at
        chapters.append(Chapter(moment, "stored", "database", facts))
    bare = Counter(f"{one.outcome} {one.reason}".strip() for one in found if one.at is None)
    if bare:
        chapters.append(Chapter(None, "ended without a row", "inferred", {"endings": dict(bare)}))
    return chapters


def _letters(letters: list[DeadLetter]) -> list[Chapter]:
    chapters = []
    for letter in letters:
        facts = {"letter": letter.pk, "reason": letter.reason, "reports": letter.fixes}
        chapters.append(Chapter(letter.created_at, "parked in the dead letters", "database", facts))
        if letter.redrive_asked_at:
            chapters.append(
                Chapter(letter.redrive_asked_at, "redrive asked for", "database", {"letter": letter.pk})
            )
        if letter.redriven_at:
            chapters.append(Chapter(letter.redriven_at, "redriven", "database", {"letter": letter.pk}))
        elif letter.redrive_error:
            said = {"letter": letter.pk, "error": letter.redrive_error.partition(": ")[0][:60]}
            chapters.append(Chapter(None, "the last redrive failed", "database", said))
    return chapters


def _markers(kept: list[Kept]) -> list[Chapter]:
    """What became of each device's marker, and so whether a frame with this id went to the maps."""
    chapters = []
    newest: dict[tuple[int, int], Kept] = {}
    for row in kept:
        newest[row.environment_id, row.device_id] = row  # in recorded order: the last one stays
    for (environment_id, device_id), row in newest.items():
        name = stored.devices_numbered(environment_id, {device_id}).get(device_id)
        facts = {"device": name.public_id if name else "gone", "recorded": row.recorded_at}
        if not stored.moved_the_marker(row):
            chapters.append(Chapter(row.stored_at, "late: the marker stayed where it was", "inferred", facts))
            continue
        state = stored.states_of(environment_id, {device_id}).get(device_id)
        if state is not None and state.recorded_at == row.recorded_at:
            facts["now"] = "it stands there still"
        elif state is not None:
            facts["now"] = f"it has gone on to the position of {state.recorded_at:%Y-%m-%d %H:%M:%S}"
        chapters.append(Chapter(row.stored_at, "the marker moved", "inferred", facts))
        told = {"channel": channel_of(environment_id), "request_id in the frame": True}
        chapters.append(Chapter(row.stored_at, "published to the open maps", "inferred", told))
    return chapters


def _told(found: list[Told]) -> list[Chapter]:
    """Events, when the relay handed them on, and each attempt to deliver them."""
    chapters = []
    for told in found:
        event = told.event
        facts: dict[str, Any] = {"event": event.public_id}
        chapters.append(Chapter(event.created_at, f"event {event.kind}", "database", facts))
        if event.relayed_at:
            owed = facts | {"messages": len(told.messages)}
            chapters.append(Chapter(event.relayed_at, "handed on by the relay", "database", owed))
        for message in told.messages:
            whom = {"message": message.public_id, "endpoint": message.endpoint.public_id}
            for attempt in told.attempts_of(message):
                came: dict[str, Any] = (
                    {"status": attempt.status} if attempt.status else {"error": attempt.error}
                )
                lasted = {"took": f"{attempt.duration_ms} ms"}
                title = f"webhook attempt {attempt.number}"
                chapters.append(Chapter(attempt.started_at, title, "database", whom | came | lasted))
            if message.state != "delivered":
                title = f"the message is {message.get_state_display().lower()}"
                chapters.append(Chapter(None, title, "database", whom | {"next": message.due_at}))
    return chapters


def _remarks(entries: list[OnStream], held: Held, found: list[Ending]) -> list[str]:
    remarks = []
    if not entries and (held.kept or held.aside or held.letters):
        remarks.append(
            "The stream no longer has the request (it keeps about an hour): which key and form it came by, and how "
            "many of its reports were duplicates, is not known any more."
        )
    if any(not one.stored for one in entries):
        remarks.append(
            "Part of it waits on the stream: see the consumers' lag in GET /healthz and their logs."
        )
    if held.cut_short:
        remarks.append("The search was ended before it had looked everywhere; there may be more.")
    if len(found) > MOST_ENDINGS:
        remarks.append(f"{len(found)} endings; the first {MOST_ENDINGS} are listed one by one.")
    return remarks


def request_text(story: Story) -> str:
    """The request id as callers see it."""
    return public_id("req", story.request_id)
