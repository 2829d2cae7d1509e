"""Objects of a day that no row speaks of: what a run left that ended between its object and its commit."""

import logging
from pathlib import Path
from tempfile import TemporaryDirectory

from pyarrow import ArrowInvalid, parquet

from tracker.archive.shelf import NotThere, Shelf

logger = logging.getLogger(__name__)


def remove_strays(shelf: Shelf, location: str, *, rows: int, spoken_of: str) -> None:
    """Remove the day's objects other than `location` and `spoken_of` that hold no more rows than `location` does.

    One with more rows is left, and said aloud: then this database knows less than the archive, as it does when it
    was itself restored from a backup.
    """
    folder = location.rpartition("/")[0]
    for stray in shelf.listing(folder):
        if stray in {location, spoken_of}:
            continue
        held = _rows_in(shelf, stray)
        if held <= rows:
            shelf.remove(stray)
        else:
            facts = {"object": stray, "rows": held, "rows_archived_now": rows}
            logger.error("the archive holds an object this database knows nothing of", extra=facts)


def _rows_in(shelf: Shelf, location: str) -> int:
    """How many rows an object holds; none where it is gone or no Parquet file."""
    with TemporaryDirectory(prefix="milepost-stray-") as folder:
        path = Path(folder) / "stray.parquet"
        try:
            shelf.fetch(location, path)
            return int(parquet.read_metadata(path).num_rows)
        except (NotThere, ArrowInvalid):
            return 0
