"""Ends a manifest at the end of its day: what was not visited leaves it and can be planned again."""

from datetime import datetime

from django.db import transaction

from dispatch.manifests import parcels
from dispatch.manifests.issuing import IN_FORCE, OPEN_STOPS, issue
from dispatch.manifests.models import Manifest, ManifestStop
from dispatch.shipments.authors import Author
from tracker.tenants.identifiers import parse_id


def close(environment_id: int, manifest: str, *, reason: str, by: Author, now: datetime) -> int:
    """Take every open stop off and give the driver a last version; how many stops that were. Again does nothing.

    A visit that had begun and was never finished is taken off too: nobody said what became of it.
    """
    with transaction.atomic():
        rows = Manifest.objects.for_environment(environment_id).filter(uid=parse_id("mft", manifest))
        found = rows.select_for_update(no_key=True).first()
        if found is None or found.state not in IN_FORCE:
            return 0
        stops = ManifestStop.objects.for_environment(environment_id)
        left = list(stops.filter(manifest=found, state__in=OPEN_STOPS).order_by("place"))
        for stop in left:
            stop.state, stop.place = ManifestStop.State.REMOVED, None
        stops.bulk_update(left, ["state", "place"], batch_size=500)
        issue(found, reason=reason, now=now)
        parcels.unassign(environment_id, [stop.shipment_id for stop in left], reason=reason, by=by, now=now)
        return len(left)
