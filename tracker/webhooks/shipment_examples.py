"""The `data` of one event of each kind about shipments, for `examples.py`."""

from typing import Any

from tracker.outbox.catalogue import Kind

AT = "2026-05-01T08:30:00.000000Z"
SHIPMENT: dict[str, Any] = {
    "id": "shp_0190f6c2a8d74b1e9c3f5a6b7c8d9e0f",
    "external_id": "order-4711",
    "state": "out_for_delivery",
    "sequence": 4,
    "hub": "hub_3f6b1c2d4e5f40718293a4b5c6d7e8f9",
    "driver": "drv_8a7b6c5d4e3f42108192a3b4c5d6e7f8",
    "manifest": "mft_2b1c7d90a4f35e68c0d1b2a3948576fe",
    "attempts": 0,
    "slots": ["2026-05-01T08:00:00.000000Z/2026-05-01T10:00:00.000000Z"],
    "promised_to": "2026-05-01T10:00:00.000000Z",
}


def _told(kind: str, state: str, sequence: int = 4, **more: Any) -> dict[str, Any]:
    event = {
        "id": "sev_5f0c4b1e9d3a4f7b8c6d2e1f0a9b8c7d",
        "kind": kind,
        "sequence": sequence,
        "author": "driver",
        "occurred_at": AT,
        "recorded_at": "2026-05-01T08:30:02.000000Z",
    }
    return {"shipment": SHIPMENT | {"state": state, "sequence": sequence}, "event": event, **more}


DRIVER = {"driver": SHIPMENT["driver"]}
PROOF = {"id": "pod_9d8c7b6a5f4e43d2a1b0c9d8e7f6a5b4", "kind": "photo", "sha256": "5f" * 32}
SHIPMENTS: dict[Kind, dict[str, Any]] = {
    Kind.SHIPMENT_CREATED: _told("ShipmentCreated", "created", 1),
    Kind.SHIPMENT_PICKED_UP: _told("PickupConfirmed", "ready", 2),
    Kind.SHIPMENT_ASSIGNED: _told(
        "Assigned", "assigned", 3, **DRIVER, manifest=SHIPMENT["manifest"], manifest_version=1
    ),
    Kind.SHIPMENT_OUT_FOR_DELIVERY: _told("OutForDelivery", "out_for_delivery"),
    Kind.SHIPMENT_ATTEMPT_FAILED: _told(
        "DeliveryAttempted", "failed", 5, **DRIVER, reason="nobody_home", attempt=1
    ),
    Kind.SHIPMENT_DELIVERED: _told(
        "DeliveryConfirmed", "delivered", 5, **DRIVER, proofs=[PROOF], cash_minor=49900, currency="INR"
    ),
    Kind.SHIPMENT_RESCHEDULED: _told("Rescheduled", "assigned", 5, reason=""),
    Kind.SHIPMENT_RETURNED: _told("Returned", "returned", 7),
    Kind.SHIPMENT_CANCELLED: _told("Cancelled", "cancelled", 5, reason="order_withdrawn"),
    Kind.SHIPMENT_DAMAGED: _told("Damaged", "out_for_delivery", 5, reason="wet"),
    Kind.SHIPMENT_LOST: _told("Lost", "lost", 6, reason="not_in_van"),
    Kind.SHIPMENT_CHANGED: _told("AddressCorrected", "ready", 3),
}
