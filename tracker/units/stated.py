"""Of a device's wire form as the consumer notes it, `form/unit`: the form, and the unit its speeds are read in."""

from tracker.devices.models import SpeedUnit


def form_of(wire_format: str) -> str:
    """The form alone, `owntracks` of `owntracks/kmh`."""
    return wire_format.partition("/")[0]


def stated_unit(wire_format: str) -> str:
    """A key of report.SPEED_UNITS; metres a second for our own form, which needs no unit, and for one not known."""
    unit = wire_format.partition("/")[2]
    return unit if unit in set(SpeedUnit) else SpeedUnit.MPS.value
