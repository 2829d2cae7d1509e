"""Days that lie in the archive alone, for exports: the Parquet files as they are, each checked by its digest."""

from datetime import date
from pathlib import Path

from django.db.models import Q

from tracker.archive.shelf import NotThere, open_shelf, sha256_of
from tracker.positions.models import ArchivedDay
from tracker.privacy.models import DataExport
from tracker.tenants.models import Environment

LABEL = "archive"
OF_ALL = (
    "Days whose positions lie in the archive alone are under archive/, a Parquet file a day of an environment; the\n"
    "positions of later days are in tracker_position.ndjson."
)
OF_DEVICE = (
    "Positions of days that lie in the archive alone are not in it: such a file holds all devices of its day.\n"
    "They are in the export of everything, under archive/, where the column device tells by its id whose each is."
)


def take_next(export: DataExport, place: Path) -> bool:
    """Copy the next released day into the export's folder; False where there is none left. Raises OSError."""
    files, rows, after = export.done.get(LABEL, [0, 0, ["0", "0001-01-01"]])
    environments = {one.pk: one.public_id for one in Environment.objects.for_tenant(export.tenant_id)}
    day = None if after is None else _next(list(environments), int(after[0]), date.fromisoformat(after[1]))
    if day is None:
        export.done[LABEL] = [files, rows, None]
        return False
    folder = place / LABEL / environments[day.environment_id]
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / ".unfinished"
    try:
        open_shelf().fetch(day.location, unfinished)
    except NotThere as missing:  # it was replaced a moment ago, or somebody took it away
        raise OSError(f"the archived day {day.day} is not where it should be") from missing
    if sha256_of(unfinished) != bytes(day.sha256):
        raise OSError(f"the archived day {day.day} is not what was written: its digest is another")
    unfinished.replace(folder / f"{day.day:%Y-%m-%d}.parquet")
    export.done[LABEL] = [files + 1, rows + day.rows, [str(day.environment_id), f"{day.day:%Y-%m-%d}"]]
    return True


def _next(environments: list[int], environment_id: int, after: date) -> ArchivedDay | None:
    """The first of the days that are nowhere else, behind the one that was taken last."""
    rows = ArchivedDay.objects.unscoped("an export copies what is its tenant's")
    released = rows.filter(environment__in=environments, released_at__isnull=False).exclude(location="")
    behind = Q(environment__gt=environment_id) | Q(environment=environment_id, day__gt=after)
    return released.filter(behind).order_by("environment", "day").first()


def told(export: DataExport) -> str:
    """For the page that says what is in the export."""
    return OF_ALL if export.device_number is None else OF_DEVICE
