"""What dispatch says of its tables to exports and erasures: events go by an order of their own, proofs with bytes."""

from django.utils import timezone

from dispatch.shipments.erasure import erase, order_erasure
from tracker.privacy import registry
from tracker.tenants import scope
from tracker.tenants.models import Environment

REASON = "The environment is erased."
BY = "tracker.privacy"


def declare() -> None:
    """Called once, when the app is ready."""
    registry.environment_hooks.append(erase_facts)
    for label in ("dispatch.ShipmentEvent", "dispatch.ManifestOverride"):
        registry.emptied_by_hook(label)
    registry.hide("dispatch.DeliveryProof", "stored_as", "a name on our shelf")
    registry.leave_out("dispatch.ErasureOrder", "the order to erase, which is ours")


def erase_facts(environment_id: int) -> None:
    """Events and overrides, which nobody has a right to delete, and the bytes of proofs. Raises OSError."""
    with scope.scope(unscoped="an erasure asks whether its environment is still there"):
        rows = Environment.objects.unscoped("an erasure asks whether its environment is still there")
        if not rows.filter(pk=environment_id).exists():
            return
    order_erasure(environment_id, reason=REASON, ordered_by=BY, now=timezone.now())
    erase(environment_id)
