"""Objects of a day that no row speaks of: what a run left that was killed between its object and its commit."""

import logging
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from pyarrow import ArrowInvalid, parquet

from tracker.archive.shelf import NotThere, Shelf
from tracker.devices.models import Device
from tracker.tenants.identifiers import parse_id

logger = logging.getLogger(__name__)


def remove_strays(shelf: Shelf, location: str, *, rows: int, spoken_of: str) -> None:
    """Remove the day's objects other than `location` and `spoken_of` that hold no more rows than `location` does.

    Rows of devices that were deleted since do not count. One with more is left, and said aloud: then this database
    knows less than the archive, as it does when it was itself restored from a backup.
    """
    for stray in shelf.listing(location.rpartition("/")[0]):
        if stray in {location, spoken_of}:
            continue
        held = _rows_in(shelf, stray)
        if held <= rows:
            shelf.remove(stray)
        else:
            facts = {"object": stray, "rows": held, "rows_archived_now": rows}
            logger.error("the archive holds an object this database knows nothing of", extra=facts)


def _rows_in(shelf: Shelf, location: str) -> int:
    """How many rows an object holds, those of deleted devices apart; none where it is gone or no Parquet file."""
    with TemporaryDirectory(prefix="milepost-stray-") as folder:
        path = Path(folder) / "stray.parquet"
        try:
            shelf.fetch(location, path)
            counted = parquet.read_table(path, columns=["device"])["device"].value_counts().to_pylist()
        except (NotThere, ArrowInvalid):
            return 0
    rows = {parse_id("dev", count["values"]): int(count["counts"]) for count in counted}
    return sum(rows.values()) - sum(rows[uid] for uid in _deleted(list(rows)))


def _deleted(uids: list[UUID]) -> list[UUID]:
    gone = Device.objects.unscoped("the path of the object says whose they are").filter(
        uid__in=uids, deleted_at__isnull=False
    )
    return list(gone.values_list("uid", flat=True))
