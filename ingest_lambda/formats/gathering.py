"""Fixes of one request gathered by device, in the order they came: for forms that may hold several devices."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from ingest_lambda.formats import Asked, DeviceReports
from ingest_lambda.formats.device_id import BadDeviceId, is_key, read_device_id
from ingest_lambda.formats.position import read_position, set_aside
from ingest_lambda.problems import wrong_shape
from ingest_lambda.report import DeviceInfo, PositionReport, Refusal

MAX_FIXES = 5000  # in one request; a body of 1 MiB from any app known holds fewer


class Gathering:
    """Takes fixes one by one, each under the id its app gave it, and yields a DeviceReports for each device."""

    def __init__(self, asked: Asked, fallback: str | None = None) -> None:
        """`fallback` is the device of fixes that name none; without it they are refused, for they are nobody's."""
        self._path_device = asked.device
        self._fallback = fallback
        self._reports: dict[tuple[str, str], DeviceReports] = {}
        self._index = 0

    def add(
        self,
        device: Any,
        fix: dict[str, Any],
        came: Any,
        *,
        speed_unit: str = "",
        info: DeviceInfo | None = None,
    ) -> None:
        """One fix in our names and units, and `came`, the app's own. Never raises for what is in it."""
        reports = self._of(device, came, speed_unit, info)
        if reports is not None:
            read = read_position(self._index - 1, fix, came)
            if isinstance(read, PositionReport):
                reports.positions.append(read)
            else:
                reports.refused.append(read)

    def refuse(self, device: Any, reason: Refusal, detail: str, came: Any) -> None:
        """One fix, or message, of which nothing can be used; of no device where it names none."""
        if device is None and self._path_device is None:
            self._index += 1
            reports: DeviceReports | None = self._under("", "", None)
        else:
            reports = self._of(device, came, "", None)
        if reports is not None:
            reports.refused.append(set_aside(self._index - 1, reason, detail, came))

    def mention(self, device: Any) -> None:
        """A message of a device that holds no fix: only who sent it is said."""
        with suppress(BadDeviceId):
            self._under(self._name(device), "", None)

    def reports(self) -> list[DeviceReports]:
        """What was gathered, a device after the other."""
        return list(self._reports.values())

    def _of(self, device: Any, came: Any, speed_unit: str, info: DeviceInfo | None) -> DeviceReports | None:
        """The reports of a device; None when it is none, and `came` then is set aside under no device."""
        self._index += 1
        try:
            name = self._name(device)
        except BadDeviceId as error:
            reason = Refusal.MISSING_DEVICE_ID if error.missing else Refusal.BAD_DEVICE_ID
            self._under("", "", None).refused.append(set_aside(self._index - 1, reason, str(error), came))
            return None
        return self._under(name, speed_unit, info)

    def _name(self, device: Any) -> str:
        if self._path_device is not None:
            return read_device_id(self._path_device)
        if device is None or device == "" or (isinstance(device, str) and is_key(device)):
            device = self._fallback
        return read_device_id(device)

    def _under(self, name: str, speed_unit: str, info: DeviceInfo | None) -> DeviceReports:
        found = self._reports.get((name, speed_unit))
        if found is None:
            found = self._reports[name, speed_unit] = DeviceReports(name, info, [], [], speed_unit)
        return found


def not_too_many(items: list[Any]) -> list[Any]:
    """`items`. Raises Problem 400 over MAX_FIXES of them."""
    if len(items) > MAX_FIXES:
        detail = f"The request holds {len(items)} fixes: send at most {MAX_FIXES} at a time."
        raise wrong_shape("too_many_positions", detail)
    return items
