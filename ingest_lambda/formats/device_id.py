"""The id a device goes by: 1 to 200 characters of text, as its app sent it."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from ingest_lambda.formats.json_text import HugeNumber, ascii_text
from ingest_lambda.report import MAX_DEVICE_ID_CHARS

_KEY = re.compile(r"[ps]k_(?:live|test)_")


class BadDeviceId(ValueError):
    """A value that is no device id. `missing` when there is none at all."""

    def __init__(self, detail: str, *, missing: bool = False) -> None:
        super().__init__(detail)
        self.missing = missing


def read_device_id(value: Any) -> str:
    """The id in `value`, kept to the letter; a number is its text. Raises BadDeviceId."""
    if value is None:
        raise BadDeviceId("device_id is missing.", missing=True)
    if isinstance(value, int | float | HugeNumber) and not isinstance(value, bool):
        value = ascii_text(value, 2 * MAX_DEVICE_ID_CHARS).strip('"')
    if not isinstance(value, str):
        raise BadDeviceId("device_id must be a string.")
    if value.isprintable() and 1 <= len(value) <= MAX_DEVICE_ID_CHARS and value != " ":
        return value
    if not 1 <= len(value) <= MAX_DEVICE_ID_CHARS:
        raise BadDeviceId(f"device_id has {len(value)} characters: give 1 to {MAX_DEVICE_ID_CHARS}.")
    if not value.strip():
        raise BadDeviceId("device_id is blank.")
    for place, char in enumerate(value):
        if unicodedata.category(char) in {"Cc", "Cs"}:
            raise BadDeviceId(
                f"device_id holds U+{ord(char):04X}, which is not text, at character {place + 1}."
            )
    return value


def is_key(text: str) -> bool:
    """Whether `text` is written like an API key. Apps that log in by name repeat it where a device id is due."""
    return _KEY.match(text) is not None
