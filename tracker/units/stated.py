"""In which unit an app's speed is read, by the name of its wire form, when its owner says nothing else."""

from ingest_lambda import report

STATED_SPEED_UNITS: dict[str, str] = getattr(report, "STATED_SPEED_UNITS", {})


def stated_unit(wire_format: str) -> str:
    """A key of report.SPEED_UNITS; metres a second for our own form and for one not known here."""
    return STATED_SPEED_UNITS.get(wire_format, "mps")
