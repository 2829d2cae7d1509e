"""HourCount: how much of something one environment used in one hour; the form in which capabilities tell it."""

from datetime import datetime
from typing import NamedTuple


class HourCount(NamedTuple):
    """`hour` begins at a full hour in UTC."""

    environment_id: int
    hour: datetime
    quantity: int
