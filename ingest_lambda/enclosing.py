"""The envelopes of one request or message: what a door hands to the stream."""

from __future__ import annotations

from ingest_lambda.formats import DeviceReports, native
from ingest_lambda.formats.catalogue import Understood
from ingest_lambda.keys import VerifiedKey
from ingest_lambda.report import MAX_POSITIONS, WIRE_VERSION, Channel, Envelope


def enclose(
    reports: DeviceReports,
    key: VerifiedKey,
    received_at_us: int,
    request_id: bytes,
    traceparent: str | None,
    channel: Channel,
    form: str = native.NAME,
    part: int = 0,
) -> Envelope:
    """The envelope in which the reports of one device travel the stream."""
    return Envelope(
        WIRE_VERSION,
        key.environment_id,
        key.key_id,
        reports.device,
        reports.device_info,
        received_at_us,
        request_id,
        traceparent,
        channel.value,
        reports.positions,
        reports.refused,
        form,
        reports.speed_unit,
        part,
    )


def enclose_all(
    understood: Understood,
    key: VerifiedKey,
    received_at_us: int,
    request_id: bytes,
    traceparent: str,
    channel: Channel = Channel.HTTP,
) -> list[Envelope]:
    """The envelopes of one request: one for each device, more for one that sent more than MAX_POSITIONS."""
    envelopes: list[Envelope] = []
    for reports in understood.reports:
        if not reports.positions and not reports.refused:
            continue  # a heartbeat, a region left: nothing to store
        for piece in (reports,) if understood.fixes <= MAX_POSITIONS else _pieces(reports):
            envelopes.append(
                enclose(
                    piece,
                    key,
                    received_at_us,
                    request_id,
                    traceparent,
                    channel,
                    understood.form.NAME,
                    len(envelopes),
                )
            )
    return envelopes


def _pieces(reports: DeviceReports) -> list[DeviceReports]:
    """The same reports in runs of at most MAX_POSITIONS, in their order."""
    return [
        reports._replace(
            positions=reports.positions[start : start + MAX_POSITIONS],
            refused=reports.refused[start : start + MAX_POSITIONS],
        )
        for start in range(0, max(len(reports.positions), len(reports.refused)), MAX_POSITIONS)
    ]
