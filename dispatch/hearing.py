"""What dispatch does about events: the one subscriber of the relay, in its transaction, an environment at a time.

Everything here is safe to hear twice and late: it asks what is so now, and constraints keep what is owed once.
"""

from collections import defaultdict
from collections.abc import Sequence

from django.utils import timezone

from dispatch.manifests import hearing as manifests
from dispatch.metrics import hearing as metrics
from dispatch.notifications import hearing as notifications
from dispatch.sagas import hearing as sagas
from tracker.outbox.models import OutboxEvent
from tracker.tenants import scope


def hear(events: Sequence[OutboxEvent]) -> None:
    """Let manifests, sagas and messages follow what happened to shipments and manifests."""
    mine: dict[int, list[OutboxEvent]] = defaultdict(list)
    for event in events:
        if event.kind.startswith(("shipment.", "manifest.")):
            mine[event.environment_id].append(event)
    for environment_id, concerning in sorted(mine.items()):
        with scope.scope(environment_id=environment_id):
            manifests.hear(environment_id, concerning, now=timezone.now())
            sagas.hear(environment_id, concerning)
            notifications.hear(environment_id, concerning)
            metrics.hear(environment_id, concerning)
