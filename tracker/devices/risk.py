"""What puts a device at risk now: its trip under way is late, or has left its corridor."""

from collections.abc import Collection

from django.db.models import Case, Exists, OuterRef, Q, TextField, Value, When

from tracker.devices.models import Device
from tracker.devices.status import Risk
from tracker.trips.models import Trip

LATE = Q(delayed_since__isnull=False)
OFF_ROUTE = Q(off_corridor_since__isnull=False)


def at_risk(why: Q = LATE | OFF_ROUTE) -> Exists:
    """For queries of devices: whether a trip on its way is at risk for that reason."""
    trips = Trip.objects.unscoped("of the outer query's devices, whose environment is theirs")
    mine = trips.filter(environment=OuterRef("environment"), device=OuterRef("pk"), state=Trip.State.ACTIVE)
    return Exists(mine.filter(why))


def risk_now() -> Case:
    """For queries of devices: the `Risk` of each, as text."""
    return Case(
        When(at_risk(OFF_ROUTE), then=Value(Risk.OFF_ROUTE.value)),
        When(at_risk(LATE), then=Value(Risk.LATE.value)),
        default=Value(Risk.NONE.value),
        output_field=TextField(),
    )


def risks_of(environment_id: int, device_ids: Collection[int]) -> dict[str, Risk]:
    """Public id -> risk of these devices (row numbers)."""
    rows = Device.objects.for_environment(environment_id).filter(pk__in=device_ids)
    return {row.public_id: Risk(row.risk) for row in rows.annotate(risk=risk_now())}
