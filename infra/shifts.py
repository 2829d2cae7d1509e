"""Warm-up schedules: the pattern in wiring/schedules.yaml becomes one schedule a zone, moment and function to warm."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator

from infra.stages import Shift
from infra.templates import Template

# two rounds before the start: the first wakes, the second finds out whether it stayed awake
MINUTES_BEFORE = (10, 5)
PATTERN = "WarmUp"


def with_shifts(template: Template, shifts: tuple[Shift, ...]) -> Template:
    """The schedules' template with the pattern replaced; the other templates come back as they are."""
    if PATTERN not in template["Resources"]:
        return template
    template = copy.deepcopy(template)
    pattern = template["Resources"].pop(PATTERN)
    for shift in shifts:
        zone = re.sub(r"[^A-Za-z]", "", shift.time_zone)
        for hour, minute in moments(shift):
            for number in range(1, shift.functions + 1):
                one = copy.deepcopy(pattern)
                properties = one["Properties"]
                properties["Name"] = f"warm-{zone}-{hour:02d}{minute:02d}-{number}"
                properties["ScheduleExpression"] = f"cron({minute} {hour} * * ? *)"
                properties["ScheduleExpressionTimezone"] = shift.time_zone
                template["Resources"][f"{PATTERN}{zone}{hour:02d}{minute:02d}N{number}"] = one
    return template


def moments(shift: Shift) -> Iterator[tuple[int, int]]:
    """(hour, minute) local time of every warm-up, each once; those of a start at midnight are the evening before."""
    seen = set()
    for hour, minute in shift.starts:
        for before in MINUTES_BEFORE:
            at = divmod((hour * 60 + minute - before) % (24 * 60), 60)
            if at not in seen:
                seen.add(at)
                yield at
