"""Used: the total of one hour. Pure."""

from datetime import datetime
from typing import NamedTuple


class Used(NamedTuple):
    """The total of one hour; `revision` grows with every change of it."""

    hour: datetime
    quantity: int
    revision: int
