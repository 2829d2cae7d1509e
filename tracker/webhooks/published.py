"""The published JSON Schema of each kind of event: the whole body that an endpoint gets, with an example."""

from functools import cache
from typing import Any

import msgspec
from django.conf import settings
from django.urls import reverse

from tracker.outbox.catalogue import Kind
from tracker.webhooks import (
    budget_payloads,
    override_payloads,
    payloads,
    plan_payloads,
    shipment_payloads,
    storm_payloads,
)
from tracker.webhooks.examples import example

DIALECT = "https://json-schema.org/draft/2020-12/schema"
MOMENT = {"type": "string", "format": "date-time"}

DATA: dict[Kind, tuple[str, type[msgspec.Struct]]] = {
    Kind.DEVICE_ONLINE: ("A device reports, for the first time or after a silence.", payloads.DeviceOnline),
    Kind.DEVICE_SILENT: ("A device has not been heard of for too long.", payloads.DeviceSilent),
    Kind.DEVICE_BATTERY_LOW: ("A device's battery is under 15 % and not charging.", payloads.BatteryLow),
    Kind.GEOFENCE_ENTERED: (
        "A device entered a geofence, from another one or from outside.",
        payloads.Crossing,
    ),
    Kind.GEOFENCE_EXITED: ("A device left a geofence and is in none now.", payloads.Crossing),
    Kind.GEOFENCE_DWELLED: ("A device stayed in a geofence for its dwell time.", payloads.Dwelled),
    Kind.CROSSING_CORRECTED: ("A crossing told before was not so, or not like that.", payloads.Corrected),
    Kind.TRIP_CREATED: ("A trip begins.", payloads.TripEvent),
    Kind.TRIP_ETA_CHANGED: ("A trip's time of arrival is expected to be another.", payloads.TripEtaChanged),
    Kind.TRIP_DELAYED: ("A trip is expected to arrive later than scheduled.", payloads.TripLateness),
    Kind.TRIP_BACK_ON_TIME: ("A delayed trip is expected on time again.", payloads.TripLateness),
    Kind.TRIP_OFF_CORRIDOR: ("A trip left its corridor.", payloads.TripOffCorridor),
    Kind.TRIP_BACK_ON_CORRIDOR: ("A trip is in its corridor again.", payloads.TripBackOnCorridor),
    Kind.TRIP_ARRIVED: ("A trip arrived at its destination.", payloads.TripArrived),
    Kind.TRIP_EXITED: ("A trip that had arrived left its destination.", payloads.TripExited),
    Kind.TRIP_COMPLETED: ("A trip is completed; it holds its summary.", payloads.TripCompleted),
    Kind.TRIP_CANCELLED: ("A trip was cancelled.", payloads.TripEvent),
    Kind.MANIFEST_RELEASED: (
        "A driver was given a manifest, or a new version of it.",
        plan_payloads.ManifestReleased,
    ),
    Kind.MANIFEST_ACKNOWLEDGED: (
        "A driver has a version of the manifest.",
        plan_payloads.ManifestAcknowledged,
    ),
    Kind.MANIFEST_OVERRIDDEN: (
        "A person changed what the plan said.",
        override_payloads.OverrideTold,
    ),
    Kind.PLAN_FINISHED: ("A plan was made.", plan_payloads.PlanFinished),
    Kind.PLAN_FAILED: ("No plan could be made; the last one stays in force.", plan_payloads.PlanFailed),
    Kind.SHIPMENT_CREATED: ("A shipment was announced.", shipment_payloads.ShipmentTold),
    Kind.SHIPMENT_PICKED_UP: ("A shipment is in our hands.", shipment_payloads.ShipmentTold),
    Kind.SHIPMENT_ASSIGNED: (
        "A released manifest gave a shipment to a driver.",
        shipment_payloads.ShipmentAssigned,
    ),
    Kind.SHIPMENT_OUT_FOR_DELIVERY: (
        "A driver is on the way with a shipment.",
        shipment_payloads.ShipmentTold,
    ),
    Kind.SHIPMENT_ATTEMPT_FAILED: (
        "A driver was there and could not deliver.",
        shipment_payloads.ShipmentAttemptFailed,
    ),
    Kind.SHIPMENT_DELIVERED: ("A shipment was handed over.", shipment_payloads.ShipmentDelivered),
    Kind.SHIPMENT_RESCHEDULED: (
        "A shipment is wanted at another time.",
        shipment_payloads.ShipmentRescheduled,
    ),
    Kind.SHIPMENT_RETURNED: ("Whoever sent a shipment has it back.", shipment_payloads.ShipmentTold),
    Kind.SHIPMENT_CANCELLED: ("A shipment is not to be delivered any more.", shipment_payloads.ShipmentEnded),
    Kind.SHIPMENT_DAMAGED: ("A shipment was found to be damaged.", shipment_payloads.ShipmentEnded),
    Kind.SHIPMENT_LOST: ("Nobody knows where a shipment is.", shipment_payloads.ShipmentEnded),
    Kind.SHIPMENT_CHANGED: (
        "Something else happened to a shipment; event.kind says what.",
        shipment_payloads.ShipmentTold,
    ),
    Kind.STORM_BEGAN: (
        "A fault of an integration is recognised; it is coalesced and billed nothing.",
        storm_payloads.StormBegan,
    ),
    Kind.STORM_ENDED: ("A storm is over.", storm_payloads.StormEnded),
    Kind.QUARANTINE_RATE_HIGH: (
        "An unusual share of the reports received cannot be taken.",
        payloads.QuarantineHigh,
    ),
    Kind.BUDGET_THRESHOLD_REACHED: (
        "A share of the month's budget is spent.",
        budget_payloads.ThresholdReached,
    ),
    Kind.BUDGET_CAP_REACHED: ("A cap on what is used in a month is reached.", budget_payloads.CapReached),
    Kind.WEBHOOK_TEST: ("A test, sent to one endpoint on request.", payloads.Test),
}


def title_of(kind: Kind) -> str:
    """What happened, in one sentence."""
    return DATA[kind][0]


def address_of(kind: Kind) -> str:
    """Where the schema is published; also its `$id`."""
    return settings.BASE_URL.rstrip("/") + reverse("api_webhook_schema", kwargs={"kind": kind.value})


@cache
def schema_of(kind: Kind) -> dict[str, Any]:
    """The schema of the body. Fields may be added to it over time: receivers pass over those they do not know."""
    title, data = DATA[kind]
    (reference,), components = msgspec.json.schema_components([data], ref_template="#/$defs/{name}")
    return {
        "$schema": DIALECT,
        "$id": address_of(kind),
        "title": kind.value,
        "description": title,
        "type": "object",
        "required": ["id", "type", "timestamp", "environment", "data"],
        "properties": {
            "id": {
                "type": "string",
                "pattern": "^evt_[0-9a-f]{32}$",
                "description": "The event's id, equal in every attempt, replay and endpoint: tell duplicates by it. "
                "Also in the header webhook-id.",
            },
            "type": {"const": kind.value},
            "timestamp": MOMENT | {"description": "When it happened. Order by it: delivery is in no order."},
            "environment": {"type": "string", "pattern": "^env_[0-9a-f]{32}$"},
            "data": reference,
        },
        "$defs": components,
        "examples": [example(kind)],
    }
