"""Numbers and yes-or-no as apps write them: text is read too; what cannot be read is handed on unchanged.

Handed on, it is refused or kept aside by the one place that judges fields, `position.py`, with its reason.
"""

from __future__ import annotations

import math
import re
from typing import Any

KMH_MPS = 1 / 3.6
KNOT_MPS = 1852 / 3600
HUGE = 1e300

_NUMBER = re.compile(r"\s*[+-]?(\d{1,25}\.?\d{0,25}|\.\d{1,25})([eE][+-]?\d{1,3})?\s*", re.ASCII)
_YES, _NO = frozenset({"true", "1", "yes"}), frozenset({"false", "0", "no"})


def number(value: Any) -> Any:
    """`value` as a finite number where it is the text of one. A comma is no point: 18,5 stays text."""
    if type(value) is str and _NUMBER.fullmatch(value):
        read = float(value)
        return read if math.isfinite(read) else value
    if type(value) is int and not -HUGE < value < HUGE:
        return HUGE if value > 0 else -HUGE  # no float holds it, and no fact means it
    return value


def scaled(value: Any, factor: float) -> Any:
    """`number(value)` times `factor`. A negative one stays negative: it means unknown."""
    read = number(value)
    return read * factor if is_number(read) else read


def percent(value: Any) -> Any:
    """A battery of 0..100 as 0..1; below 0 is unknown."""
    read = number(value)
    if not is_number(read):
        return read
    return None if read < 0 else read / 100


def fraction(value: Any) -> Any:
    """A battery of 0..1; below 0 is unknown."""
    read = number(value)
    return None if is_number(read) and read < 0 else read


def yes_or_no(value: Any) -> Any:
    """true, 1, yes as True, and their contraries, in any case."""
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        text = str(value).strip().lower()
        if text in _YES or text in _NO:
            return text in _YES
    return value


def is_number(value: Any) -> bool:
    """A number, and not True or False."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def typed(value: Any) -> Any:
    """The text of a parameter as the JSON value it plainly is; all else stays text, numbers like 007 too."""
    if type(value) is not str or len(value) > 20:
        return value
    if value in {"true", "false"}:
        return value == "true"
    if re.fullmatch(r"-?(0|[1-9]\d{0,14})", value, re.ASCII):
        return int(value)
    if re.fullmatch(r"-?(0|[1-9]\d{0,8})\.\d{1,9}", value, re.ASCII):
        return float(value)
    return value
