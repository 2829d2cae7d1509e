"""Deletes the events of a whole environment, which is the only way in which an event is ever deleted.

Nobody has a right to delete events. The database has a function for it, which asks for an order: a row that says who
wants the environment gone, and why. After it everything else of the environment can be deleted as rows of other tables.
"""

from datetime import datetime
from typing import Any

from django.db import connection

from dispatch.driving.models import DeliveryProof
from dispatch.shipments.models import ErasureOrder
from tracker.archive.shelf import open_shelf
from tracker.tenants import scope

CHUNK = 20_000
ERASE = "SELECT dispatch_erase_facts(%s, %s)"


def order_erasure(environment_id: int, *, reason: str, ordered_by: str, now: datetime) -> ErasureOrder:
    """Say that an environment is to go. Ordered twice is ordered once: the first reason stays."""
    with scope.scope(environment_id=environment_id):
        facts: Any = {
            "environment_id": environment_id,
            "reason": reason[:300],
            "ordered_by": ordered_by[:300],
            "ordered_at": now,
        }
        rows = ErasureOrder.objects.for_environment(environment_id)
        return rows.first() or ErasureOrder.objects.create(**facts)


def erase(environment_id: int) -> int:
    """Delete the environment's events and overrides, and the bytes of its proofs; how many events there were.

    In chunks, each a transaction of its own, so it may be stopped and called again. Raises a DatabaseError where nobody
    ordered it, and OSError where the archive cannot be reached.
    """
    with scope.scope(environment_id=environment_id):
        proofs = DeliveryProof.objects.for_environment(environment_id)
        locations = list(proofs.values_list("stored_as", flat=True))
    shelf = open_shelf()
    gone = 0
    while True:
        with scope.scope(environment_id=environment_id), connection.cursor() as cursor:
            cursor.execute(ERASE, [environment_id, CHUNK])
            count = int(cursor.fetchone()[0])
        gone += count
        if count < CHUNK:
            break
    for location in locations:
        shelf.remove(location)
    return gone
