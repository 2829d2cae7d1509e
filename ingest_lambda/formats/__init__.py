"""One file per wire form: the request of one kind of client, taken apart into reports of one device."""

from __future__ import annotations

from typing import NamedTuple

from ingest_lambda.report import DeviceInfo, PositionReport, RefusedPosition


class DeviceReports(NamedTuple):
    """What every format yields: the device's own id, what it says of itself, positions good and refused."""

    device: str
    device_info: DeviceInfo | None
    positions: list[PositionReport]
    refused: list[RefusedPosition]
