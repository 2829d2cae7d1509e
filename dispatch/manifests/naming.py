"""Which manifests an event tells of. Pure."""

from tracker.outbox.catalogue import Kind
from tracker.outbox.models import OutboxEvent


def manifests_of(event: OutboxEvent) -> list[str]:
    """Public ids: of the one manifest, or of all that an override touched; none where it is about something else."""
    if event.kind == Kind.MANIFEST_OVERRIDDEN:
        return list(event.data["manifests"])
    return [event.data["manifest"]["id"]] if event.kind.startswith("manifest.") else []
