"""A story as lines of text and as a JSON document."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from tracker.follow.endings import Ending
from tracker.follow.story import MOST_ENDINGS, Chapter, Story, request_text


def gap_text(gap: timedelta) -> str:
    """How long something took: `+3 ms`, `+1.250 s`, `+2 h 5 min`."""
    milliseconds = gap / timedelta(milliseconds=1)
    if abs(milliseconds) < 1000:
        return f"{milliseconds:+.0f} ms"
    if abs(milliseconds) < 120_000:
        return f"{milliseconds / 1000:+.3f} s"
    minutes = int(milliseconds // 60_000)
    return f"+{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"+{minutes} min"


def with_gaps(chapters: list[Chapter]) -> Iterator[tuple[Chapter, str]]:
    """Each chapter with the time since the one before it; empty where either has none."""
    before: datetime | None = None
    for chapter in chapters:
        # the stream's times are cut to milliseconds: what came after may seem to lie a fraction before
        gap = gap_text(max(chapter.at - before, timedelta())) if chapter.at and before else ""
        before = chapter.at or before
        yield chapter, gap


def facts_text(facts: Any) -> str:
    """`lane loc:1, entry 17-0`: facts in a line."""
    return ", ".join(f"{name} {fact_text(value)}" for name, value in facts.items())


def fact_text(value: Any) -> str:
    """One fact as a person reads it."""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}.{value.microsecond // 1000:03d}"
    if isinstance(value, dict):
        return ", ".join(f"{name} × {count}" for name, count in value.items())  # noqa: RUF001 a times sign
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def lines(story: Story) -> Iterator[str]:
    """The story for a terminal."""
    yield f"request {request_text(story)}"
    yield f"trace   {story.trace_id}"
    if story.environment is not None:
        tenant = story.environment.tenant
        yield f"of      {tenant.name} ({tenant.public_id}), {story.environment.name} ({story.environment.public_id})"
    yield ""
    for chapter, gap in with_gaps(story.chapters):
        moment = f"{fact_text(chapter.at)} UTC" if chapter.at else "no time kept"
        yield f"{moment:<27}  {gap:>12}  {chapter.title}  [{chapter.source}]"
        if chapter.facts:
            yield f"{'':<43}{facts_text(chapter.facts)}"
    if story.endings:
        yield ""
        yield "reports: " + fact_text(story.totals)
        for ending in story.endings[:MOST_ENDINGS]:
            yield "  " + _ending_line(ending)
    for remark in story.remarks:
        yield ""
        yield remark


def document(story: Story) -> dict[str, Any]:
    """The story as JSON; times are ISO 8601 in UTC."""
    return {
        "request_id": request_text(story),
        "trace_id": story.trace_id,
        "environment": story.environment.public_id if story.environment else None,
        "totals": story.totals,
        "chapters": [
            {
                "at": chapter.at.isoformat() if chapter.at else None,
                "title": chapter.title,
                "source": chapter.source,
                **{name.replace(" ", "_"): _plain(value) for name, value in chapter.facts.items()},
            }
            for chapter in story.chapters
        ],
        "reports": [
            {
                "device": ending.device,
                "recorded_at": ending.recorded_at.isoformat() if ending.recorded_at else None,
                "outcome": ending.outcome,
                "reason": ending.reason,
                "detail": ending.detail,
                "stored_at": ending.at.isoformat() if ending.at else None,
            }
            for ending in story.endings
        ],
        "remarks": story.remarks,
    }


def _ending_line(ending: Ending) -> str:
    moment = fact_text(ending.recorded_at) if ending.recorded_at else "no readable time"
    words = f"{ending.outcome} {ending.reason}".strip()
    return f"{ending.device}  {moment}  {words}" + (f": {ending.detail}" if ending.detail else "")


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
