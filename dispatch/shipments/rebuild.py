"""Makes the projection anew from the events, while commands go on.

A chunk at a time, each in one transaction: the old rows go, the events are read, the new rows are written. A command
that is under way meanwhile holds the row it writes, or waits for ours; whoever writes last writes no older state (see
`projection.py`). Readers see the old row or the new one, never none.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection

from dispatch.shipments import store
from dispatch.shipments.history import fold
from dispatch.shipments.models import Shipment, ShipmentState
from dispatch.shipments.projection import project
from tracker.tenants import scope

CHUNK = 500
# in one order for everybody: two rebuilds, or a rebuild and a command of many, wait for each other and never in a ring
LOCK = """
    SELECT shipment_id, s::text FROM dispatch_shipmentstate s
    WHERE environment_id = %s AND shipment_id = ANY(%s) ORDER BY shipment_id FOR UPDATE
"""
ROWS = """
    SELECT shipment_id, s::text FROM dispatch_shipmentstate s
    WHERE environment_id = %s AND shipment_id = ANY(%s)
"""


@dataclass(frozen=True)
class Rebuilt:
    """How many shipments were looked at, and how many rows were missing or another before."""

    shipments: int
    mended: int


def rebuild(environment_id: int) -> Rebuilt:
    """Make every row of the environment anew; equal to the byte where nothing was wrong."""
    looked_at = mended = 0
    for keys in _chunks(environment_id):
        with scope.scope(environment_id=environment_id):
            before = _rows(LOCK, environment_id, keys)
            ShipmentState.objects.for_environment(environment_id).filter(pk__in=keys).delete()
            parcels = store.read(environment_id, keys)
            project(environment_id, {key: fold(parcel.history) for key, parcel in parcels.items()})
            after = _rows(ROWS, environment_id, keys)
        looked_at += len(parcels)
        mended += sum(1 for key in before.keys() | after.keys() if before.get(key) != after.get(key))
    return Rebuilt(looked_at, mended)


def _chunks(environment_id: int) -> Iterator[list[int]]:
    """The shipments of the environment by row number; those announced meanwhile have rows of their own already."""
    last = 0
    while True:
        with scope.scope(environment_id=environment_id):
            rows = Shipment.objects.for_environment(environment_id).filter(pk__gt=last).order_by("pk")
            keys = list(rows.values_list("pk", flat=True)[:CHUNK])
        if not keys:
            return
        yield keys
        last = keys[-1]


def _rows(statement: str, environment_id: int, keys: list[int]) -> dict[int, str]:
    with connection.cursor() as cursor:
        cursor.execute(statement, [environment_id, keys])
        return dict(cursor.fetchall())
