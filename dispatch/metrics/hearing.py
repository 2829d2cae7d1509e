"""From events of shipments and manifests to days that must be computed again."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta

from dispatch.manifests.models import Manifest, ManifestStop
from dispatch.manifests.naming import manifests_of
from dispatch.metrics.services import mark_stale
from tracker.outbox.models import OutboxEvent
from tracker.tenants.identifiers import parse_id

BACK = timedelta(days=3)  # what happens to a parcel changes no day before


def hear(environment_id: int, events: Sequence[OutboxEvent]) -> None:
    """Mark the days that these events concern; the same again does no harm. In the scope of the environment.

    Two queries and one mark a date, in one order whoever marks.
    """
    manifests = {parse_id("mft", name) for event in events for name in manifests_of(event)}
    shipments = {
        parse_id("shp", event.data["shipment"]["id"])
        for event in events
        if event.kind.startswith("shipment.")
    }
    if not manifests and not shipments:
        return
    concerned: dict[date, set[int]] = defaultdict(set)
    rows = Manifest.objects.for_environment(environment_id).filter(uid__in=manifests)
    for hub_id, on in rows.values_list("hub_id", "service_date"):
        concerned[on].add(hub_id)
    since = (min(event.occurred_at for event in events) - BACK).date()
    stops = ManifestStop.objects.for_environment(environment_id).filter(
        shipment__uid__in=shipments, manifest__service_date__gte=since
    )
    for hub_id, on in stops.values_list("manifest__hub_id", "manifest__service_date").distinct():
        concerned[on].add(hub_id)
    now = max(event.created_at for event in events)
    for on, hubs in sorted(concerned.items()):
        mark_stale(environment_id, hubs, on, now)
