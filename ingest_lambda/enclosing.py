"""The envelopes of one request or message: what a door hands to the stream."""

from __future__ import annotations

from ingest_lambda.formats import DeviceReports
from ingest_lambda.formats.catalogue import Understood
from ingest_lambda.keys import VerifiedKey
from ingest_lambda.report import MAX_POSITIONS, WIRE_VERSION, Channel, Envelope


def enclose_all(
    understood: Understood,
    key: VerifiedKey,
    received_at_us: int,
    request_id: bytes,
    traceparent: str,
    channel: Channel = Channel.HTTP,
) -> list[Envelope]:
    """The envelopes of one request: one for each device, more for one that sent more than MAX_POSITIONS.

    A device of which only a heartbeat came, or word of a region left, has none.
    """
    pieces = understood.reports if understood.fixes <= MAX_POSITIONS else _pieces(understood.reports)
    envelopes: list[Envelope] = []
    for piece in pieces:
        if piece.positions or piece.refused:
            envelopes.append(
                Envelope(
                    WIRE_VERSION,
                    key.environment_id,
                    key.key_id,
                    piece.device,
                    piece.device_info,
                    received_at_us,
                    request_id,
                    traceparent,
                    channel.value,
                    piece.positions,
                    piece.refused,
                    understood.form.NAME,
                    piece.speed_unit,
                    len(envelopes),
                )
            )
    return envelopes


def _pieces(all_reports: list[DeviceReports]) -> list[DeviceReports]:
    """The same reports in runs of at most MAX_POSITIONS, in their order."""
    return [
        reports._replace(
            positions=reports.positions[start : start + MAX_POSITIONS],
            refused=reports.refused[start : start + MAX_POSITIONS],
        )
        for reports in all_reports
        for start in range(0, max(len(reports.positions), len(reports.refused)), MAX_POSITIONS)
    ]
