"""Every kind of saga there is. To add one, see docs/recipes/add-a-saga.md. Pure."""

from typing import Any

from dispatch.sagas.decisions import Definition
from dispatch.sagas.driver_silent import DRIVER_SILENT
from dispatch.sagas.end_of_day import END_OF_DAY
from dispatch.sagas.failed_delivery import FAILED_DELIVERY
from dispatch.sagas.slot import SLOT
from dispatch.sagas.unconfirmed import UNCONFIRMED

SAGAS: dict[str, Definition[Any]] = {
    one.kind: one for one in (FAILED_DELIVERY, SLOT, END_OF_DAY, DRIVER_SILENT, UNCONFIRMED)
}
KINDS = [(one.kind, one.title) for one in SAGAS.values()]
# sagas that follow one shipment; what happens to it wakes them
OF_SHIPMENTS = frozenset({"failed_delivery", "sla", "unconfirmed"})
