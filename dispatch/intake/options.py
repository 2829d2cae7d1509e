"""How a person wants a file to be read; stored with the upload. Pure."""

from datetime import date

from msgspec import Struct

REFUSE, KEEP = "refuse", "keep"


class Options(Struct, frozen=True, omit_defaults=True):
    """Empty means: as the file shows."""

    encoding: str = ""
    delimiter: str = ""
    date_form: str = ""  # dmy or mdy; empty: as the file itself shows
    day: date | None = None  # of slots that name none
    currency: str = ""  # of amounts that name none
    past_slots: str = REFUSE  # or keep: the plan will say that it cannot keep them
    change: bool = False  # a row whose id is known changes that shipment, where its state allows
    keep_unknown: bool = True  # columns nobody knows become metadata
    columns: dict[str, str] = {}  # heading to column, as a person said; `ignore` leaves one alone
