"""Forgets the recipient of a shipment: everything of dispatch that says who they are, in the command's transaction.

The events stay, and the chain of their hashes; what they said of the recipient lay beside them (`personal.py`) and is
deleted, as are photos and signatures, what was typed on a driver's phone, what was written to the recipient, and the
rows of files. Manifests were given out and are never changed, but for this: a function of the database takes the
recipient's part out of them, and only for shipments whose recipient is forgotten.
"""

from collections.abc import Collection

from django.db import connection

from dispatch.driving.models import DeliveryProof, DriverAction
from dispatch.intake.models import ShipmentUploadRow
from dispatch.manifests.models import ManifestStop
from dispatch.notifications.models import Notification
from dispatch.shipments.models import PersonalPart
from tracker.archive.shelf import open_shelf

IN_MANIFESTS = "SELECT dispatch_forget_in_manifests(%s, %s)"


def forget(environment_id: int, shipment_ids: Collection[int]) -> None:
    """Delete it all. The bytes of proofs go first: after a crash rows still name them, and the command comes again.

    Raises OSError where the archive cannot be reached; nothing is deleted then but perhaps some of those bytes.
    """
    if not shipment_ids:
        return
    narrowed = {"shipment__in": list(shipment_ids)}
    proofs = DeliveryProof.objects.for_environment(environment_id).filter(**narrowed)
    shelf = open_shelf()
    for location in proofs.values_list("stored_as", flat=True):
        shelf.remove(location)
    proofs.delete()
    PersonalPart.objects.for_environment(environment_id).filter(**narrowed).delete()
    ShipmentUploadRow.objects.for_environment(environment_id).filter(**narrowed).update(cells={}, faults=[])
    Notification.objects.for_environment(environment_id).filter(**narrowed).update(address="", facts={})
    stops = ManifestStop.objects.for_environment(environment_id).filter(**narrowed).values("pk")
    DriverAction.objects.for_environment(environment_id).filter(stop__in=stops).update(data={})
    with connection.cursor() as cursor:
        for shipment in shipment_ids:
            cursor.execute(IN_MANIFESTS, [environment_id, shipment])
