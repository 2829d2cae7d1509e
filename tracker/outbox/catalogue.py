"""Every kind of event that can be told of, in the words of whoever subscribes to it. Pure."""

from enum import StrEnum


class Kind(StrEnum):
    """What an OutboxEvent says happened; also the `type` of a webhook."""

    DEVICE_ONLINE = "device.online"
    DEVICE_SILENT = "device.silent"
    DEVICE_BATTERY_LOW = "device.battery_low"
    GEOFENCE_ENTERED = "geofence.entered"
    GEOFENCE_EXITED = "geofence.exited"
    GEOFENCE_DWELLED = "geofence.dwelled"
    CROSSING_CORRECTED = "crossing.corrected"
    TRIP_CREATED = "trip.created"
    TRIP_ETA_CHANGED = "trip.eta_changed"
    TRIP_DELAYED = "trip.delayed"
    TRIP_BACK_ON_TIME = "trip.back_on_time"
    TRIP_OFF_CORRIDOR = "trip.off_corridor"
    TRIP_BACK_ON_CORRIDOR = "trip.back_on_corridor"
    TRIP_ARRIVED = "trip.arrived"
    TRIP_EXITED = "trip.exited"
    TRIP_COMPLETED = "trip.completed"
    TRIP_CANCELLED = "trip.cancelled"
    MANIFEST_RELEASED = "manifest.released"
    MANIFEST_ACKNOWLEDGED = "manifest.acknowledged"
    MANIFEST_OVERRIDDEN = "manifest.overridden"
    PLAN_FINISHED = "plan.finished"
    PLAN_FAILED = "plan.failed"
    SHIPMENT_CREATED = "shipment.created"
    SHIPMENT_PICKED_UP = "shipment.picked_up"
    SHIPMENT_ASSIGNED = "shipment.assigned"
    SHIPMENT_OUT_FOR_DELIVERY = "shipment.out_for_delivery"
    SHIPMENT_ATTEMPT_FAILED = "shipment.attempt_failed"
    SHIPMENT_DELIVERED = "shipment.delivered"
    SHIPMENT_RESCHEDULED = "shipment.rescheduled"
    SHIPMENT_RETURNED = "shipment.returned"
    SHIPMENT_CANCELLED = "shipment.cancelled"
    SHIPMENT_DAMAGED = "shipment.damaged"
    SHIPMENT_LOST = "shipment.lost"
    SHIPMENT_CHANGED = "shipment.changed"  # everything else that happens to one
    QUARANTINE_RATE_HIGH = "quarantine.rate_high"
    WEBHOOK_TEST = "webhook.test"  # sent to one endpoint, by the button in the console
