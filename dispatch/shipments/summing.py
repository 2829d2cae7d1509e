"""The answer about many shipments announced at once: what became of each, and how many of each kind."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from dispatch.shipments.announcing import Created, NewShipment, Refused, Repeated, Result
from dispatch.shipments.bodies import WrongField
from dispatch.shipments.schemas import ShipmentFault, ShipmentResult, ShipmentResults
from tracker.http.parsing import pointer


def results_of(
    bodies: Sequence[Any], wanted: Sequence[NewShipment | WrongField], made: Sequence[Result]
) -> ShipmentResults:
    """One result for each body, in order; `made` is for those that could be read, in the same order."""
    outcomes = iter(made)
    results = []
    for body, one in zip(bodies, wanted, strict=True):
        given = body.get("external_id") if isinstance(body, dict) else None
        external_id = given if isinstance(given, str) else None
        if isinstance(one, WrongField):
            fault = ShipmentFault(pointer(*one.path), one.reason)
            results.append(ShipmentResult("refused", None, external_id, [fault]))
        else:
            results.append(_result(next(outcomes), external_id))
    counts = Counter(result.outcome for result in results)
    return ShipmentResults(
        created=counts["created"],
        repeated=counts["repeated"],
        changed=counts["changed"],
        refused=counts["refused"],
        data=results,
    )


def _result(made: Result, external_id: str | None) -> ShipmentResult:
    if isinstance(made, Refused):
        faults = [ShipmentFault(pointer(fault.field), fault.reason) for fault in made.faults]
        return ShipmentResult("refused", made.public_id or None, external_id, faults)
    changed = isinstance(made, Repeated) and made.changed
    name = "created" if isinstance(made, Created) else "changed" if changed else "repeated"
    return ShipmentResult(name, made.public_id, external_id)
