"""Records of a Kinesis stream opened: a door's envelope, a message of the IoT rule, or a registration."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ingest_lambda import iot_record
from ingest_lambda.batch import Record, Unit
from ingest_lambda.consume import open_record
from ingest_lambda.report import BadEnvelope, Registration, decode_registration

# an array of as many elements as Registration has, the tag its first
_TAG = b"\xacregistration"


class Opened(NamedTuple):
    """One record: the units in it, or the registration."""

    record: Record
    units: list[Unit]
    registration: Registration | None = None


def open_all(records: Iterable[Record]) -> list[Opened]:
    """The records opened, in order. One that cannot be read is a unit without an envelope, with its reason."""
    return [_open(record) for record in records]


def _open(record: Record) -> Opened:
    data = record.data
    try:
        if data[:1] == iot_record.FIRST_BYTE:
            envelopes = iot_record.envelopes_of(data)
            units = [
                Unit(record._replace(entry_index=place), envelope, envelope.count)
                for place, envelope in enumerate(envelopes)
            ]
            return Opened(record, units)
        if data[1 : 1 + len(_TAG)] == _TAG:
            return Opened(record, [], decode_registration(data))
    except BadEnvelope as error:
        return Opened(record, [Unit(record, None, 1, str(error))])
    return Opened(record, [open_record(record)])
